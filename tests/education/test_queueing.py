"""The queue for the VR machines: fair, never more riders than machines; nobody is in two rooms at once."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy.orm import Session

from tests.education.test_rooms import come
from tests.factories.education import NOW, District, make_session
from tests.factories.rooms import add_room
from trafficedu.core.actors import Actor
from trafficedu.core.errors import Refusal
from trafficedu.education.models.courses import CourseModule, StudySession
from trafficedu.education.models.tasks import Booking
from trafficedu.education.queries.queueing import numbers_of, queue_of
from trafficedu.education.queries.sessions import list_roster
from trafficedu.education.rules.rooms import RoomFacts, expected_turns, plan
from trafficedu.education.rules.states import ModuleKind
from trafficedu.education.services import absence, door, queueing, study
from trafficedu.stations.rules import RoomKind

STARTS = NOW + timedelta(hours=2)
MINUTE = timedelta(minutes=1)
AT = STARTS + MINUTE


@pytest.fixture
def held(session: Session, district: District) -> StudySession:
    held = make_session(session, district.at_a, STARTS, capacity=30)
    held.plan.free_order = True
    add_room(session, district.at_a, RoomKind.VR, machines=1)
    return held


def module(held: StudySession, kind: ModuleKind) -> CourseModule:
    return next(module for module in held.plan.modules if module.kind == kind)


def waiting(session: Session, held: StudySession, now: datetime = AT) -> list[str]:
    queue = queue_of(session, held, now)
    return [one.booking.task.rider.name for one in (*queue.called, *queue.waiting)]


def test_who_came_first_is_called_first_and_only_to_a_free_machine(
    session: Session, district: District, held: StudySession, staff: Actor
) -> None:
    first, second, _ = come(session, district, staff, 3)
    assert waiting(session, held) == ["骑手0", "骑手1", "骑手2"]
    assert queueing.call_next(session, held, staff, AT).booking.id == first.id
    with pytest.raises(Refusal, match="No machine is free"):
        queueing.call_next(session, held, staff, AT)
    with pytest.raises(Refusal, match="No machine is free"):
        queueing.begin_ride(session, second, staff, AT)
    record = queueing.begin_ride(session, first, staff, AT)
    assert queueing.begin_ride(session, first, staff, AT) is record
    queue = queue_of(session, held, AT)
    ride = module(held, ModuleKind.VR).minimum_minutes * MINUTE
    assert [one.number for one in queue.riding] == [1]
    assert [one.expected for one in queue.waiting] == [AT + ride, AT + 2 * ride]
    with pytest.raises(Refusal, match="more minutes"):
        queueing.end_ride(session, first, staff, AT + MINUTE)
    queueing.end_ride(session, first, staff, AT + ride)
    assert queueing.call_next(session, held, staff, AT + ride).booking.id == second.id
    assert queue_of(session, held, AT + ride).done == 1


def test_a_check_in_that_arrives_later_gives_nobody_another_number(
    session: Session, district: District, held: StudySession, staff: Actor
) -> None:
    first, second, away = come(session, district, staff, 3)
    before = numbers_of([first, second])
    assert away.attendance is not None
    away.attendance.checked_in_utc -= timedelta(minutes=30)
    session.flush()
    after = numbers_of([first, second, away])
    assert {booking: after[booking] for booking in before} == before
    assert after[away.id] == 3


def test_who_is_not_there_goes_back_three_places_and_is_called_again(
    session: Session, district: District, held: StudySession, staff: Actor
) -> None:
    came = come(session, district, staff, 6)
    with pytest.raises(Refusal, match="was not called"):
        queueing.fall_back(session, came[0], staff, AT)
    queueing.call_next(session, held, staff, AT)
    assert queueing.fall_back(session, came[0], staff, AT) == 3
    assert waiting(session, held) == [f"骑手{place}" for place in (1, 2, 3, 0, 4, 5)]
    queueing.call_next(session, held, staff, AT)
    assert queueing.fall_back(session, came[1], staff, AT) == 3
    assert waiting(session, held) == [f"骑手{place}" for place in (2, 3, 0, 1, 4, 5)]
    door.undo_check_in(session, came[2], staff, AT)
    assert waiting(session, held) == [f"骑手{place}" for place in (3, 0, 1, 4, 5)]
    door.check_in(session, came[2], staff, AT + MINUTE)
    assert waiting(session, held) == [f"骑手{place}" for place in (3, 0, 1, 4, 5, 2)], "at the end"


def test_nobody_is_called_out_of_what_has_to_run_on(
    session: Session, district: District, held: StudySession, staff: Actor
) -> None:
    first, second = come(session, district, staff, 2)
    film = module(held, ModuleKind.FILM)
    study.start_module(session, first, film.id, staff, AT)
    assert queueing.call_next(session, held, staff, AT).booking.id == second.id
    queueing.fall_back(session, second, staff, AT)
    study.start_module(session, second, film.id, staff, AT)
    with pytest.raises(Refusal, match="Nobody can come"):
        queueing.call_next(session, held, staff, AT)
    over = AT + film.minimum_minutes * MINUTE
    called = queueing.call_next(session, held, staff, over)
    assert called.booking.id == first.id, "the first keeps the place"
    queueing.begin_ride(session, first, staff, over)
    assert first.attendance is not None
    assert [record.minutes for record in first.attendance.modules] == [film.minimum_minutes, None]


def test_in_a_strict_order_only_those_wait_whose_ride_is_due(
    session: Session, district: District, held: StudySession, staff: Actor
) -> None:
    held.plan.free_order = False
    first, second = come(session, district, staff, 2)
    assert waiting(session, held) == []
    now = AT
    for part in held.plan.modules[:2]:
        study.start_module(session, second, part.id, staff, now)
        now += part.minimum_minutes * MINUTE
        study.end_module(session, second, part.id, staff, now)
    assert waiting(session, held, now) == ["骑手1"]
    with pytest.raises(Refusal, match="does not wait"):
        queueing.begin_ride(session, first, staff, now)
    absence.leave_early(session, second, staff, now)
    assert waiting(session, held, now) == []


def test_the_queue_says_who_will_not_have_ridden_in_time(
    session: Session, district: District, held: StudySession, staff: Actor
) -> None:
    come(session, district, staff, 4)
    ride = module(held, ModuleKind.VR).minimum_minutes * MINUTE
    closes = queue_of(session, held, AT).closes
    assert queue_of(session, held, closes - 4 * ride).too_late == 0
    assert queue_of(session, held, closes - 4 * ride + MINUTE).too_late == 1
    assert queue_of(session, held, closes - ride).too_late == 3


@pytest.mark.parametrize("seed", range(4))
def test_in_whatever_order_people_tap_nobody_is_in_two_rooms_and_minutes_stay_within_the_plan(
    session: Session, district: District, held: StudySession, staff: Actor, seed: int
) -> None:
    chance, now = Random(seed), STARTS
    held.plan.free_order = seed % 2 == 0
    hall = add_room(session, district.at_a, RoomKind.LECTURE, capacity=3)
    came = come(session, district, staff, 5)
    modules = held.plan.modules
    for _ in range(110):
        now += timedelta(seconds=chance.randrange(20, 180))
        one, part = chance.choice(came), chance.choice(modules)
        tap(session, held, staff, now, chance, one, part)
        roster = [booking for booking in list_roster(session, held.id) if booking.attendance]
        inside = [
            [record.module.kind for record in booking.attendance.modules if record.ended_utc is None]
            for booking in roster
            if booking.attendance
        ]
        assert all(len(rooms) <= 1 for rooms in inside)
        flat = [kind for rooms in inside for kind in rooms]
        assert flat.count(ModuleKind.VR) <= 1
        assert len(flat) - flat.count(ModuleKind.VR) <= hall.capacity
        for booking in roster:
            assert booking.attendance is not None
            times = sorted((record.started_utc, record.ended_utc or now) for record in booking.attendance.modules)
            assert all(before[1] <= after[0] for before, after in zip(times, times[1:], strict=False))
            for record in booking.attendance.modules:
                assert (record.minutes or 0) <= record.module.maximum_minutes
                assert record.minutes is None or record.minutes >= record.module.minimum_minutes or now > held.ends_utc
    done = [record.minutes for one in came if one.attendance for record in one.attendance.modules if record.ended_utc]
    assert len(done) >= 4, "what was tapped did something"


def tap(
    session: Session,
    held: StudySession,
    staff: Actor,
    now: datetime,
    chance: Random,
    booking: Booking,
    part: CourseModule,
) -> None:
    """Do one of all that a clerk can do, allowed or not."""
    acts: list[Callable[[], object]] = [
        lambda: study.start_module(session, booking, part.id, staff, now),
        lambda: study.end_module(session, booking, part.id, staff, now),
        lambda: study.start_module_for_all(session, held, part.id, staff, now),
        lambda: study.end_module_for_all(session, held, part.id, staff, now),
        lambda: queueing.call_next(session, held, staff, now),
        lambda: queueing.begin_ride(session, booking, staff, now),
        lambda: queueing.fall_back(session, booking, staff, now),
        lambda: queueing.end_ride(session, booking, staff, now),
    ]
    with suppress(Refusal):
        chance.choice(acts)()


WHEN = datetime(2026, 11, 23, 6, tzinfo=UTC)


@given(st.lists(st.integers(0, 30), max_size=4), st.integers(1, 5), st.integers(1, 20), st.integers(0, 12))
def test_turns_come_in_order_and_never_more_at_once_than_machines(
    ago: list[int], machines: int, minutes: int, count: int
) -> None:
    since = [WHEN - MINUTE * m for m in ago]
    turns = expected_turns(WHEN, since, machines, minutes, count)
    assert turns == sorted(turns)
    assert len(turns) == count
    busy = sorted(max(WHEN, at + minutes * MINUTE) for at in since)[:machines]
    for turn in turns:
        running = sum(turn < end for end in busy) + sum(at <= turn < at + minutes * MINUTE for at in turns)
        assert running <= machines
    if count:
        assert turns[0] == (min(busy) if len(busy) == machines else WHEN), "no machine stands idle"


@given(
    st.lists(st.tuples(st.sampled_from(["lecture", "film", "vr", "quiz"]), st.integers(1, 40)), max_size=6),
    st.sets(st.integers(0, 5)),
    st.integers(1, 40),
)
def test_a_plan_takes_no_taken_room_and_leaves_nothing_out_that_has_one(
    kinds: list[tuple[str, int]], taken: set[int], riders: int
) -> None:
    rooms = [RoomFacts(place, kind, size) for place, (kind, size) in enumerate(kinds)]
    chosen = plan(list(ModuleKind), rooms, taken, riders)
    free = [room for room in rooms if room.id not in taken]
    assert not taken & set(chosen.values())
    assert (ModuleKind.VR in chosen) == any(room.kind == "vr" for room in free)
    halls = [room for room in free if room.kind != "vr"]
    for kind in (ModuleKind.LECTURE, ModuleKind.FILM, ModuleKind.QUIZ):
        assert (kind in chosen) == bool(halls)
        own = [room for room in halls if room.kind == kind]
        if own:
            best = rooms[chosen[kind]]
            assert best.kind == kind
            assert best.places >= riders or all(room.places < riders for room in own)
