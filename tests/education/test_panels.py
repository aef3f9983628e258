from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import flask_login
import pytest
from flask import Flask
from sqlalchemy.orm import Session

from tests.factories.education import District, assign, make_rider, make_session, make_task, make_violation
from trafficedu.accounts.models import User
from trafficedu.accounts.queries import actor_of
from trafficedu.core.access import SignedIn
from trafficedu.core.actors import SYSTEM
from trafficedu.core.clock import today, utc_now
from trafficedu.core.web import home_panels, panels_for
from trafficedu.education.services.door import check_in
from trafficedu.riders.models import Rider


@pytest.fixture
def shown(app: Flask, session: Session) -> Callable[..., str]:
    """Return what a page's panels say to a user."""

    def show(user: User, page: str, **subject: int) -> str:
        with app.test_request_context("/?lang=en"):
            flask_login.login_user(SignedIn("", actor_of(user)))
            return " ".join(home_panels(user.role) if page == "home" else panels_for(page, **subject))

    return show


def test_the_record_shows_the_seat_or_the_waiting(
    session: Session, district: District, rider: Rider, make_user: Callable[..., User], shown: Callable[..., str]
) -> None:
    study = make_session(session, district.at_a, utc_now() + timedelta(days=2), capacity=1)
    seated, waiting = (make_violation(session, one, district.a, utc_now()) for one in (rider, make_rider(session)))
    assign(session, seated, SYSTEM, utc_now())
    assign(session, waiting, SYSTEM, utc_now())
    session.commit()
    officer = make_user("officer", area_id=district.a.id)
    for page in ("violations.show", "violations.recorded"):
        assert study.station.name in shown(officer, page, violation_id=seated.id)
        assert "get the next free seat automatically" in shown(officer, page, violation_id=waiting.id)


def test_the_grid_officer_sees_masked_names_of_those_who_are_late(
    session: Session, district: District, make_user: Callable[..., User], shown: Callable[..., str]
) -> None:
    rider = make_rider(session, district.c, "欧阳测试")
    task = make_task(session, rider, district.a, due_on=today() - timedelta(days=4))
    session.commit()
    home = shown(make_user("grid", area_id=district.c.id), "home")
    assert task.number in home
    assert rider.name not in home
    assert task.number not in shown(make_user("grid", area_id=district.b.id), "home")


def test_station_staff_begin_with_today_and_what_is_missing(
    session: Session, district: District, rider: Rider, make_user: Callable[..., User], shown: Callable[..., str]
) -> None:
    study = make_session(session, district.at_a, utc_now() + timedelta(hours=2))
    task = assign(session, make_violation(session, rider, district.a, utc_now()), SYSTEM, utc_now())
    assert task is not None
    booking = task.bookings[0]
    check_in(session, booking, SYSTEM, study.starts_utc)
    study.starts_on = today() - timedelta(days=1)
    later = make_session(session, district.at_a, utc_now() + timedelta(hours=1))
    later.starts_on = today()
    session.commit()
    home = shown(make_user("station", station_id=district.at_a.id), "home")
    assert f"/sessions/{later.number}/check-in" in home
    assert f"/sessions/{study.number}/riders/{task.number}" in home
    elsewhere = shown(make_user("station", station_id=district.at_b.id), "home")
    assert later.number not in elsewhere
    assert task.number not in elsewhere
