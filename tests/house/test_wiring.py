"""What happens after what, through the real table of handlers: hazards, points and pushes meet only there."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from tests.factories import hazards, places
from tests.factories.lists import OCTOBER, SEPTEMBER, publish
from trafficedu.accounts.models import User
from trafficedu.accounts.rules import PERMISSIONS, Role
from trafficedu.core.actors import SYSTEM
from trafficedu.core.clock import utc_now
from trafficedu.evaluation.services.runs import publish_run
from trafficedu.hazards.services.reminding import remind
from trafficedu.messages.models import Push
from trafficedu.points.models import PointActivity, PointEntry
from trafficedu.wiring.screens import HOME

MakeUser = Callable[..., User]


def told(session: Session, user: User) -> list[str]:
    return list(session.scalars(select(Push.key).where(Push.user_id == user.id).order_by(Push.id)))


def test_a_hazard_overdue_is_told_once_and_costs_points_once(session: Session, make_user: MakeUser) -> None:
    grid = make_user("grid", area_id=places.area(session, places.VILLAGE).id)
    hazard = hazards.make_planned(session, places.area(session, places.VILLAGE))
    assert hazard.deadline_on is not None
    later = utc_now() + timedelta(days=400)
    for day in range(2):
        remind(session, later + timedelta(days=day))
    assert told(session, grid) == [f"hazard:{hazard.number}:overdue:{hazard.deadline_on.isoformat()}"]
    entry = session.scalars(select(PointEntry).join(PointActivity).where(PointEntry.area_id == hazard.area_id)).one()
    assert (entry.activity.automatic, entry.points < 0) == (True, True)


def test_a_colour_that_worsened_is_told_to_who_answers_for_the_area(session: Session, make_user: MakeUser) -> None:
    leader = make_user("leader", area_id=places.area(session, places.TOWN).id)
    other = make_user("leader", area_id=places.area(session, places.OTHER_TOWN).id)
    publish(session, SEPTEMBER, {places.TOWN: "green", places.OTHER_TOWN: "yellow"})
    run = publish(session, OCTOBER, {places.TOWN: "orange", places.OTHER_TOWN: "blue"})
    run.published_utc = None
    publish_run(session, run, SYSTEM, utc_now())
    assert told(session, leader) == [f"colour:2026-10:town:{places.TOWN}"]
    assert told(session, other) == []


def test_every_role_has_a_first_screen_and_the_permission_for_all_that_is_on_it() -> None:
    assert set(HOME) == set(Role)
    for role, panels in HOME.items():
        for panel in panels:
            assert panel.permission in PERMISSIONS[role], (role, panel.__name__)  # type: ignore[attr-defined]
