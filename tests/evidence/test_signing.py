"""The rider signs on the screen, or refuses to."""

from __future__ import annotations

import base64
import io
from dataclasses import replace
from datetime import timedelta

import pytest
from PIL import Image
from sqlalchemy import select
from sqlalchemy.orm import Session

from tests.conftest import Browser
from tests.evidence.conftest import in_english
from tests.evidence.test_photos import JSON, opened, past
from tests.factories.pictures import camera_photo, signature
from tests.factories.violations import NOW
from tests.reports import samples
from tests.reports.reading import read
from trafficedu.accounts.models import User
from trafficedu.core.actors import Actor
from trafficedu.core.clock import utc_now
from trafficedu.core.services import services_of
from trafficedu.evidence.models import Signature
from trafficedu.issued.queries.documents import what_it_says
from trafficedu.issued.services.issuing import hand_out
from trafficedu.public.services import receipt_of
from trafficedu.reports.receipt import render
from trafficedu.violations.models.records import Violation

KEY = "key-of-signature-1"


def text_of(paper: bytes) -> str:
    return read(paper, codes=False).flat


def drawn(data: bytes) -> str:
    return "data:image/png;base64," + base64.b64encode(data).decode()


def test_what_was_drawn_is_kept_in_grey_and_shown_with_who_and_when(
    session: Session, phone: Browser, violation: Violation, officer_user: User
) -> None:
    page = phone.get(f"/record/{violation.number}").text
    assert "data-signing" in page
    answer = phone.post(f"/record/{violation.number}/signature", data={"drawn": drawn(signature()), "key": KEY})
    assert (answer.status_code, answer.location) == (303, f"/record/{violation.number}")
    kept = session.scalars(select(Signature)).one()
    assert kept.file_key is not None
    assert (kept.refused, kept.received_by_id) == (False, officer_user.id)
    with Image.open(io.BytesIO(services_of(session).evidence.read(kept.file_key))) as picture:
        assert (picture.format, picture.mode, picture.size) == ("PNG", "L", (300, 100))
        assert picture.getpixel((0, 0)) == 255
        assert picture.getpixel((150, 50)) == 0
    page = phone.get(f"/violations/{violation.number}").text
    assert f'src="/violations/{violation.number}/signature"' in page
    assert officer_user.display_name in page
    shown = phone.get(f"/violations/{violation.number}/signature")
    assert (shown.mimetype, shown.headers["Cache-Control"]) == ("image/png", "private, no-cache")


def test_a_queue_sends_the_picture_itself_and_any_number_of_times(
    session: Session, phone: Browser, violation: Violation
) -> None:
    def send(data: bytes) -> tuple[int, object]:
        form = {"signature": (io.BytesIO(data), "signature.png"), "key": KEY}
        answer = phone.post(f"/record/{violation.number}/signature", data=form, headers=JSON)
        return answer.status_code, answer.json

    code, told = send(signature())
    assert code == 201
    assert send(signature()) == (200, told)
    assert send(signature(9))[0] == 409
    past(session, violation, days=2)
    assert send(signature()) == (200, told)


def test_who_refuses_is_noted_and_may_still_sign(session: Session, phone: Browser, violation: Violation) -> None:
    path = f"/record/{violation.number}/signature"
    answer = phone.post(path, data={"refused": "1", "key": KEY}, headers=JSON)
    assert (answer.status_code, answer.json and answer.json["refused"]) == (201, True)
    assert 'state-problem">refused to sign' in phone.get(f"/violations/{violation.number}").text
    assert phone.get(f"/violations/{violation.number}/signature").status_code == 404
    again = phone.post(path, data={"refused": "1", "key": KEY}, headers=JSON)
    assert (again.status_code, again.json) == (200, answer.json)
    assert phone.post(path, data={"drawn": drawn(signature()), "key": KEY + "-b"}, headers=JSON).status_code == 201
    first, second = session.scalars(select(Signature).order_by(Signature.id)).all()
    assert (first.refused, first.withdrawn_utc is None) == (True, False)
    assert (second.refused, second.withdrawn_utc) == (False, None)
    page = phone.get(f"/violations/{violation.number}").text
    assert 'state-problem">refused to sign' not in page, "what stands"
    assert "refused to sign" in page, "what happened, in the time line"


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({}, "Sign in the box"),
        ({"drawn": "data:image/png;base64,!!!"}, "Sign in the box"),
        ({"drawn": "data:text/html;base64,PGI+"}, "Sign in the box"),
        ({"drawn": drawn(b"<svg onload=alert(1)>")}, "cannot be read"),
        ({"drawn": drawn(signature()[:60])}, "cannot be read"),
        ({"drawn": drawn(camera_photo())[:-400]}, "cannot be read"),
    ],
)
def test_what_is_no_signature_is_refused(
    session: Session, phone: Browser, violation: Violation, given: dict[str, str], says: str
) -> None:
    answer = phone.post(f"/record/{violation.number}/signature", data={"key": KEY, **given}, headers=JSON)
    assert answer.status_code == 422
    assert says in (answer.json or {})["message"]
    assert session.scalars(select(Signature)).all() == []


def test_an_empty_box_is_no_signature(phone: Browser, violation: Violation) -> None:
    white = io.BytesIO()
    Image.new("RGB", (900, 300), "white").save(white, "PNG")
    given = {"key": KEY, "drawn": drawn(white.getvalue())}
    answer = phone.post(f"/record/{violation.number}/signature", data=given, headers=JSON)
    assert (answer.status_code, answer.json) == (422, {"message": "Nothing is drawn in the box yet."})


def test_only_its_officer_in_time_and_others_look_after_saying_so(
    session: Session, phone: Browser, violation: Violation, supervisor: User
) -> None:
    path = f"/record/{violation.number}/signature"
    assert phone.post(path, data={"drawn": drawn(signature()), "key": KEY}).status_code == 303
    past(session, violation, minutes=11)
    assert phone.post(path, data={"refused": "1", "key": KEY + "-b"}, headers=JSON).status_code == 403
    desk = in_english(phone, supervisor)
    assert desk.get(f"/violations/{violation.number}/signature").status_code == 404
    opened(desk, violation.number)
    assert desk.get(f"/violations/{violation.number}/signature").status_code == 200
    assert utc_now() - session.scalars(select(Signature)).one().at_utc < timedelta(minutes=5)


def test_the_receipt_shows_how_the_rider_signed_or_that_it_was_refused(
    session: Session, phone: Browser, violation: Violation, officer: Actor
) -> None:
    now = utc_now()
    first = receipt_of(session, violation.number, officer, now)
    session.commit()
    path = f"/record/{violation.number}/signature"
    phone.post(path, data={"refused": "1", "key": KEY})
    second = receipt_of(session, violation.number, officer, now)
    assert second.replaces_id == first.id
    assert "当事人拒绝签名" in text_of(hand_out(session, second, "zh", now))
    session.commit()
    phone.post(path, data={"drawn": drawn(signature()), "key": KEY + "-b"})
    third = receipt_of(session, violation.number, officer, now)
    paper = hand_out(session, third, "en", now)
    assert "Signed by the rider" in text_of(paper)
    kept = session.scalars(select(Signature).where(Signature.withdrawn_utc.is_(None))).one()
    assert what_it_says(session, third).data("en").signature == kept.file_key


def test_a_signed_receipt_in_chinese_stays_on_one_page() -> None:
    signed = replace(samples.RECEIPT, signature="x", signed_at=NOW)
    assert len(read(render(signed, "zh", signature=signature())).pages) == 1
    assert len(read(render(replace(signed, signature=""), "zh")).pages) == 1
