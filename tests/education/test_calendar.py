"""The calendar's pages, for whom it is theirs to see, and the feeds that calendar programs read."""

from __future__ import annotations

import html
import re
from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
from icalendar import Calendar
from sqlalchemy import select
from sqlalchemy.orm import Session

from tests.conftest import Browser
from tests.factories.education import NOW, TODAY, District, assign, make_rider, make_session, make_violation
from tests.factories.rooms import add_room
from trafficedu.accounts.models import User
from trafficedu.core.actors import SYSTEM
from trafficedu.education.models.courses import CalendarFeed, StudySession
from trafficedu.education.models.rooms import SessionRoom
from trafficedu.education.rules.spans import Span, View
from trafficedu.education.rules.states import ModuleKind
from trafficedu.education.views import calendar, sessions
from trafficedu.stations.models import Room
from trafficedu.stations.rules import RoomKind

MakeUser = Callable[..., User]


@pytest.mark.parametrize(
    ("view", "first", "last", "before", "after"),
    [
        (View.DAY, date(2026, 12, 31), date(2026, 12, 31), date(2026, 12, 30), date(2027, 1, 1)),
        (View.WEEK, date(2026, 12, 28), date(2027, 1, 3), date(2026, 12, 24), date(2027, 1, 7)),
        (View.MONTH, date(2026, 11, 30), date(2027, 1, 3), date(2026, 11, 1), date(2027, 1, 1)),
    ],
)
def test_a_span_passes_the_end_of_the_year(view: View, first: date, last: date, before: date, after: date) -> None:
    span = Span(view, date(2026, 12, 31))
    assert (span.first, span.last, span.before, span.after) == (first, last, before, after)
    assert span.days[0] == first
    assert span.days[-1] == last


