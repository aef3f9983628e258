from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from tests.factories.education import NOW, District, make_session
from tests.films.conftest import OTHER_RUN, STARTS, Watching
from trafficedu.configuration.models import Parameter
from trafficedu.configuration.queries import forget_configuration
from trafficedu.core.actors import SYSTEM, Actor
from trafficedu.core.errors import Refusal
from trafficedu.education.models.tasks import Booking, OnlineStudy
from trafficedu.education.services import assignment, door, study
from trafficedu.education.services.signing import gaps_of
from trafficedu.films.models import Film, SegmentSeen
from trafficedu.films.queries.watching import standing_of
from trafficedu.films.services import films, watching

pytestmark = pytest.mark.usefixtures("online")
Seat = Callable[..., Booking]


def test_a_film_seen_whole_is_the_film_module_at_check_in(
    session: Session, film: Film, seat: Seat, staff: Actor
) -> None:
    booking = seat()
    rider = Watching(session, booking.task, film)
    rider.see_all()
    assert standing_of(session, booking.task, rider.now).minutes == 15
    assert rider.viewing.ended_utc == rider.now
    attendance = door.check_in(session, booking, staff, STARTS)
    session.refresh(attendance)
    [record] = attendance.modules
    assert (record.module.kind, record.minutes, record.online_minutes, record.credited) == ("film", 15, 15, True)
    assert record.ended_utc is not None
    assert NOW <= record.started_utc < record.ended_utc == rider.now


def test_what_is_left_of_a_film_is_seen_at_the_station(session: Session, film: Film, seat: Seat, staff: Actor) -> None:
    booking = seat()
    rider = Watching(session, booking.task, film)
    rider.begin()
    rider.see(1)
    rider.see(2)
    attendance = door.check_in(session, booking, staff, STARTS)
    assert attendance.modules == []
    assert session.scalars(select(OnlineStudy)).one().minutes == 9
    lecture, movie = booking.session.plan.modules[:2]
    study.start_module(session, booking, lecture.id, staff, STARTS)
    at = STARTS + timedelta(minutes=lecture.minimum_minutes)
    study.end_module(session, booking, lecture.id, staff, at)
    study.start_module(session, booking, movie.id, staff, at)
    with pytest.raises(Refusal, match="more minutes"):
        study.end_module(session, booking, movie.id, staff, at)
    with pytest.raises(Refusal, match="more minutes"):
        study.end_module(session, booking, movie.id, staff, at + timedelta(minutes=5, seconds=59))
    record = study.end_module(session, booking, movie.id, staff, at + timedelta(minutes=6))
    assert (record.minutes, record.online_minutes) == (15, 9)
    assert not any(movie.name_en in str(gap) for gap in gaps_of(booking, "en"))


def test_a_check_in_taken_back_takes_the_minutes_along_and_the_next_has_them(
    session: Session, film: Film, seat: Seat, staff: Actor
) -> None:
    booking = seat()
    Watching(session, booking.task, film).see_all()
    door.check_in(session, booking, staff, STARTS)
    session.expire_all()
    door.undo_check_in(session, booking, staff, STARTS)
    assert session.scalars(select(OnlineStudy)).all() == []
    door.check_in(session, booking, staff, STARTS)
    assert session.scalars(select(OnlineStudy)).one().minutes == 15


def test_a_segment_ends_no_sooner_than_its_length(session: Session, film: Film, seat: Seat) -> None:
    rider = Watching(session, seat().task, film)
    rider.begin()
    rider.beat(0)
    rider.beat(10)
    with pytest.raises(Refusal, match="more seconds"):
        rider.end(1)
    rider.now += timedelta(hours=1)  # the clock alone sees nothing
    with pytest.raises(Refusal, match="more seconds"):
        rider.end(1)
    with pytest.raises(Refusal, match="one after the other"):
        rider.end(2)


def test_a_film_that_stands_still_counts_nothing(session: Session, film: Film, seat: Seat) -> None:
    rider = Watching(session, seat().task, film)
    rider.begin()
    for _ in range(10):
        assert rider.beat(10, playing=False).counted == 0


def test_who_does_not_answer_sees_the_segment_once_more_and_no_other(session: Session, film: Film, seat: Seat) -> None:
    rider = Watching(session, seat().task, film)
    rider.begin()
    rider.see(1)
    told = rider.beat(0)
    while told.check is None:
        told = rider.beat()
    assert rider.beat(30).check is not None
    told = rider.beat(40)
    assert told.repeats
    assert (told.position, told.counted) == (2, 0)
    assert rider.viewing.missed == 1
    assert rider.viewing.seen_positions == {1}
    rider.see(2)
    assert rider.viewing.seen_positions == {1, 2}


