"""Look-ups beside records: who is unusual among colleagues, what a supervisor reads of whom, the file."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from tests.conftest import Browser
from tests.factories.officers import Acting, acting, district
from tests.factories.people import make_user
from tests.factories.violations import District
from trafficedu.accounts.models import User
from trafficedu.areas.models import Area
from trafficedu.core.actors import Actor
from trafficedu.core.audit import AuditEntry
from trafficedu.core.clock import today, utc_now
from trafficedu.riders.models import RiderLookup, RiderLookupDay
from trafficedu.riders.queries.looked_up import Person, is_unusual, list_people
from trafficedu.riders.rules import LookupKey

__all__ = ["acting", "district"]


def looking(session: Session, area: Area, made: int, followed: int = 0, role: str = "officer", ago: int = 0) -> User:
    user = make_user(session, role, area_id=area.id)
    session.flush()
    day = today() - timedelta(days=ago)
    session.add(RiderLookupDay(user_id=user.id, on_day=day, made=made, followed=followed))
    session.flush()
    return user


@pytest.mark.parametrize(
    ("without", "usual", "unusual"),
    [(31, 10.0, True), (30, 10.0, False), (29, 0.0, False), (30, 0.0, True), (500, None, False), (91, 30.5, False)],
)
def test_unusual_is_beyond_the_colleagues_and_not_few(without: int, usual: float | None, unusual: bool) -> None:
    assert is_unusual(without, usual, times=3, floor=30) is unusual


@pytest.fixture
def supervisor(acting: Acting, district: District) -> Actor:
    return acting("supervisor", district.town)


def test_everybody_is_compared_with_colleagues_of_the_role(
    session: Session, district: District, supervisor: Actor
) -> None:
    curious = looking(session, district.town, 90, 5)
    usual = [looking(session, district.town, 40, 30), looking(session, district.other_town, 60, 48)]
    busy = looking(session, district.village, 200, 190)
    looking(session, district.town, 500, 0, role="supervisor")
    people = {one.username: one for one in list_people(session, supervisor, today())}
    assert people[curious.username] == Person(curious.username, curious.display_name, 90, 5, 10.0, unusual=True)
    assert people[busy.username].usual == 12.0
    assert not people[busy.username].unusual, "many look-ups with records are work"
    assert usual[1].username not in people, "of another town"
    alone = next(one for one in people.values() if one.made == 500)
    assert (alone.usual, alone.unusual) == (None, False), "nobody to be compared with"
    assert list(people)[0] == curious.username


def test_days_beyond_the_period_do_not_count(session: Session, district: District, supervisor: Actor) -> None:
    looking(session, district.town, 90, ago=30)
    assert list_people(session, supervisor, today()) == []
    looking(session, district.town, 90, ago=29)
    assert len(list_people(session, supervisor, today())) == 1


class TestPages:
    @pytest.fixture
    def desk(self, session: Session, client: Browser, district: District) -> Browser:
        client.sign_in(make_user(session, "supervisor", area_id=district.town.id))
        with client.session_transaction() as cookie:
            cookie["locale"] = "en"
        return client

    def look_up(self, session: Session, user: User, hour: int, key: LookupKey, followed: bool = False) -> None:
        at = utc_now().replace(hour=hour, minute=5) - timedelta(days=1)
        row = RiderLookup(user_id=user.id, at_utc=at, at_on=today() - timedelta(days=1), key=key, whole=True, found=1)
        row.shown, row.followed_utc = [1], at if followed else None
        session.add(row)

    def test_the_first_screen_shows_who_is_unusual_and_says_nothing_otherwise(
        self, session: Session, desk: Browser, district: District
    ) -> None:
        for _colleague in range(3):
            looking(session, district.town, 12, 6)
        session.commit()
        assert "Many look-ups without a record" not in desk.get("/").text
        curious = looking(session, district.town, 90)
        session.commit()
        home = desk.get("/").text
        assert "Many look-ups without a record" in home
        assert f'href="/look-ups/{curious.username}"' in home
        page = desk.get("/look-ups").text
        assert "more than 3 times the median of the other people of the same role, and at least 30" in page
        assert re.search(r"unusually many", page)

    def test_one_person_by_hour_and_kind_and_as_a_file(
        self, session: Session, desk: Browser, district: District
    ) -> None:
        user = looking(session, district.town, 3, 1)
        self.look_up(session, user, 1, LookupKey.PLATE, followed=True)  # nine in the morning, Shanghai
        self.look_up(session, user, 1, LookupKey.NAME)
        self.look_up(session, user, 15, LookupKey.NAME)
        session.commit()
        page = desk.get(f"/look-ups/{user.username}").text
        table = page[page.index("By hour and kind") :]
        assert re.findall(r'<th scope="row">(\d\d):00</th>', table) == ["09", "23"]
        assert "Recorded afterwards" in page
        narrowed = desk.get(f"/look-ups/{user.username}?key=plate").text
        assert ">23:00<" not in narrowed
        file = desk.fetch(f"/look-ups/{user.username}/export/csv").get_data().decode("utf-8-sig").splitlines()
        assert file[0] == "When,Looked up by,Typed,Riders shown,Recorded afterwards"
        assert [line.split(",")[1] for line in file[1:]] == ["name", "name", "plate"]
        exported = select(AuditEntry).where(AuditEntry.action == "riders:lookup:review")
        assert session.scalars(exported).one().actor_id is not None

    def test_nobody_of_elsewhere_and_no_stranger(self, session: Session, desk: Browser, district: District) -> None:
        other = looking(session, district.other_town, 90)
        session.commit()
        assert desk.get(f"/look-ups/{other.username}").status_code == 404
        assert desk.post(f"/look-ups/{other.username}/export/csv").status_code == 404
        assert desk.get("/look-ups/nobody").status_code == 404
        assert "No look-ups yet" in desk.get("/look-ups").text

    def test_an_officer_does_not_review(self, session: Session, client: Browser, district: District) -> None:
        client.sign_in(make_user(session, "officer", area_id=district.town.id))
        assert client.get("/look-ups").status_code == 403
