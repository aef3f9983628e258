"""The photo at the check-in: where the policy asks, of who is here, seen by the station, gone with a mistake."""

from __future__ import annotations

import io
import uuid
from datetime import timedelta

import pytest
from PIL import Image
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from tests.conftest import Browser
from tests.factories import people
from tests.factories.education import District, assign, make_rider, make_session, make_violation
from tests.factories.pictures import camera_photo
from trafficedu.accounts.models import User
from trafficedu.configuration.models import Parameter
from trafficedu.configuration.queries import forget_configuration
from trafficedu.core.actors import SYSTEM, Actor
from trafficedu.core.clock import utc_now
from trafficedu.education.models.tasks import Booking
from trafficedu.education.queries.seats import live_booking
from trafficedu.education.services import door
from trafficedu.evidence.models import Photo


@pytest.fixture
def booking(session: Session, district: District, staff: Actor) -> Booking:
    """A rider who is here, in a session that begins in some minutes."""
    make_session(session, district.at_a, utc_now() + timedelta(minutes=5))
    booked = utc_now() - timedelta(days=2)
    task = assign(session, make_violation(session, make_rider(session, district.a), district.a), SYSTEM, booked)
    assert task is not None
    seat = live_booking(session, task.id)
    assert seat is not None
    door.check_in(session, seat, staff, utc_now())
    session.commit()
    return seat


@pytest.fixture
def clerk(session: Session, district: District) -> User:
    user = people.make_user(session, "station", station_id=district.at_a.id)
    session.commit()
    return user


def asked(session: Session, value: int) -> None:
    session.execute(update(Parameter).where(Parameter.code == "education.photo_asked").values(value=value))
    forget_configuration(session)
    session.commit()


def sent(client: Browser, page: str, data: bytes, key: str = "") -> int:
    fields = {"photo": (io.BytesIO(data), "a.jpg"), "key": key or str(uuid.uuid4())}
    return client.post(page, data=fields, content_type="multipart/form-data").status_code


def test_nobody_is_photographed_where_the_policy_does_not_ask(
    session: Session, client: Browser, clerk: User, booking: Booking
) -> None:
    client.sign_in(clerk)
    page = f"/sessions/{booking.session.number}/riders/{booking.task.number}/photo"
    assert page not in client.get(f"/sessions/{booking.session.number}/check-in").text
    assert "No photo is taken" in client.get(f"{page}?lang=en").text
    assert sent(client, page, camera_photo()) == 422
    assert session.scalars(select(Photo)).all() == []


def test_a_photo_is_kept_as_evidence_and_seen_by_the_station_only(
    session: Session, client: Browser, clerk: User, booking: Booking, district: District, staff: Actor
) -> None:
    asked(session, 1)
    client.sign_in(clerk)
    listed = f"/sessions/{booking.session.number}/check-in"
    page = f"/sessions/{booking.session.number}/riders/{booking.task.number}/photo"
    before = client.get(listed).text
    assert page in before
    version = client.get(f"{listed}/live").headers["ETag"]
    assert client.get(f"{page}.jpg").status_code == 404
    assert sent(client, page, b"no picture") == 422
    key, data = str(uuid.uuid4()), camera_photo()
    assert sent(client, page, data, key) == 303
    assert sent(client, page, data, key) == 303, "the same sending again"
    assert len(session.scalars(select(Photo)).all()) == 1
    assert client.get(f"{listed}/live").headers["ETag"] != version, "another tablet is told"
    assert "✓" in client.get(listed).text
    shown = client.get(f"{page}.jpg")
    assert shown.headers["Cache-Control"] == "private, no-store"
    with Image.open(io.BytesIO(shown.data)) as picture:
        assert not picture.getexif(), "nothing that the camera added"
    for other in (
        people.make_user(session, "station", station_id=district.at_b.id),
        people.make_user(session, "officer", area_id=district.town.id),
    ):
        session.commit()
        client.sign_in(other)
        assert client.get(f"{page}.jpg").status_code in {403, 404}
    client.sign_in(clerk)
    door.undo_check_in(session, booking, staff, utc_now())
    session.commit()
    door.check_in(session, session.get_one(Booking, booking.id), staff, utc_now())
    session.commit()
    assert client.get(f"{page}.jpg").status_code == 404, "it may have shown somebody else"