def test_a_wrong_tap_is_mended_once(session: Session, film: Film, seat: Seat) -> None:
    rider = Watching(session, seat().task, film)
    rider.begin()
    told = rider.beat(0)
    while told.check is None:
        told = rider.beat()
    told = rider.answer(next(name for name in told.check.offered if name != told.check.wanted))
    assert told.is_wrong
    assert told.check is not None
    mended = rider.answer(told.check.wanted)
    assert (mended.check, mended.repeats) == (None, False)
    assert rider.answer("anything").check is None  # sent twice


def test_two_wrong_taps_begin_the_segment_once_more(session: Session, film: Film, seat: Seat) -> None:
    rider = Watching(session, seat().task, film)
    rider.begin()
    told = rider.beat(0)
    while told.check is None:
        told = rider.beat()
    rider.answer("nothing")
    assert rider.answer("nothing").repeats


def test_a_second_phone_takes_over_and_goes_on_with_the_segment_not_finished(
    session: Session, film: Film, seat: Seat
) -> None:
    task = seat().task
    first = Watching(session, task, film)
    first.begin()
    first.see(1)
    first.beat(0)
    first.beat(10)
    second = Watching(session, task, film, first.now, OTHER_RUN)
    assert (second.begin().position, second.begin().counted) == (2, 0)
    with pytest.raises(watching.TakenOver):
        first.beat(10)
    with pytest.raises(watching.TakenOver):
        first.end(2)
    second.see(2)
    assert [each.position for each in second.viewing.seen] == [1, 2]


def test_an_end_sent_twice_counts_once(session: Session, film: Film, seat: Seat) -> None:
    rider = Watching(session, seat().task, film)
    rider.begin()
    rider.see(1)
    assert rider.end(1).position == 2
    assert len(session.scalars(select(SegmentSeen)).all()) == 1


def test_nothing_is_watched_after_the_check_in(session: Session, film: Film, seat: Seat, staff: Actor) -> None:
    booking = seat()
    rider = Watching(session, booking.task, film)
    rider.begin()
    rider.see(1)
    door.check_in(session, booking, staff, STARTS)
    rider.now = STARTS
    for act in (rider.begin, rider.beat, lambda: rider.end(2)):
        with pytest.raises(Refusal, match="checked in at the station"):
            act()


def test_nothing_is_watched_for_a_study_that_is_owed_no_more(session: Session, film: Film, seat: Seat) -> None:
    task = seat().task
    rider = Watching(session, task, film)
    rider.begin()
    assignment.waive(session, task, "在医院住院，无法学习。", SYSTEM, NOW)
    with pytest.raises(Refusal, match="no longer owed"):
        rider.beat()


def test_another_course_film_is_refused(session: Session, film: Film, seat: Seat) -> None:
    task = seat().task
    with pytest.raises(Refusal, match="does not belong"):
        watching.begin(session, task, film.id + 999, "x", NOW)


def test_films_begin_some_days_before_the_session_and_where_the_district_wants_them(
    session: Session, film: Film, seat: Seat
) -> None:
    task = seat().task
    with pytest.raises(Refusal, match="can be watched from"):
        Watching(session, task, film, NOW - timedelta(days=40)).begin()
    parameter = session.scalars(select(Parameter).where(Parameter.code == "films.online")).one()
    parameter.value = 0
    session.flush()
    forget_configuration(session)
    assert standing_of(session, task, NOW).offers is None


def test_a_film_retired_meanwhile_is_ended_by_who_began_it(session: Session, film: Film, seat: Seat) -> None:
    booking, late = seat(), seat("李测试")
    rider = Watching(session, booking.task, film)
    rider.begin()
    rider.see(1)
    fresh = films.next_version(session, film, SYSTEM, NOW)
    films.release_film(session, fresh, SYSTEM)
    assert film.is_retired
    rider.see(2)
    rider.see(3)
    assert [shown.film.id for shown in standing_of(session, booking.task, rider.now).films] == [film.id]
    assert [shown.film.id for shown in standing_of(session, late.task, rider.now).films] == [fresh.id]


def test_a_course_without_online_film_has_none(session: Session, district: District, film: Film, seat: Seat) -> None:
    booking = seat()
    for module in booking.session.plan.modules:
        module.online = False
    session.flush()
    make_session(session, district.at_b, STARTS)
    with pytest.raises(Refusal, match="no film to watch at home"):
        Watching(session, booking.task, film).begin()


def test_a_film_retired_in_the_middle_of_its_first_segment_goes_on(session: Session, film: Film, seat: Seat) -> None:
    booking = seat()
    rider = Watching(session, booking.task, film)
    rider.begin()
    rider.beat(0)
    films.release_film(session, films.next_version(session, film, SYSTEM, NOW), SYSTEM)
    rider.see(1)
    assert [shown.film.id for shown in standing_of(session, booking.task, rider.now).films] == [film.id]
