"""An unusual month raises an alarm, tells who answers for the area once, and agrees with the trends it is read off."""

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
from trafficedu.analysis.said.alarms import none_sentence, not_judged_sentences, promise_sentences, read_alarms
from trafficedu.areas.queries import tree as areas
from trafficedu.core import jobs
from trafficedu.core.actors import SYSTEM
from trafficedu.core.clock import today, utc_now
from trafficedu.core.month import Month
from trafficedu.evaluation.models import ALARMS
from trafficedu.evaluation.queries.results import find_result
from trafficedu.evaluation.services import fits, results
from trafficedu.evaluation.services.alarms import alarms_of, keep_and_tell, own_alarms, raise_alarms
from trafficedu.messages.models import Push

MONTHS = 30
FIRST = Month(2024, 5)


def district(session: Session, last: int) -> None:
    """Two to three accidents a month in one town, ``last`` in the last full month."""
    town = places.area(session, places.TOWN)
    add_accidents(session, {town: [2 + month % 2 for month in range(MONTHS - 1)] + [last]}, FIRST)


def test_a_month_far_above_what_was_expected_is_an_alarm(session: Session) -> None:
    district(session, 14)
    payload = alarms_of(session, places.area(session, places.DISTRICT), NOW).payload
    alarm, *others = read_alarms(payload)
    assert others == []
    assert (alarm.series, alarm.code, alarm.months, alarm.count) == ("casualty", places.TOWN, 1, 14)
    assert 1.5 < alarm.expected < 3.5
    assert alarm.expected < alarm.limit < 14
    towns = len(areas.list_children(session, places.area(session, places.DISTRICT), NOW.date()))
    assert (payload["parts"], payload["judged"], payload["tests"]) == (1, 1, 2), "one month, and three together"
    assert payload["not_judged"] == {"short": towns, "unknown": towns - 1}, "no violation, and nothing of other towns"
    assert [str(said) for said in promise_sentences(payload)][0].startswith("2 tests were made")
    assert payload["doubling"]["1"] <= payload["doubling"]["3"] <= payload["doubling"]["6"] <= 1
    assert [said.params["count"] for said in not_judged_sentences(payload)] == [towns, towns - 1]


def test_an_ordinary_month_raises_none_and_neither_does_the_first_accident_of_a_quiet_town(session: Session) -> None:
    town, other = places.area(session, places.TOWN), places.area(session, places.OTHER_TOWN)
    add_accidents(session, {town: [0] * (MONTHS - 1) + [4], other: [5] * MONTHS}, FIRST)
    payload = alarms_of(session, places.area(session, places.DISTRICT), NOW).payload
    assert payload["alarms"] == []
    assert "nothing unusual" in str(none_sentence(payload))


def test_too_short_a_past_is_not_judged_and_said_so(session: Session) -> None:
    add_accidents(session, {places.area(session, places.TOWN): [1, 30]}, Month(2026, 9))
    payload = alarms_of(session, places.area(session, places.DISTRICT), NOW).payload
    assert (payload["alarms"], payload["judged"], payload["tests"]) == ([], 0, 0)
    assert "could not be judged" in str(none_sentence(payload))
    assert "unusual" not in str(none_sentence(payload))
    (said,) = not_judged_sentences(payload)
    assert said.params["count"] == payload["not_judged"]["short"] > 0
    assert promise_sentences(payload) == []


def test_who_answers_for_the_area_and_who_commands_is_told_once_a_month(
    session: Session, make_user: Callable[..., User]
) -> None:
    root, town = places.area(session, places.DISTRICT), places.area(session, places.TOWN)
    leader = make_user("leader", area_id=town.id)
    command = [make_user(role, area_id=root.id) for role in ("analyst", "supervisor")]
    for role in ("leader", "analyst", "supervisor"):  # of another town
        make_user(role, area_id=places.area(session, places.OTHER_TOWN).id)
    district(session, 14)
    assert raise_alarms(session, NOW) == 3, "the district comes first"
    assert keep_and_tell(session, root, alarms_of(session, root, NOW + timedelta(days=1)), NOW + timedelta(days=1)) == 0
    assert raise_alarms(session, NOW + timedelta(days=3)) == 0
    told = session.execute(select(Push.user_id, Push.key, Push.path).order_by(Push.user_id)).tuples().all()
    key, path = f"alarm:2026-10:casualty:{places.TOWN}", f"/screen?area={places.TOWN}"
    assert told == [(user.id, key, path) for user in (leader, *command)]
    assert [alarm.code for alarm in own_alarms(session, town, NOW)] == [places.TOWN]


def test_alarms_are_computed_again_once_a_trend_was(session: Session) -> None:
    """Late records: whoever has the trend computed anew does not leave the screen with yesterday's alarms."""
    root = places.area(session, places.DISTRICT)
    district(session, 3)
    keep_and_tell(session, root, alarms_of(session, root, NOW), NOW)
    assert alarms_of(session, root, NOW).keep is None
    add_accidents(session, {places.area(session, places.TOWN): [11]}, Month(2026, 10))
    assert alarms_of(session, root, NOW).keep is None, "nobody looked yet: screen and bulletin say the same"
    trend = results.trend_of(session, "casualty", root, NOW, anew=True)
    assert trend.keep is not None
    trend.keep(session)
    kept = find_result(session, ALARMS, root.id)
    assert kept is not None
    assert kept.payload["alarms"] == []
    assert fits.alarms_shown(session, root, SYSTEM, NOW, "zh").due is not None
    assert [alarm.count for alarm in read_alarms(alarms_of(session, root, NOW).payload)] == [14]


def test_an_alarm_that_the_job_of_a_page_finds_first_is_told_too(
    app: Flask, session: Session, make_user: Callable[..., User]
) -> None:
    """The worker then finds it fresh and tells nobody."""
    leader = make_user("leader", area_id=places.area(session, places.TOWN).id)
    months = [2 + month % 2 for month in range(MONTHS - 1)] + [14]
    add_accidents(session, {places.area(session, places.TOWN): months}, Month.of(today()) - MONTHS)
    root, by = places.area(session, places.DISTRICT), actor_of(make_user("supervisor"))
    due = fits.alarms_shown(session, root, by, utc_now(), "zh").due
    assert due is not None
    jobs.ask(session, due, by, utc_now(), "zh")
    session.commit()
    assert run_jobs(app) == 1
    assert fits.alarms_shown(session, root, by, utc_now(), "zh").kept is not None
    key = f"alarm:{Month.of(today()) - 1}:casualty:{places.TOWN}"
    told = select(Push.user_id).where(Push.key == key)
    assert leader.id in session.scalars(told).all()
    before = session.scalars(told).all()
    raise_alarms(session, utc_now())
    assert session.scalars(told).all() == before
