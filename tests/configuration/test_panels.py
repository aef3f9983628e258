from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta

import flask_login
import pytest
from flask import Flask
from sqlalchemy.orm import Session

from trafficedu.accounts.models import User
from trafficedu.accounts.queries import actor_of
from trafficedu.configuration import panels, services
from trafficedu.configuration.models import Run
from trafficedu.core import clock
from trafficedu.core.access import SignedIn
from trafficedu.core.actors import SYSTEM
from trafficedu.core.clock import utc_now

MakeUser = Callable[..., User]


@contextmanager
def page_of(app: Flask, user: User) -> Iterator[None]:
    with app.test_request_context("/?lang=en"):
        flask_login.login_user(SignedIn("", actor_of(user)))
        yield


@pytest.mark.parametrize("panel", [panels.worker, panels.failed_imports, panels.calendar])
def test_only_the_administrator_is_told(
    app: Flask, session: Session, make_user: MakeUser, panel: Callable[[], str]
) -> None:
    services.note_failed_run(session, "import areas", SYSTEM, utc_now(), refused=1)
    session.commit()
    with page_of(app, make_user("analyst")):
        assert panel() == ""


def test_a_worker_that_never_ran_or_long_ago_is_said(app: Flask, session: Session, make_user: MakeUser) -> None:
    admin = make_user("administrator")
    with page_of(app, admin):
        assert "Start it with" in panels.worker()
    with services.logged_run(session, "worker", SYSTEM, utc_now()):
        pass
    session.commit()
    with page_of(app, admin):
        assert "Start it with" not in panels.worker()
    session.query(Run).update({"started_utc": clock.utc_now() - timedelta(hours=1)})
    session.commit()
    with page_of(app, admin):
        assert "Start it with" in panels.worker()


def test_failed_imports_of_the_week_are_listed(app: Flask, session: Session, make_user: MakeUser) -> None:
    admin = make_user("administrator")
    with page_of(app, admin):
        assert panels.failed_imports() == ""
    services.note_failed_run(session, "import areas", SYSTEM, utc_now(), refused=3)
    old = datetime(2020, 1, 1, tzinfo=UTC)
    session.add(Run(kind="import ebikes", started_utc=old, ended_utc=old, succeeded=False, counts={}))
    session.commit()
    with page_of(app, admin):
        html = panels.failed_imports()
    assert "3 lines refused" in html
    assert "import ebikes" not in html


def test_the_end_of_the_known_holidays_is_said(
    app: Flask, make_user: MakeUser, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(panels, "last_published_year", lambda: 2026)
    admin = make_user("administrator")
    monkeypatch.setattr(panels, "today", lambda: date(2026, 11, 2))
    with page_of(app, admin):
        assert "known until the end of 2026" in panels.calendar()
    monkeypatch.setattr(panels, "today", lambda: date(2026, 10, 2))
    with page_of(app, admin):
        assert panels.calendar() == ""
