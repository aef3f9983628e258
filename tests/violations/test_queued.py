"""Records that waited on a phone: once each, with the phone's clock put right, and refused with the reason."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from io import BytesIO
from typing import Any

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from tests.conftest import Browser
from tests.factories.pictures import plain_photo
from tests.factories.violations import District, identity
from tests.violations.test_views import typed
from trafficedu.accounts.models import User
from trafficedu.core.clock import local, today, utc_now
from trafficedu.violations.models.records import PhoneNote, Violation, ViolationKind

MakeUser = Any


def sent(phone: Browser, district: District, **changes: Any) -> dict[str, Any]:
    """What a phone sends of a record made ten minutes ago, of which nobody typed the time."""
    now = utc_now()
    beside = {
        "account": phone.get("/record/facts").get_json()["account"],
        "device_at": now.isoformat(),
        "recorded_at": (now - timedelta(minutes=10)).isoformat(),
        "photos_announced": 0,
    }
    return typed(district, occurred_at="", client_reference="phone-1") | beside | changes


def count(session: Session) -> int:
    return session.scalar(select(func.count()).select_from(Violation)) or 0


def minute(moment: datetime) -> datetime:
    return moment.astimezone(UTC).replace(second=0, microsecond=0)


def test_it_counts_once_however_often_it_is_sent(session: Session, phone: Browser, district: District) -> None:
    body = sent(phone, district)
    first = phone.post("/record/queued", json=body)
    assert first.status_code == 201, first.text
    told = first.get_json()
    assert told["address"] == f"/record/{told['number']}"
    later = {"device_at": (utc_now() + timedelta(hours=3)).isoformat()}
    again = phone.post("/record/queued", json=body | later)
    assert (again.status_code, again.get_json()["number"]) == (200, told["number"])
    assert count(session) == 1
    violation = session.scalars(select(Violation)).one()
    assert violation.occurred_utc == minute(datetime.fromisoformat(body["recorded_at"]))


def test_other_content_under_the_same_reference_is_no_record(
    session: Session, phone: Browser, district: District
) -> None:
    body = sent(phone, district)
    number = phone.post("/record/queued", json=body).get_json()["number"]
    other = phone.post("/record/queued", json=body | {"kind": "2004"})
    assert other.status_code == 409
    assert number in other.get_json()["message"]
    assert count(session) == 1


def test_the_form_and_the_queue_are_one_record_where_the_answer_got_lost(
    session: Session, phone: Browser, district: District
) -> None:
    form = typed(district, client_reference="lost-1")
    assert phone.post("/record", data=form).status_code == 303
    answer = phone.post("/record/queued", json=sent(phone, district) | form)
    assert answer.status_code == 200, answer.text
    assert count(session) == 1
    assert session.get(PhoneNote, session.scalars(select(Violation.id)).one()) is None


@pytest.mark.parametrize(("fast", "said"), [(14, "14 min fast"), (-95, "95 min slow"), (0, "")])
def test_a_wrong_clock_is_put_right_and_kept(
    session: Session, phone: Browser, district: District, fast: int, said: str
) -> None:
    wrong = timedelta(minutes=fast)
    happened = utc_now() - timedelta(minutes=30)
    body = sent(phone, district, recorded_at=(happened + wrong).isoformat(), device_at=(utc_now() + wrong).isoformat())
    number = phone.post("/record/queued", json=body).get_json()["number"]
    violation = session.scalars(select(Violation)).one()
    assert abs(violation.occurred_utc - minute(happened)) <= timedelta(minutes=1)
    note = session.get_one(PhoneNote, violation.id)
    assert note.tapped_utc == happened + wrong
    assert abs(note.ahead_seconds - fast * 60) <= 5
    page = phone.get(f"/violations/{number}").text
    assert "By the phone" in page
    assert said in page
    assert said or "min fast" not in page


def test_a_time_that_somebody_typed_stands(session: Session, phone: Browser, district: District) -> None:
    at = local(utc_now() - timedelta(hours=2)).replace(second=0, microsecond=0)
    ahead = (utc_now() + timedelta(minutes=30)).isoformat()
    body = sent(phone, district, occurred_at=f"{at:%Y-%m-%dT%H:%M}", device_at=ahead, recorded_at=ahead)
    assert phone.post("/record/queued", json=body).status_code == 201
    assert session.scalars(select(Violation.occurred_utc)).one() == at


def test_a_time_within_the_minute_is_never_in_the_future(session: Session, phone: Browser, district: District) -> None:
    ahead = (utc_now() + timedelta(seconds=50)).isoformat()
    assert (
        phone.post("/record/queued", json=sent(phone, district, device_at=ahead, recorded_at=ahead)).status_code == 201
    )
    assert session.scalars(select(Violation.occurred_utc)).one() <= utc_now()


def test_what_is_refused_says_why_and_leaves_nothing(session: Session, phone: Browser, district: District) -> None:
    kind = session.scalars(select(ViolationKind).where(ViolationKind.code == "2007")).one()
    kind.valid_to = today() - timedelta(days=1)
    session.commit()
    wrong = phone.post("/record/queued", json=sent(phone, district))
    assert wrong.status_code == 422
    assert list(wrong.get_json()["fields"]) == ["kind"]
    assert "was not in force" in wrong.get_json()["message"]
    fields = phone.post("/record/queued", json=sent(phone, district, kind="2004", id_number="123", area_code=""))
    assert set(fields.get_json()["fields"]) == {"id_number", "area_code"}
    foreign = phone.post(
        "/record/queued", json=sent(phone, district, kind="2004", area_code=district.other_village.code)
    )
    assert (foreign.status_code, list(foreign.get_json()["fields"])) == (422, ["area_code"])
    month = (utc_now() - timedelta(days=400)).isoformat()
    late = phone.post("/record/queued", json=sent(phone, district, kind="2004", recorded_at=month))
    assert (late.status_code, list(late.get_json()["fields"])) == (422, ["occurred_at"])
    assert count(session) == 0
    mended = phone.post("/record/queued", json=sent(phone, district, kind="2004"))
    assert mended.status_code == 201


def test_another_account_sends_nothing(
    session: Session, phone: Browser, district: District, make_user: MakeUser
) -> None:
    body = sent(phone, district)
    phone.sign_in(make_user("officer", area_id=district.town.id))
    assert phone.post("/record/queued", json=body).status_code == 403
    assert count(session) == 0


def test_nobody_signed_in_is_told_so(client: Browser, district: District) -> None:
    answer = client.post("/record/queued", json={}, headers={"Accept": "application/json"})
    assert answer.status_code == 401
    assert answer.get_json()["message"]


@pytest.mark.one_database
@pytest.mark.parametrize(
    "wrong",
    [
        "not json",
        "[]",
        "null",
        "{}",
        '{"client_reference": "x"}',
        '{"client_reference": "x", "account": "", "device_at": "yesterday", "recorded_at": "now"}',
        '{"client_reference": "x", "account": "", "device_at": "2026-11-30T00:00:00", "recorded_at": "2026-11-30"}',
        '{"client_reference": {"a": 1}, "account": "", "device_at": "2026-11-30T00:00Z"}',
        '{"client_reference": "x", "photos_announced": 7}',
        '{"client_reference": "x", "photos_announced": 1e999}',
    ],
)
def test_nonsense_is_answered_in_words(phone: Browser, wrong: str) -> None:
    answer = phone.post("/record/queued", data=wrong, content_type="application/json")
    assert answer.status_code == 400
    assert answer.get_json()["message"] == "This is not what a page kept on a phone sends."


def test_photos_that_follow_are_announced(session: Session, phone: Browser, district: District) -> None:
    phone.post("/record/queued", json=sent(phone, district, photos_announced=3))
    phone.post(
        "/record", data=typed(district, client_reference="form-1", photos_announced="2", plate="", id_number=identity())
    )
    assert session.scalars(select(PhoneNote.photos_announced).order_by(PhoneNote.violation_id)).all() == [3, 2]


def test_the_page_that_a_phone_keeps_bears_no_name_and_no_look_up(
    session: Session, phone: Browser, officer_user: User
) -> None:
    officer_user.display_name = "王晓明"
    session.commit()
    page, kept = phone.get("/record").text, phone.get("/record/kept").text
    assert "王晓明" in page
    assert "王晓明" not in kept
    assert 'value="look_up"' in page
    assert 'value="look_up"' not in kept
    assert 'data-now=""' in kept
    assert not re.search(r"<script(?![^>]*\bsrc=)[^>]*>", kept)


def test_a_phone_knows_the_own_villages_and_places_and_nobody_else_s(
    session: Session, phone: Browser, district: District, make_user: MakeUser, client: Browser
) -> None:
    phone.post("/record", data=typed(district, place="市心路口"))
    around = phone.get("/record/around").get_json()
    codes = [code for code, *_ in around["names"]]
    assert {district.village.code, district.neighbour.code} <= set(codes)
    assert district.other_village.code not in codes
    assert [place[:2] for place in around["recent"]] == [[district.village.code, "市心路口"]]
    client.sign_in(make_user("officer", area_id=district.town.id))
    assert client.get("/record/around").get_json()["recent"] == []


def test_the_next_record_begins_where_the_last_one_was(phone: Browser, district: District) -> None:
    phone.post("/record", data=typed(district, penalty="education", fine_yuan=""))
    page = phone.get("/record").text
    assert 'value="市心路口"' in page
    assert re.search(r'checked[^>]*value="education"|value="education"[^>]*checked', page) or re.search(
        r'<input checked[^>]*value="education"', page
    )


def test_photos_that_were_announced_are_taken_days_later_and_no_others(
    session: Session, phone: Browser, district: District
) -> None:
    number = phone.post("/record/queued", json=sent(phone, district, photos_announced=1)).get_json()["number"]
    violation = session.scalars(select(Violation)).one()
    violation.recorded_utc -= timedelta(days=3)
    session.commit()
    for seed, status in ((1, 201), (1, 200), (2, 403)):
        photo = {"photo": (BytesIO(plain_photo(seed)), "photo.jpg"), "key": f"taken-on-a-phone-{seed}"}
        answer = phone.post(f"/record/{number}/photos", data=photo, headers={"Accept": "application/json"})
        assert answer.status_code == status, answer.text
