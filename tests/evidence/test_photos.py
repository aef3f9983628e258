"""Photos of a record, as the officer's phone sends them and as others look at them."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from PIL import Image
from sqlalchemy import func, select
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from tests.conftest import Browser
from tests.evidence.conftest import in_english
from tests.factories.pictures import camera_photo, plain_photo
from tests.factories.violations import District, make_violation
from trafficedu.accounts.models import User
from trafficedu.core.actors import Actor
from trafficedu.core.audit import AuditEntry
from trafficedu.core.clock import utc_now
from trafficedu.core.services import services_of
from trafficedu.evidence.models import Photo
from trafficedu.violations.models.records import Violation
from trafficedu.violations.services.reviewing import void

JSON = {"Accept": "application/json"}
TAKEN = "2026-11-20T08:15:00+08:00"


def send(phone: Browser, number: str, data: bytes, key: str = "k" * 16, **fields: Any) -> TestResponse:
    form = {"photo": (io.BytesIO(data), "photo.jpg"), "key": key, "taken_at": TAKEN, **fields}
    return phone.post(f"/record/{number}/photos", data=form, headers=JSON)


def count(session: Session) -> int:
    return session.scalar(select(func.count()).select_from(Photo)) or 0


def opened(client: Browser, number: str) -> None:
    answer = client.post(f"/violations/{number}/photos/open")
    assert answer.location.endswith(f"/violations/{number}#evidence")


def past(session: Session, violation: Violation, **since: int) -> None:
    """Let the record be older."""
    violation.recorded_utc -= timedelta(**since)
    session.commit()


class TestSending:
    def test_a_photo_is_drawn_anew_hashed_and_kept_with_both_times(
        self, session: Session, phone: Browser, violation: Violation
    ) -> None:
        sent = camera_photo()
        answer = send(phone, violation.number, sent)
        photo = session.scalars(select(Photo)).one()
        assert (answer.status_code, answer.json) == (201, {"photo": 1, "sha256": photo.file_key})
        kept = services_of(session).evidence.read(photo.file_key)
        assert hashlib.sha256(kept).hexdigest() == photo.file_key
        assert photo.sent_sha256 == hashlib.sha256(sent).hexdigest() != photo.file_key
        assert b"SECRET" in sent
        assert b"SECRET" not in kept
        assert photo.taken_utc == datetime(2026, 11, 20, 0, 15, tzinfo=UTC)
        assert abs(photo.received_utc - utc_now()) < timedelta(minutes=1)
        assert (photo.width, photo.height) == (80, 60)

    def test_the_same_key_again_gives_the_first_answer_and_another_picture_under_it_is_refused(
        self, session: Session, phone: Browser, violation: Violation
    ) -> None:
        first = send(phone, violation.number, plain_photo(1))
        past(session, violation, days=3)
        again = send(phone, violation.number, plain_photo(1))
        assert (again.status_code, again.json) == (200, first.json)
        other = send(phone, violation.number, plain_photo(2))
        assert (other.status_code, list(other.json or {})) == (409, ["message"])
        assert count(session) == 1

    def test_the_same_picture_under_another_key_is_one_photo(
        self, session: Session, phone: Browser, violation: Violation
    ) -> None:
        first = send(phone, violation.number, plain_photo(1), "a" * 16)
        again = send(phone, violation.number, plain_photo(1), "b" * 16)
        assert (again.status_code, again.json, count(session)) == (200, first.json, 1)

    def test_a_seventh_is_refused_and_one_taken_back_makes_room(
        self, session: Session, phone: Browser, violation: Violation
    ) -> None:
        for seed in range(6):
            assert send(phone, violation.number, plain_photo(seed), f"key-of-a-picture-{seed}").status_code == 201
        seventh = send(phone, violation.number, plain_photo(7), "key-of-a-picture-7")
        assert (seventh.status_code, seventh.json) == (422, {"message": "A record can have at most 6 photos."})
        assert phone.post(f"/violations/{violation.number}/photos/2/withdraw", data={}).status_code == 303
        answer = send(phone, violation.number, plain_photo(7), "key-of-a-picture-7")
        assert (answer.status_code, answer.json and answer.json["photo"]) == (201, 7)

    @pytest.mark.parametrize(
        ("fields", "says"),
        [
            ({"key": "short"}, "no key"),
            ({"key": "k" * 65}, "no key"),
            ({"key": "<script>alert(1)</script>"}, "no key"),
            ({"taken_at": "yesterday"}, "Write the time like"),
            ({"taken_at": "2026-11-20T08:15:00"}, "Write the time like"),
            ({"taken_at": "0001-01-01T00:00:00+23:59"}, "Write the time like"),
            ({"photo": b""}, "Choose at least one photo."),
            ({"photo": "no file"}, "Choose at least one photo."),
        ],
    )
    def test_what_is_wrong_is_said(
        self, session: Session, phone: Browser, violation: Violation, fields: dict[str, Any], says: str
    ) -> None:
        files = {name: (io.BytesIO(one), "photo.jpg") for name, one in fields.items() if isinstance(one, bytes)}
        answer = send(phone, violation.number, plain_photo(), **fields | files)
        assert answer.status_code == 422
        assert says in (answer.json or {})["message"]
        assert count(session) == 0

    def test_without_scripts_a_plain_form_sends_several(
        self, session: Session, phone: Browser, violation: Violation
    ) -> None:
        page = phone.get(f"/record/{violation.number}").text
        assert f'action="/record/{violation.number}/photos"' in page
        assert 'enctype="multipart/form-data"' in page
        files = [(io.BytesIO(plain_photo(seed)), f"{seed}.jpg") for seed in range(3)]
        answer = phone.post(f"/record/{violation.number}/photos", data={"photo": files})
        assert (answer.status_code, answer.location) == (303, f"/record/{violation.number}")
        assert "Photos saved." in phone.get(answer.location).text
        assert count(session) == 3
        files = [(io.BytesIO(b"<svg/>"), "x.svg")]
        answer = phone.post(f"/record/{violation.number}/photos", data={"photo": files})
        assert "cannot be read as a photo" in phone.get(answer.location).text

    def test_only_its_officer_adds_and_only_while_it_may_be_corrected(
        self, session: Session, phone: Browser, violation: Violation, district: District, make_user: Callable[..., User]
    ) -> None:
        past(session, violation, minutes=11)
        assert send(phone, violation.number, plain_photo()).status_code == 403
        phone.sign_in(make_user("officer", area_id=district.town.id))
        assert send(phone, violation.number, plain_photo()).status_code == 403
        phone.sign_in(make_user("officer", area_id=district.other_town.id))
        assert send(phone, violation.number, plain_photo()).status_code == 404
        assert count(session) == 0

    def test_a_record_taken_back_meanwhile_keeps_its_evidence_and_what_comes_late(
        self, session: Session, phone: Browser, violation: Violation, officer: Actor
    ) -> None:
        send(phone, violation.number, plain_photo(1))
        void(session, violation, "wrong person", officer, utc_now())
        session.commit()
        assert send(phone, violation.number, plain_photo(2), "m" * 16).status_code == 201
        assert count(session) == 2
        assert phone.get(f"/violations/{violation.number}/photos/1").status_code == 200


class TestLooking:
    def test_its_officer_sees_it_at_once_and_others_after_saying_so(
        self, session: Session, phone: Browser, violation: Violation, supervisor: User
    ) -> None:
        send(phone, violation.number, camera_photo())
        own = phone.get(f"/violations/{violation.number}/photos/1")
        assert (own.status_code, own.mimetype) == (200, "image/jpeg")
        desk = in_english(phone, supervisor)
        page = desk.get(f"/violations/{violation.number}").text
        assert "Show photos and signature" in page
        assert "/photos/1" not in page
        assert desk.get(f"/violations/{violation.number}/photos/1").status_code == 404
        opened(desk, violation.number)
        page = desk.get(f"/violations/{violation.number}").text
        assert f'src="/violations/{violation.number}/photos/1/small"' in page
        assert desk.get(f"/violations/{violation.number}/photos/1").status_code == 200
        entry = session.scalars(select(AuditEntry).where(AuditEntry.action == "violations:photo:open")).one()
        assert (entry.actor_id, entry.subject_kind, entry.subject_id) == (supervisor.id, "violation", violation.id)
        assert entry.detail == {"photos": 1}

    def test_the_grant_ends_with_the_shift(
        self, session: Session, phone: Browser, violation: Violation, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        send(phone, violation.number, camera_photo())
        past(session, violation, days=1)
        assert phone.get(f"/violations/{violation.number}/photos/1").status_code == 404
        opened(phone, violation.number)
        assert phone.get(f"/violations/{violation.number}/photos/1").status_code == 200
        monkeypatch.setattr("trafficedu.violations.queries.evidence.OPEN_FOR", timedelta(0))
        assert phone.get(f"/violations/{violation.number}/photos/1").status_code == 404

    def test_a_picture_is_private_typed_and_runs_nothing(
        self, session: Session, phone: Browser, violation: Violation
    ) -> None:
        send(phone, violation.number, camera_photo(size=(1200, 900)))
        large = phone.get(f"/violations/{violation.number}/photos/1")
        small = phone.get(f"/violations/{violation.number}/photos/1/small")
        for answer, size in ((large, (1200, 900)), (small, (320, 240))):
            assert answer.headers["Cache-Control"] == "private, no-cache"
            assert answer.headers["X-Content-Type-Options"] == "nosniff"
            assert answer.headers["Content-Security-Policy"] == "default-src 'none'; sandbox"
            assert answer.headers["Content-Disposition"].startswith("inline; filename=")
            with Image.open(io.BytesIO(answer.data)) as picture:
                assert (picture.format, picture.size) == ("JPEG", size)
            again = phone.get(answer.request.path, headers={"If-None-Match": answer.headers["ETag"]})
            assert (again.status_code, again.data) == (304, b"")
        assert large.headers["ETag"] != small.headers["ETag"]

    def test_who_sees_no_riders_or_another_place_sees_no_picture(
        self, phone: Browser, violation: Violation, district: District, make_user: Callable[..., User]
    ) -> None:
        send(phone, violation.number, camera_photo())
        places = ["", "/small"]
        for role, area, codes in (
            ("supervisor", district.other_town, {404}),
            ("officer", district.other_town, {404}),
            ("analyst", district.root, {403}),
            ("leader", district.town, {403}),
        ):
            phone.sign_in(make_user(role, area_id=area.id))
            found = {phone.get(f"/violations/{violation.number}/photos/1{place}").status_code for place in places}
            found |= {phone.post(f"/violations/{violation.number}/photos/open").status_code}
            assert found == codes, role
        phone.sign_in(make_user("analyst", area_id=district.root.id))
        assert "evidence" not in phone.get(f"/violations/{violation.number}").text


class TestTakingBack:
    def test_its_officer_in_time_without_a_word(self, session: Session, phone: Browser, violation: Violation) -> None:
        send(phone, violation.number, plain_photo())
        path = f"/violations/{violation.number}/photos/1"
        assert phone.get(f"{path}/withdraw").status_code == 200
        assert phone.post(f"{path}/withdraw", data={}).status_code == 303
        photo = session.scalars(select(Photo)).one()
        assert (photo.stands, photo.withdrawn_reason) == (False, "")
        assert phone.get(path).status_code == 404
        assert "/photos/1" not in phone.get(f"/violations/{violation.number}").text
        assert services_of(session).evidence.read(photo.file_key)
        again = send(phone, violation.number, plain_photo())
        assert (again.status_code, again.json) == (200, {"photo": 1, "sha256": photo.file_key}), (
            "the queue may forget it"
        )

    def test_later_a_supervisor_who_says_why_and_alone_still_sees_it(
        self, session: Session, phone: Browser, violation: Violation, supervisor: User, officer_user: User
    ) -> None:
        send(phone, violation.number, plain_photo())
        past(session, violation, minutes=11)
        path = f"/violations/{violation.number}/photos/1"
        assert phone.post(f"{path}/withdraw", data={"reason": "x"}).status_code == 403
        desk = in_english(phone, supervisor)
        assert desk.post(f"{path}/withdraw", data={"reason": " "}).status_code == 422
        assert desk.post(f"{path}/withdraw", data={"reason": "shows a passer-by"}).status_code == 303
        photo = session.scalars(select(Photo)).one()
        assert (photo.withdrawn_by_id, photo.withdrawn_reason) == (supervisor.id, "shows a passer-by")
        opened(desk, violation.number)
        assert "shows a passer-by" in desk.get(f"/violations/{violation.number}").text
        assert desk.get(path).status_code == 200
        phone = in_english(phone, officer_user)
        opened(phone, violation.number)
        assert phone.get(path).status_code == 404
        assert "shows a passer-by" not in phone.get(f"/violations/{violation.number}").text

    def test_of_another_place_there_is_none(
        self, phone: Browser, violation: Violation, make_user: Callable[..., User], district: District
    ) -> None:
        send(phone, violation.number, plain_photo())
        phone.sign_in(make_user("supervisor", area_id=district.other_town.id))
        assert phone.get(f"/violations/{violation.number}/photos/1/withdraw").status_code == 404


def test_photos_of_records_do_not_mix(
    session: Session, phone: Browser, violation: Violation, district: District, officer: Actor
) -> None:
    other = make_violation(session, district.village, by=officer, now=utc_now())
    session.commit()
    assert send(phone, violation.number, plain_photo(1)).status_code == 201
    assert send(phone, other.number, plain_photo(1)).status_code == 201
    assert phone.get(f"/violations/{other.number}/photos/2").status_code == 404
    assert count(session) == 2
