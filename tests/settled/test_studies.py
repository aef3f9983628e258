"""Sums of studies and of who offended again: a page reads what a full count gives, in whatever order things come."""

from __future__ import annotations

import random
from datetime import UTC, date, datetime, timedelta

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from tests.factories import full_counts
from tests.factories.education import District, make_district, make_rider, make_task, make_violation
from trafficedu.configuration.models import Parameter
from trafficedu.configuration.queries import forget_configuration
from trafficedu.core.actors import SYSTEM
from trafficedu.core.clock import local_date
from trafficedu.core.month import Month, Period
from trafficedu.education.models.tasks import StudyTask
from trafficedu.education.queries import monthly, reoffence
from trafficedu.education.rules.reckoning import CompletionCounts, ReoffenceCounts
from trafficedu.settled import services as settling
from trafficedu.settled.models import LateChange
from trafficedu.violations.models.records import Violation

NOW = datetime(2026, 11, 20, 4, tzinfo=UTC)
TODAY = local_date(NOW)
FIGURES = [monthly.FIGURE, reoffence.COMPLETIONS, reoffence.REOFFENCES]
PERIODS = [Period(Month(2026, 1), Month(2026, 11)), Period(Month(2026, 4), Month(2026, 6))]


def at(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, 3, tzinfo=UTC)


def task(session: Session, here: District, opened: date, completed: date | None = None, **values: object) -> StudyTask:
    rider = values.pop("rider", None) or make_rider(session)
    given = {"opened_utc": at(opened), "opened_on": opened, "due_on": opened + timedelta(days=15)} | values
    if completed is not None:
        given |= {"state": "completed", "completed_utc": at(completed), "completed_on": completed}
    return make_task(session, rider, given.pop("area", here.a), **given)  # type: ignore[arg-type]


def settle(session: Session) -> int:
    session.commit()
    return settling.settle_due(session, NOW, FIGURES)


def assert_exact(session: Session, here: District, *, sums: bool = True) -> None:
    session.commit()
    for period in PERIODS:
        for area in (here.root, here.c):
            asked = (area.path, period, NOW)
            assert monthly.count_completion(session, SYSTEM, *asked) == full_counts.count_completion(session, *asked)
            assert reoffence.count_reoffence(session, SYSTEM, *asked) == full_counts.count_reoffence(session, *asked)
    assert not sums or settling.compare_all(session, FIGURES) == []


def test_a_small_case_by_hand(session: Session) -> None:
    here = make_district(session)
    rider = make_rider(session)
    make_violation(session, rider, here.a, at(date(2026, 4, 1)))
    task(session, here, date(2026, 4, 2), date(2026, 4, 10), rider=rider)
    task(session, here, date(2026, 4, 20), date(2026, 5, 30), rider=rider, area=here.c)  # late, and not the first
    task(session, here, date(2026, 11, 15))  # not yet due
    late = task(session, here, date(2026, 10, 10))
    settle(session)
    whole, spring = PERIODS
    completion = monthly.count_completion(session, SYSTEM, here.root.path, whole, NOW)
    assert completion == CompletionCounts(opened=4, completed=2, not_yet_due=1, due=3, completed_on_time=1)
    assert reoffence.count_reoffence(session, SYSTEM, here.root.path, spring, NOW) == ReoffenceCounts(1, 0, 0)
    assert reoffence.count_reoffence(session, SYSTEM, here.c.path, spring, NOW) == ReoffenceCounts(0, 0, 1)

    again = make_violation(session, rider, here.b, at(date(2026, 10, 7)))  # the 180th day, recorded late
    late.state, late.completed_utc, late.completed_on = "completed", NOW, TODAY  # type: ignore[assignment]
    session.commit()
    assert reoffence.count_reoffence(session, SYSTEM, here.root.path, spring, NOW) == ReoffenceCounts(1, 1, 0)
    assert monthly.count_completion(session, SYSTEM, here.root.path, whole, NOW).completed == 3
    assert_exact(session, here)
    settle(session)
    assert session.scalars(select(LateChange)).all() == []
    again.state = "voided"  # type: ignore[assignment]
    assert_exact(session, here)


def test_a_completion_and_a_violation_of_today_ask_for_nothing(session: Session) -> None:
    here = make_district(session)
    rider = make_rider(session)
    make_violation(session, rider, here.a, at(date(2026, 6, 1)))
    task(session, here, date(2026, 5, 1), date(2026, 5, 20), rider=rider)
    open_task = task(session, here, TODAY, rider=rider)
    settle(session)
    make_violation(session, rider, here.a, NOW)
    open_task.state, open_task.completed_utc, open_task.completed_on = "completed", NOW, TODAY  # type: ignore[assignment]
    session.commit()
    assert session.scalars(select(LateChange)).all() == []
    assert_exact(session, here)


def test_other_days_of_observation_are_counted_anew(session: Session) -> None:
    here = make_district(session)
    rider = make_rider(session)
    make_violation(session, rider, here.a, at(date(2026, 6, 1)))
    task(session, here, date(2026, 4, 1), date(2026, 4, 20), rider=rider)
    settle(session)
    for days in (30, 200):
        session.execute(update(Parameter).where(Parameter.code == "education.reoffence_days").values(value=days))
        forget_configuration(session)
        assert_exact(session, here)
        settle(session)
        assert_exact(session, here)


def test_any_order_reads_the_same(session: Session) -> None:
    here = make_district(session)
    chance = random.Random(11)
    villages = [here.a, here.b, here.c, here.town]
    riders = [make_rider(session) for _ in range(4)]
    for rider in riders:
        make_violation(session, rider, here.a, at(date(2026, 1, 5)))
    tasks: list[StudyTask] = []
    violations: list[Violation] = []
    for step in range(30):
        what, rider = chance.random(), chance.choice(riders)
        day = TODAY - timedelta(days=chance.randrange(310))
        if what < 0.35:
            completed = min(day + timedelta(days=chance.randrange(40)), TODAY)
            tasks.append(task(session, here, day, completed, rider=rider, area=chance.choice(villages)))
        elif what < 0.5:
            tasks.append(task(session, here, day, area=chance.choice(villages)))
        elif what < 0.65:
            violations.append(make_violation(session, rider, chance.choice(villages), at(day)))
        elif what < 0.72 and violations:
            violations.pop().state = "voided"  # type: ignore[assignment]
        elif what < 0.8 and tasks:
            tasks.pop(chance.randrange(len(tasks))).state = chance.choice(["waived", "withdrawn"])  # type: ignore[assignment]
            chance.choice([*tasks, task(session, here, day)]).area_id = chance.choice(villages).id
        elif what < 0.88:
            settling.fold(session, monthly.FIGURE)
        else:
            settle(session)
        assert_exact(session, here, sums=step % 10 == 9)
