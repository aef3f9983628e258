"""Sessions that repeat: on which days they fall, what stands in their way, changing or cancelling several at once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime, time, timedelta

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from tests.factories.education import NOW, District, assign, course, make_rider, make_session, make_violation
from trafficedu.configuration.services import correct_day
from trafficedu.core.actors import SYSTEM, Actor
from trafficedu.core.clock import from_local, local, local_date
from trafficedu.core.errors import Refusal, Stale
from trafficedu.education.models.courses import StudySession
from trafficedu.education.queries.seats import live_booking
from trafficedu.education.rules.planning import DayKind, Extent, PlannedDay, RidersChoice
from trafficedu.education.services import series
from trafficedu.education.services.series import NewSeries
from trafficedu.education.services.sessions import NewSession, SessionChange, create_session

FRIDAY = date(2026, 12, 18)


def at(day: date, hour: time = time(19)) -> datetime:
    return from_local(datetime.combine(day, hour))


def wanted(session: Session, district: District, first: date, until: date, **values: object) -> NewSeries:
    new = NewSeries(NewSession(course(session), district.at_a, at(first), 20, "李老师"), until)
    return replace(new, **values)  # type: ignore[arg-type]


def kinds(days: Sequence[PlannedDay]) -> list[tuple[str, DayKind, bool]]:
    return [(one.day.isoformat(), one.kind, one.taken) for one in days]


def test_public_holidays_are_left_out_and_the_days_of_a_year_not_published_say_so(
    session: Session, district: District, staff: Actor
) -> None:
    correct_day(session, date(2026, 12, 25), works=False, note="", by=SYSTEM)
    planned = series.plan_series(session, wanted(session, district, FRIDAY, date(2027, 1, 8)), staff, NOW)
    assert kinds(planned) == [
        ("2026-12-18", DayKind.USUAL, True),
        ("2026-12-25", DayKind.HOLIDAY, False),
        ("2027-01-01", DayKind.UNKNOWN, True),
        ("2027-01-08", DayKind.UNKNOWN, True),
    ]


def test_a_holiday_is_made_up_for_on_the_nearest_make_up_workday(
    session: Session, district: District, staff: Actor
) -> None:
    before = NOW - timedelta(days=90)
    planned = series.plan_series(
        session, wanted(session, district, date(2026, 9, 24), date(2026, 10, 15)), staff, before
    )
    assert ("2026-10-01", DayKind.HOLIDAY, False) in kinds(planned)
    assert ("2026-10-10", DayKind.MAKE_UP, True) in kinds(planned)


def test_a_series_passes_the_end_of_the_year_and_the_29_of_february(
    session: Session, district: District, staff: Actor
) -> None:
    now = at(date(2027, 12, 1), time(9))
    new = wanted(session, district, date(2027, 12, 14), date(2028, 3, 14), every_weeks=2)
    days = [one.starts_on.isoformat() for one in series.create_series(session, new, staff, now)]
    assert days[:3] == ["2027-12-14", "2027-12-28", "2028-01-11"]
    leap = wanted(session, district, date(2028, 2, 29), date(2028, 2, 29))
    leap = replace(leap, first=replace(leap.first, starts_utc=at(date(2028, 2, 29), time(9))))
    assert [one.starts_on for one in series.create_series(session, leap, staff, now)] == [date(2028, 2, 29)]


def test_days_that_are_left_out_are_not_made_and_the_hour_stays(
    session: Session, district: District, staff: Actor
) -> None:
    new = wanted(session, district, date(2026, 11, 28), date(2026, 12, 12))
    chosen = replace(new, days=frozenset({date(2026, 11, 28), date(2026, 12, 12)}))
    made = series.create_series(session, chosen, staff, NOW)
    assert [one.starts_on.day for one in made] == [28, 12]
    assert {one.series for one in made} == {made[0].series}
    assert local(made[1].starts_utc).time() == time(19)
    with pytest.raises(Refusal, match="No day is left") as refused:
        series.create_series(session, replace(new, days=frozenset()), staff, NOW)
    assert refused.value.field == "days"


def test_every_conflict_is_named_with_its_day_before_anything_is_written(
    session: Session, district: District, staff: Actor
) -> None:
    for day in (date(2026, 12, 5), date(2026, 12, 12)):
        create_session(session, NewSession(course(session), district.at_a, at(day, time(18, 45)), 20), staff, NOW)
    new = wanted(session, district, date(2026, 11, 28), date(2026, 12, 19))
    planned = series.plan_series(session, new, staff, NOW)
    assert [one.day.day for one in planned if one.collides] == [5, 12]
    before = session.scalar(select(func.count()).select_from(StudySession))
    with pytest.raises(Refusal) as refused:
        series.create_series(session, new, staff, NOW)
    said = str(refused.value.text)
    assert all(words in said for words in ("not possible", "2026-12-05, 2026-12-12")), said
    assert session.scalar(select(func.count()).select_from(StudySession)) == before
    free = replace(new, days=frozenset(one.day for one in planned if not one.conflict))
    assert len(series.create_series(session, free, staff, NOW)) == 2


@pytest.mark.parametrize(
    ("day", "hour", "why"),
    [
        (date(9999, 12, 31), time(20, 0), "Check the year"),
        (date(2027, 12, 1), time(9, 0), "Check the year"),
        (date(2026, 12, 1), time(3, 0), "The station is open from 06:00 to 22:00"),
        (date(2026, 12, 1), time(21, 50), "The station is open"),
        (date(2026, 12, 1), time(23, 58), "The station is open"),
        (date(2026, 11, 22), time(9, 0), "which is over"),
    ],
)
def test_only_times_that_can_be_meant_are_planned(
    session: Session, district: District, staff: Actor, day: date, hour: time, why: str
) -> None:
    with pytest.raises(Refusal) as refused:
        create_session(session, NewSession(course(session), district.at_a, at(day, hour), 20), staff, NOW)
    assert refused.value.field == "starts_utc"
    assert why in str(refused.value.text)


def made(session: Session, district: District, staff: Actor) -> Sequence[StudySession]:
    return series.create_series(session, wanted(session, district, date(2026, 12, 1), date(2026, 12, 22)), staff, NOW)


@pytest.mark.parametrize(("extent", "moved"), [(Extent.ONE, 1), (Extent.FOLLOWING, 3), (Extent.ALL, 4)])
@pytest.mark.parametrize("days", [-1, 7])
def test_a_change_reaches_one_the_following_or_all(
    session: Session, district: District, staff: Actor, extent: Extent, moved: int, days: int
) -> None:
    held = made(session, district, staff)
    before = [one.starts_on for one in held]
    second = held[1]
    new = SessionChange(at(second.starts_on + timedelta(days=days), time(10)), 25, "王老师")
    if extent is Extent.ONE and days == 7:
        with pytest.raises(Refusal, match="another session"):
            series.change_series(session, second, replace(new, starts_utc=at(held[2].starts_on)), extent, 1, staff, NOW)
        return
    changed = series.change_series(session, second, new, extent, second.version, staff, NOW)
    assert changed.sessions == moved
    after = [one.starts_on for one in held]
    assert sum(was != now for was, now in zip(before, after, strict=True)) == moved
    assert all(now - was in (timedelta(), timedelta(days=days)) for was, now in zip(before, after, strict=True))
    assert sum(one.lecturer == "王老师" and one.capacity == 25 for one in held) == moved


def test_what_is_not_changed_of_a_session_stays_as_it_was_in_the_others(
    session: Session, district: District, staff: Actor
) -> None:
    first, _, third, _ = held = made(session, district, staff)
    own = SessionChange(at(third.starts_on + timedelta(days=1), time(15)), 25, "李老师")
    series.change_series(session, third, own, Extent.ONE, third.version, staff, NOW)
    seats_alone = SessionChange(first.starts_utc, 6, first.lecturer)
    series.change_series(session, first, seats_alone, Extent.ALL, first.version, staff, NOW)
    assert (third.starts_utc, third.lecturer) == (own.starts_utc, own.lecturer), "nobody asked to move it"
    assert {one.capacity for one in held} == {6}
    lecturer_alone = SessionChange(first.starts_utc, 6, "王老师")
    series.change_series(session, first, lecturer_alone, Extent.ALL, first.version, staff, NOW)
    assert {one.lecturer for one in held} == {"王老师"}
    a_day_later = SessionChange(first.starts_utc + timedelta(days=1), 6, "王老师")
    series.change_series(session, first, a_day_later, Extent.ALL, first.version, staff, NOW)
    assert third.starts_utc == own.starts_utc + timedelta(days=1), "by days, at its own hour"


def test_what_cannot_be_changed_in_a_series_is_named_and_the_second_editor_is_told(
    session: Session, district: District, staff: Actor
) -> None:
    held = made(session, district, staff)
    create_session(session, NewSession(course(session), district.at_a, at(held[2].starts_on, time(10)), 5), staff, NOW)
    new = SessionChange(at(held[0].starts_on, time(10)), 20)
    with pytest.raises(Refusal) as refused:
        series.change_series(session, held[0], new, Extent.ALL, held[0].version, staff, NOW)
    assert refused.value.field == "extent"
    assert "2026-12-15 (" in str(refused.value.text)
    with pytest.raises(Stale):
        series.change_series(session, held[0], new, Extent.ALL, held[0].version - 1, staff, NOW)


def test_cancelling_a_series_leaves_nobody_in_a_session_that_does_not_take_place(
    session: Session, district: District, staff: Actor
) -> None:
    held = made(session, district, staff)
    task = assign(session, make_violation(session, make_rider(session), district.a), SYSTEM, NOW)
    assert task is not None
    booking = live_booking(session, task.id)
    assert booking is not None
    assert booking.session is held[0]
    with pytest.raises(Stale):
        series.cancel_series(session, held[0], "停电", Extent.ALL, 0, staff, NOW)
    count, became = series.cancel_series(session, held[0], "停电", Extent.ALL, 1, staff, NOW)
    assert (count, became.moved, became.waiting, task.state) == (4, 0, 1, "open")
    assert {one.state for one in held} == {"cancelled"}


@pytest.mark.parametrize(
    ("riders", "stays"), [(RidersChoice.KEEP, True), (RidersChoice.CHOOSE, True), (RidersChoice.MOVE, False)]
)
def test_riders_of_a_moved_session_keep_their_seats_or_get_others(
    session: Session, district: District, staff: Actor, riders: RidersChoice, stays: bool
) -> None:
    held = create_session(session, NewSession(course(session), district.at_a, at(date(2026, 12, 1)), 20), staff, NOW)
    task = assign(session, make_violation(session, make_rider(session), district.a), SYSTEM, NOW)
    assert task is not None
    other = make_session(session, district.at_b, at(date(2026, 12, 3)))
    change = SessionChange(at(date(2026, 12, 8)), 20, riders=riders)
    series.change_series(session, held, change, Extent.ONE, held.version, staff, NOW)
    booking = live_booking(session, task.id)
    assert booking is not None
    assert booking.session is (held if stays else other)
    assert (held.seats_taken, other.seats_taken) == ((1, 0) if stays else (0, 1))
    assert local_date(held.starts_utc) == held.starts_on == date(2026, 12, 8)
