"""The rooms of a session: planned, changed, never fuller than they are; modules in their order or in any."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from tests.factories.education import NOW, District, assign, make_rider, make_session, make_violation
from tests.factories.rooms import add_room
from trafficedu.core.actors import Actor
from trafficedu.core.errors import Missing, Refusal
from trafficedu.education.models.courses import StudySession
from trafficedu.education.models.rooms import SessionRoom
from trafficedu.education.models.tasks import Booking
from trafficedu.education.queries.rooms import rooms_of
from trafficedu.education.queries.seats import live_booking
from trafficedu.education.rules.states import ModuleKind
from trafficedu.education.services import door, study
from trafficedu.education.services.rooms import change_rooms, plan_rooms
from trafficedu.education.services.study import GroupResult
from trafficedu.stations.models import Room
from trafficedu.stations.rules import RoomKind

STARTS = NOW + timedelta(hours=2)
KINDS = list(ModuleKind)


@pytest.fixture
def held(session: Session, district: District) -> StudySession:
    return make_session(session, district.at_a, STARTS, capacity=30)


def come(session: Session, district: District, staff: Actor, count: int) -> list[Booking]:
    """Let so many riders take a seat and check in, a second after one another."""
    came = []
    for place in range(count):
        task = assign(session, make_violation(session, make_rider(session, district.a, f"骑手{place}"), district.a))
        assert task is not None
        booking = live_booking(session, task.id)
        assert booking is not None
        door.check_in(session, booking, staff, STARTS + timedelta(seconds=place))
        came.append(booking)
    return came


def rooms_by_kind(session: Session, planned: StudySession) -> dict[ModuleKind, Room]:
    rows = session.execute(
        select(SessionRoom.kind, Room)
        .join(Room, Room.id == SessionRoom.room_id)
        .where(SessionRoom.session_id == planned.id)
    )
    return {row[0]: row[1] for row in rows}


def test_a_session_is_planned_in_rooms_that_serve_and_are_large_enough(
    session: Session, district: District, held: StudySession
) -> None:
    small = add_room(session, district.at_a, RoomKind.LECTURE, capacity=20)
    hall = add_room(session, district.at_a, RoomKind.LECTURE, capacity=40)
    add_room(session, district.at_a, RoomKind.LECTURE, capacity=400)
    film = add_room(session, district.at_a, RoomKind.FILM, capacity=30)
    machines = add_room(session, district.at_a, RoomKind.VR, machines=2)
    add_room(session, district.at_b, RoomKind.QUIZ)
    expected = dict(zip(KINDS, (hall, film, machines, hall), strict=True))
    assert rooms_of(session, held) == expected, "as it would be planned"
    assert plan_rooms(session, held) == expected
    assert rooms_by_kind(session, held) == expected
    second = make_session(session, district.at_a, STARTS + timedelta(minutes=30), capacity=20)
    assert set(plan_rooms(session, second)) == {ModuleKind.LECTURE, ModuleKind.FILM, ModuleKind.QUIZ}, "no VR is left"
    assert rooms_by_kind(session, second)[ModuleKind.LECTURE] == small
    later = make_session(session, district.at_a, STARTS + timedelta(minutes=90), capacity=20)
    assert plan_rooms(session, later)[ModuleKind.VR] == machines


def test_rooms_are_changed_by_the_own_station_into_free_ones_that_serve(
    session: Session, district: District, held: StudySession, staff: Actor
) -> None:
    hall, other_hall = (add_room(session, district.at_a, RoomKind.LECTURE) for _ in range(2))
    machines = add_room(session, district.at_a, RoomKind.VR, machines=1)
    change_rooms(session, held, {ModuleKind.LECTURE: hall, ModuleKind.VR: machines}, staff, NOW)
    assert rooms_by_kind(session, held) == {ModuleKind.LECTURE: hall, ModuleKind.VR: machines}
    with pytest.raises(Refusal, match="does not serve") as refused:
        change_rooms(session, held, {ModuleKind.FILM: machines}, staff, NOW)
    assert refused.value.field == "film"
    foreign = add_room(session, district.at_b, RoomKind.FILM)
    with pytest.raises(Refusal, match="does not serve"):
        change_rooms(session, held, {ModuleKind.FILM: foreign}, staff, NOW)
    second = make_session(session, district.at_a, STARTS, capacity=20)
    with pytest.raises(Refusal, match="uses this room"):
        change_rooms(session, second, {ModuleKind.LECTURE: hall}, staff, NOW)
    change_rooms(session, second, {ModuleKind.LECTURE: other_hall}, staff, NOW)
    with pytest.raises(Refusal, match="is over"):
        change_rooms(session, held, {}, staff, held.ends_utc)
    elsewhere = make_session(session, district.at_b, STARTS)
    with pytest.raises(Missing):
        change_rooms(session, elsewhere, {}, staff, NOW)


def test_a_room_begins_for_as_many_as_it_holds_first_come_first(
    session: Session, district: District, held: StudySession, staff: Actor
) -> None:
    add_room(session, district.at_a, RoomKind.LECTURE, capacity=3)
    came = come(session, district, staff, 5)
    lecture, film = held.plan.modules[:2]
    now = STARTS + timedelta(minutes=1)
    assert study.start_module_for_all(session, held, lecture.id, staff, now) == GroupResult(3, 2, 2)
    assert [bool(booking.attendance and booking.attendance.modules) for booking in came] == [True] * 3 + [False] * 2
    assert study.start_module_for_all(session, held, lecture.id, staff, now) == GroupResult(0, 5, 2)
    with pytest.raises(Refusal, match="room is full"):
        study.start_module(session, came[3], lecture.id, staff, now)
    later = now + timedelta(minutes=lecture.minimum_minutes)
    study.end_module(session, came[0], lecture.id, staff, later)
    study.start_module(session, came[0], film.id, staff, later)  # in the same hall: one of its three places
    with pytest.raises(Refusal, match="room is full"):
        study.start_module(session, came[3], lecture.id, staff, later)
    study.end_module(session, came[1], lecture.id, staff, later)
    study.start_module(session, came[3], lecture.id, staff, later)


@pytest.mark.parametrize("machines", [0, 1, 2])
def test_nobody_rides_without_a_machine(
    session: Session, district: District, held: StudySession, staff: Actor, machines: int
) -> None:
    if machines:
        add_room(session, district.at_a, RoomKind.VR, capacity=30, machines=machines)
    held.plan.free_order = True
    came = come(session, district, staff, 3)
    ride = next(module for module in held.plan.modules if module.kind == ModuleKind.VR)
    with pytest.raises(Refusal, match="cannot ride at once") as refused:
        study.start_module_for_all(session, held, ride.id, staff, STARTS + timedelta(minutes=1))
    assert refused.value.text.params["machines"] == max(1, machines)
    for booking in came[:machines]:
        study.start_module(session, booking, ride.id, staff, STARTS + timedelta(minutes=1))
    if machines:
        with pytest.raises(Refusal, match="Every machine is in use"):
            study.start_module(session, came[2], ride.id, staff, STARTS + timedelta(minutes=1))


def test_modules_in_a_free_order_one_at_a_time(
    session: Session, district: District, held: StudySession, staff: Actor
) -> None:
    held.plan.free_order = True
    (booking,) = come(session, district, staff, 1)
    now = STARTS + timedelta(minutes=1)
    for module in reversed(held.plan.modules):
        study.start_module(session, booking, module.id, staff, now)
        for other in held.plan.modules:
            if other.id != module.id:
                with pytest.raises(Refusal, match=r"in another module|has ended already"):
                    study.start_module(session, booking, other.id, staff, now)
        now += timedelta(minutes=module.minimum_minutes)
        study.end_module(session, booking, module.id, staff, now)
    assert booking.attendance is not None
    counted = Counter({record.module_id: record.minutes for record in booking.attendance.modules})
    assert counted == {module.id: module.minimum_minutes for module in held.plan.modules}


def test_a_strict_order_stays_one(session: Session, district: District, held: StudySession, staff: Actor) -> None:
    (booking,) = come(session, district, staff, 1)
    for module in held.plan.modules[1:]:
        with pytest.raises(Refusal, match="done in order"):
            study.start_module(session, booking, module.id, staff, STARTS)
