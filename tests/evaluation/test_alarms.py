"""An unusual month raises an alarm, tells who answers for the area once, and is kept until the next day."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from tests.conftest import run_jobs
from tests.factories import places
from tests.factories.evaluation import NOW, add_accidents
from trafficedu.accounts.models import User
from trafficedu.accounts.queries import actor_of
from trafficedu.core import jobs
from trafficedu.core.clock import today, utc_now
from trafficedu.core.month import Month
from trafficedu.evaluation.services import fits
from trafficedu.evaluation.services.alarms import alarms_of, raise_alarms, read_alarms
from trafficedu.messages.models import Push

MONTHS = 60
FIRST = Month(2021, 11)


def district(session: Session, last: int) -> None:
    """Two to three accidents a month for five years in one town, ``last`` in the last full month."""
    town = places.area(session, places.TOWN)
    add_accidents(session, {town: [2 + month % 2 for month in range(MONTHS - 1)] + [last]}, FIRST)


def test_a_month_far_above_its_season_is_an_alarm_and_an_ordinary_one_is_not(session: Session) -> None:
    district(session, 12)
    alarm, *others = read_alarms(alarms_of(session, places.area(session, places.DISTRICT), NOW).payload)
    assert others == []
    assert (alarm.series, alarm.code, alarm.count) == ("casualty", places.TOWN, 12)
    assert 1.5 < alarm.expected < 3.5
    assert alarm.expected < alarm.limit < 12


def test_an_ordinary_month_raises_none(session: Session) -> None:
    district(session, 3)
    assert alarms_of(session, places.area(session, places.DISTRICT), NOW).payload["alarms"] == []


def test_the_first_accident_of_a_quiet_town_is_no_alarm(session: Session) -> None:
    town, other = places.area(session, places.TOWN), places.area(session, places.OTHER_TOWN)
    add_accidents(session, {town: [0] * (MONTHS - 1) + [4], other: [5] * MONTHS}, FIRST)
    assert alarms_of(session, places.area(session, places.DISTRICT), NOW).payload["alarms"] == []


def test_too_short_a_past_raises_none_and_is_counted(session: Session) -> None:
    add_accidents(session, {places.area(session, places.TOWN): [1, 30]}, Month(2026, 9))
    payload = alarms_of(session, places.area(session, places.DISTRICT), NOW).payload
    assert payload["alarms"] == []
    assert payload["quiet"] > 0


def test_who_answers_for_the_area_is_told_once_a_month(session: Session, make_user: Callable[..., User]) -> None:
    leader = make_user("leader", area_id=places.area(session, places.TOWN).id)
    stranger = make_user("leader", area_id=places.area(session, places.OTHER_TOWN).id)
    district(session, 12)
    for later in range(3):
        while raise_alarms(session, NOW + timedelta(days=later)):
            pass
    told = session.execute(select(Push.user_id, Push.key)).tuples().all()
    assert told == [(leader.id, f"alarm:2026-10:casualty:{places.TOWN}")]
    assert stranger.id not in {user for user, _ in told}


def test_an_alarm_that_the_job_of_a_page_finds_first_is_told_too(
    app: Flask, session: Session, make_user: Callable[..., User]
) -> None:
    """The worker then finds it fresh and tells nobody."""
    leader = make_user("leader", area_id=places.area(session, places.TOWN).id)
    months = [2 + month % 2 for month in range(MONTHS - 1)] + [12]
    add_accidents(session, {places.area(session, places.TOWN): months}, Month.of(today()) - MONTHS)
    root, by = places.area(session, places.DISTRICT), actor_of(make_user("analyst"))
    due = fits.alarms_shown(session, root, by, utc_now(), "zh").due
    assert due is not None
    jobs.ask(session, due, by, utc_now(), "zh")
    session.commit()
    assert run_jobs(app) == 1
    assert fits.alarms_shown(session, root, by, utc_now(), "zh").kept is not None
    key = f"alarm:{Month.of(today()) - 1}:casualty:{places.TOWN}"
    told = select(Push.user_id).where(Push.key == key)
    assert session.scalars(told).all() == [leader.id]
    while raise_alarms(session, utc_now()):
        pass
    assert session.scalars(told).all() == [leader.id]