@pytest.fixture(autouse=True)
def stand(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (calendar, sessions):
        monkeypatch.setattr(module, "utc_now", lambda: NOW)
        monkeypatch.setattr(module, "today", lambda: TODAY)


@pytest.fixture
def held(session: Session, district: District) -> StudySession:
    study = make_session(session, district.at_a, NOW + timedelta(days=2), capacity=5, lecturer="李老师")
    make_session(session, district.at_c, NOW + timedelta(days=2), lecturer="王老师")
    assign(session, make_violation(session, make_rider(session, name="张某某"), district.a), SYSTEM, NOW)
    session.commit()
    return study


@pytest.mark.parametrize("span", ["day", "week", "month"])
def test_a_station_sees_its_own_sessions_and_whoever_sees_several_sees_their_sums(
    client: Browser, make_user: MakeUser, district: District, held: StudySession, span: str
) -> None:
    address = f"/calendar?span={span}&day={held.starts_on}&lang=en"
    client.sign_in(make_user("station", station_id=district.at_a.id))
    page = client.get(address).text
    assert f"/sessions/{held.number}" in page
    assert "张某某" not in page
    assert f"/sessions/{held.number}" in client.get(f"{address}&lecturer=李老师").text
    client.sign_in(make_user("station", station_id=district.at_b.id))
    assert held.number not in client.get(f"{address}&station={district.at_a.code}").text
    client.sign_in(make_user("leader", area_id=district.root.id))
    assert held.number not in client.get(address).text
    assert "sessions" in client.get(address).text
    assert held.number in client.get(f"{address}&station={district.at_a.code}").text


@pytest.mark.parametrize(
    "asked", ["span=nonsense&day=2026-13-40", "day=9999-12-31&span=month", "day=0001-01-01&span=week"]
)
def test_nonsense_in_the_address_shows_a_calendar(
    client: Browser, make_user: MakeUser, district: District, held: StudySession, asked: str
) -> None:
    client.sign_in(make_user("station", station_id=district.at_a.id))
    assert client.get(f"/calendar?{asked}").status_code == 200
    assert client.get(f"/sessions/new?day=nonsense&course={held.course.code}").status_code == 200
    filled = client.get(f"/sessions/new?day=2026-12-01&course={held.course.code}").text
    assert 'value="2026-12-01T09:00"' in filled


def test_the_plan_of_a_room_shows_what_is_held_in_it_as_its_session_says(
    client: Browser, make_user: MakeUser, session: Session, district: District
) -> None:
    """Nobody wrote the rooms of these sessions down: they are held where they would be planned, each elsewhere."""
    big = add_room(session, district.at_a, RoomKind.LECTURE, capacity=40, name="大教室")
    small = add_room(session, district.at_a, RoomKind.LECTURE, capacity=20, name="小教室")
    starts = NOW + timedelta(days=1)
    one = make_session(session, district.at_a, starts, capacity=30, lecturer="李老师")
    other = make_session(session, district.at_a, starts + timedelta(minutes=20), capacity=20, lecturer="王老师")
    off = make_session(session, district.at_a, starts + timedelta(hours=5), capacity=30, state="cancelled")
    written = make_session(session, district.at_a, starts + timedelta(days=7), capacity=10, lecturer="李老师")
    session.add(SessionRoom(session_id=written.id, kind=ModuleKind.LECTURE, room_id=big.id))
    session.commit()
    client.sign_in(make_user("station", station_id=district.at_a.id))

    def shown(room: Room, more: str = "") -> set[str]:
        address = f"/calendar?span=month&day={one.starts_on}&room={room.number}{more}"
        return set(re.findall(r"/sessions/(S[0-9A-Z]+)", client.get(address).text))

    assert shown(big) == {one.number, written.number}
    assert shown(small) == {other.number}
    assert shown(big, "&lecturer=李老师") == {one.number, written.number}
    assert shown(big, "&lecturer=王老师") == set()
    assert off.number not in shown(big)
    for study, room in ((one, big), (other, small), (written, big)):
        assert room.name_zh in client.get(f"/sessions/{study.number}").text, "the session's page says the same"


@pytest.mark.parametrize("whose", ["lecturer=李老师", "room"])
def test_a_plan_names_whose_it_is_turns_by_weeks_and_says_when_there_is_none(
    client: Browser, make_user: MakeUser, session: Session, district: District, held: StudySession, whose: str
) -> None:
    hall = add_room(session, district.at_a, RoomKind.LECTURE, capacity=40, name="大教室")
    session.commit()
    asked = f"room={hall.number}" if whose == "room" else whose
    client.sign_in(make_user("station", station_id=district.at_a.id))
    page = client.get(f"/calendar?span=week&day={held.starts_on}&{asked}").text
    assert held.number in page
    (name,) = re.findall(r'<p class="lead calendar-whose">([^<]*)</p>', page)
    assert name == f"{district.at_a.name} · {'大教室' if whose == 'room' else '李老师'}"
    assert "这段时间没有场次" not in page
    following = re.search(r'rel="next" href="([^"]+)"', page)
    assert following is not None
    page = client.get(html.unescape(following[1])).text
    assert held.number not in page
    assert f"· {'大教室' if whose == 'room' else '李老师'}" in page, "the next week is still that of the same"
    assert "这段时间没有场次" in page
    assert "查看全站" in page
    back = re.search(r'rel="prev" href="([^"]+)"', page)
    assert back is not None
    assert held.number in client.get(html.unescape(back[1])).text


@pytest.mark.parametrize(
    ("day", "said"),
    [
        ("2027-01-01", "法定节假日|尚未公布"),
        ("2026-12-02", ""),
        ("2027-11-01", "2027年节假日安排尚未公布"),
    ],
)
def test_a_single_session_on_a_holiday_or_an_unknown_day_is_said_to_be_there(
    client: Browser, make_user: MakeUser, session: Session, district: District, day: str, said: str
) -> None:
    client.sign_in(make_user("station", station_id=district.at_a.id))
    given = {"course": "basic", "starts_utc": f"{day}T09:00", "capacity": "10", "lecturer": ""}
    page = client.post("/sessions/new", data=given, follow_redirects=True).text
    assert session.scalars(select(StudySession.starts_on)).all() == [date.fromisoformat(day)]
    warned = re.search("法定节假日，请核对|尚未公布，公布后请核对", page)
    assert (warned is not None) == bool(said)


def read(client: Browser, address: str, **headers: str) -> Any:
    return client.get(address, headers=headers)


def events_of(answer: Any) -> list[Any]:
    return list(Calendar.from_ical(answer.data).walk("VEVENT"))


def test_a_feed_names_sessions_and_no_rider_and_its_address_ends_when_it_is_renewed(
    client: Browser, session: Session, make_user: MakeUser, district: District, held: StudySession
) -> None:
    client.sign_in(make_user("station", station_id=district.at_a.id))
    assert client.post("/calendar/feeds", data={"lecturer": "李老师"}).status_code == 303
    assert client.post("/calendar/feeds", data={"lecturer": "王老师"}).status_code == 303
    feed = session.scalars(select(CalendarFeed)).one()
    address = _address_in(client)
    client.post("/sign-out")
    answer = read(client, address)
    assert (answer.status_code, answer.mimetype) == (200, "text/calendar")
    events = events_of(answer)
    assert [str(one["UID"]) for one in events] == [f"{held.number}@trafficedu"]
    assert events[0]["DTSTART"].dt == held.starts_utc
    assert "张某某" not in answer.text
    again = read(client, address, **{"If-None-Match": answer.headers["ETag"]})
    assert (again.status_code, again.data) == (304, b"")
    held.lecturer = "李老师"
    held.capacity = 9
    session.commit()
    changed = read(client, address, **{"If-None-Match": answer.headers["ETag"]})
    assert changed.status_code == 200
    assert int(events_of(changed)[0]["SEQUENCE"]) > int(events[0]["SEQUENCE"])
    feed.generation += 1
    session.commit()
    assert read(client, address).status_code == 404
    assert read(client, address.replace(".ics", "x.ics")).status_code == 404


def _address_in(client: Browser) -> str:
    page = client.get("/calendar/feeds").text
    begins = page.index("/calendar/feeds/", page.index('class="breaks"'))
    return page[begins : page.index(".ics", begins)] + ".ics"


def test_only_the_own_station_makes_and_renews_feeds(
    client: Browser, session: Session, make_user: MakeUser, district: District, held: StudySession
) -> None:
    client.sign_in(make_user("station", station_id=district.at_b.id))
    client.post("/calendar/feeds", data={"lecturer": "李老师"})
    assert session.scalars(select(CalendarFeed)).all() == [], "nobody of this name holds sessions there"
    assert client.post("/calendar/feeds/renew", data={"lecturer": ""}).status_code == 404
    client.sign_in(make_user("officer", area_id=district.town.id))
    assert client.post("/calendar/feeds", data={}).status_code == 403


def test_the_forecast_leads_to_the_form_filled_in(
    client: Browser, session: Session, make_user: MakeUser, district: District
) -> None:
    for _ in range(5):
        assign(session, make_violation(session, make_rider(session), district.c), SYSTEM, NOW)
    session.commit()
    client.sign_in(make_user("station", station_id=district.at_a.id))
    page = client.get("/calendar/forecast").text
    link = page.split('href="/sessions/new?')[1].split('"')[0].replace("&amp;", "&")
    form = client.get(f"/sessions/new?{link}").text
    assert 'selected value="basic"' in form
