"""Nobody teaches, and no room serves, in two sessions at once."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy.orm import Session

from tests.factories.education import NOW, District, make_session
from tests.factories.rooms import add_room
from trafficedu.core.errors import Refusal
from trafficedu.education.models.rooms import SessionRoom
from trafficedu.education.rules.states import ModuleKind
from trafficedu.education.services.conflicts import require_free
from trafficedu.stations.rules import RoomKind

AT = NOW + timedelta(days=2)
"""When the other session begins; it lasts 50 minutes."""
LASTS = timedelta(minutes=50)
MINUTE = timedelta(minutes=1)


def test_a_station_without_rooms_is_one_hall(session: Session, district: District) -> None:
    other = make_session(session, district.at_a, AT)
    for starts in (AT - LASTS + MINUTE, AT, AT + LASTS - MINUTE):
        with pytest.raises(Refusal, match="another session") as refused:
            require_free(session, district.at_a, starts, starts + LASTS)
        assert (refused.value.text.params["session"], refused.value.field) == (other.number, "starts_utc")
    for starts in (AT - LASTS, AT + LASTS, AT - timedelta(days=1)):
        require_free(session, district.at_a, starts, starts + LASTS)
    require_free(session, district.at_b, AT, AT + LASTS)
    require_free(session, district.at_a, AT, AT + LASTS, but=other)
    other.state = type(other.state).CANCELLED
    session.flush()
    require_free(session, district.at_a, AT, AT + LASTS)


def test_sessions_meet_where_each_kind_of_module_has_a_room_left(session: Session, district: District) -> None:
    make_session(session, district.at_a, AT)
    add_room(session, district.at_a, RoomKind.LECTURE)
    add_room(session, district.at_a, RoomKind.LECTURE)
    require_free(session, district.at_a, AT, AT + LASTS)
    add_room(session, district.at_a, RoomKind.VR, machines=1)
    with pytest.raises(Refusal, match="free") as refused:
        require_free(session, district.at_a, AT, AT + LASTS)
    assert refused.value.text.params["kind"] == ModuleKind.VR.label
    require_free(session, district.at_a, AT, AT + LASTS, kinds=[ModuleKind.LECTURE, ModuleKind.QUIZ])
    add_room(session, district.at_a, RoomKind.VR, machines=2)
    require_free(session, district.at_a, AT, AT + LASTS)


def test_rooms_that_ended_serve_nobody(session: Session, district: District) -> None:
    make_session(session, district.at_a, AT)
    add_room(session, district.at_a, RoomKind.LECTURE)
    second = add_room(session, district.at_a, RoomKind.LECTURE)
    require_free(session, district.at_a, AT, AT + LASTS)
    second.ended_on = (AT - timedelta(days=1)).date()
    session.flush()
    with pytest.raises(Refusal, match="free"):
        require_free(session, district.at_a, AT, AT + LASTS)


def test_a_room_that_another_session_was_planned_in_is_refused(session: Session, district: District) -> None:
    other = make_session(session, district.at_a, AT)
    hall, small = (add_room(session, district.at_a, RoomKind.LECTURE) for _ in range(2))
    session.add(SessionRoom(session_id=other.id, kind=ModuleKind.LECTURE, room_id=small.id))
    session.flush()
    require_free(session, district.at_a, AT, AT + LASTS, rooms=[hall])
    with pytest.raises(Refusal, match="uses this room") as refused:
        require_free(session, district.at_a, AT + MINUTE, AT + LASTS, rooms=[hall, small])
    assert refused.value.text.params["session"] == other.number
    require_free(session, district.at_a, AT + LASTS, AT + 2 * LASTS, rooms=[hall, small])


def test_a_lecturer_is_in_one_place_at_a_time_whatever_the_station(session: Session, district: District) -> None:
    other = make_session(session, district.at_c, AT, lecturer="张老师")
    with pytest.raises(Refusal, match="holds another session") as refused:
        require_free(session, district.at_a, AT + LASTS - MINUTE, AT + 2 * LASTS, lecturer=" 张老师 ")
    assert refused.value.field == "lecturer"
    assert refused.value.text.params["station"] == district.at_c.name
    require_free(session, district.at_a, AT + LASTS, AT + 2 * LASTS, lecturer="张老师")
    require_free(session, district.at_a, AT, AT + LASTS, lecturer="李老师")
    require_free(session, district.at_a, AT, AT + LASTS)
    require_free(session, district.at_c, AT, AT + LASTS, lecturer="张老师", but=other)


def test_a_session_that_goes_on_after_midnight_is_in_the_way_there(session: Session, district: District) -> None:
    late = datetime(2026, 12, 31, 15, 40, tzinfo=UTC)  # 23:40 on New Year's Eve in China
    make_session(session, district.at_a, late, lecturer="张老师")
    after = datetime(2026, 12, 31, 16, 5, tzinfo=UTC)
    with pytest.raises(Refusal, match="another session"):
        require_free(session, district.at_a, after, after + LASTS)
    with pytest.raises(Refusal, match="holds another"):
        require_free(session, district.at_b, after, after + LASTS, lecturer="张老师")
