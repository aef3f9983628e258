"""The one screen: what it shows is what was evaluated, of the own area and nothing beyond."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from tests.conftest import Browser, run_jobs
from tests.factories import places
from tests.factories.evaluation import add_accidents
from tests.factories.lists import NOW, OCTOBER, SEPTEMBER, publish
from trafficedu.accounts.models import User
from trafficedu.accounts.queries import actor_of
from trafficedu.areas.models import AreaBoundary
from trafficedu.core.clock import today
from trafficedu.core.jobs import Job
from trafficedu.core.month import Month
from trafficedu.overview.queries.screen import draw_screen

MakeUser = Callable[..., User]
INPUTS = {
    "violations": {"observed": 7},
    "education": {"due": 10, "on_time": 8, "quiz": 900},
    "helmets": {"helmeted": 90, "observed": 100},
}


@pytest.fixture
def evaluated(session: Session) -> None:
    publish(session, SEPTEMBER, {places.TOWN: "green", places.OTHER_TOWN: "blue"})
    publish(session, OCTOBER, {places.TOWN: "yellow", places.OTHER_TOWN: "blue", places.VILLAGE: "red"}, INPUTS)


def analyst(session: Session, make_user: MakeUser) -> User:
    return make_user("analyst", area_id=places.area(session, places.DISTRICT).id)


def test_towns_stand_where_the_evaluation_put_them(session: Session, evaluated: None, make_user: MakeUser) -> None:
    by = actor_of(analyst(session, make_user))
    screen = draw_screen(session, by, places.area(session, places.DISTRICT), OCTOBER, NOW)
    assert [(tile.code, tile.colour, tile.moved) for tile in screen.tiles] == [
        (places.TOWN, "yellow", 2),
        (places.OTHER_TOWN, "blue", 0),
    ]
    assert screen.counts == {"yellow": 1, "blue": 1}
    figures = screen.figures
    assert (figures.violations, figures.on_time.numerator, figures.on_time.denominator) == (14, 16, 20)
    assert (figures.helmets.numerator, figures.helmets.denominator) == (180, 200)


def test_a_town_shows_itself_and_its_villages(session: Session, evaluated: None, make_user: MakeUser) -> None:
    by = actor_of(make_user("leader", area_id=places.area(session, places.TOWN).id))
    screen = draw_screen(session, by, places.area(session, places.TOWN), OCTOBER, NOW)
    assert screen.own is not None
    assert (screen.own.colour, screen.own.moved) == ("yellow", 2)
    assert [tile.code for tile in screen.tiles] == [places.VILLAGE]
    assert (screen.parent, list(screen.companies)) == (None, [])


def test_towns_with_an_outline_become_a_map(
    client: Browser, session: Session, evaluated: None, make_user: MakeUser
) -> None:
    ring = [[120.0, 30.0], [120.2, 30.0], [120.2, 30.2], [120.0, 30.0]]
    session.add(AreaBoundary(area_id=places.area(session, places.TOWN).id, rings=[ring], imported_utc=NOW))
    client.sign_in(analyst(session, make_user))
    session.commit()
    page = client.get("/screen?month=2026-10&lang=en").text
    assert page.count('<path class="stand-yellow"') == 1
    assert places.area(session, places.OTHER_TOWN).name in page


def test_before_a_month_is_evaluated_the_screen_says_so(client: Browser, session: Session, make_user: MakeUser) -> None:
    client.sign_in(analyst(session, make_user))
    for address in ("/screen?month=2026-10&lang=en", "/screen/wall?month=2026-10&lang=en"):
        answer = client.get(address)
        assert answer.status_code == 200
        assert "2026-10 has not been evaluated yet" in answer.text
    assert client.get("/screen?month=soon").status_code == 404


def test_nobody_opens_the_screen_of_another_area(
    client: Browser, session: Session, evaluated: None, make_user: MakeUser
) -> None:
    session.commit()
    client.sign_in(make_user("leader", area_id=places.area(session, places.TOWN).id))
    assert client.get(f"/screen?area={places.OTHER_TOWN}").status_code == 404
    assert places.area(session, places.OTHER_TOWN).name not in client.get("/screen").text
    assert 'data-refresh="60"' in client.get("/screen/wall").text


@pytest.mark.parametrize(
    "address", ["/screen?month=0001-01", "/screen?month=9999-12", "/evaluation/trends?after_last=0001-01"]
)
def test_months_at_the_edge_of_the_calendar_break_no_page(
    client: Browser, session: Session, make_user: Callable[..., User], address: str
) -> None:
    client.sign_in(make_user("analyst", area_id=places.area(session, places.DISTRICT).id))
    assert client.get(address).status_code in {200, 404}


def test_a_page_computes_no_alarms_and_a_village_sees_its_own(
    client: Browser, session: Session, make_user: MakeUser
) -> None:
    village, other = places.area(session, places.VILLAGE), places.area(session, places.NEXT_VILLAGE)
    months = 60
    last = Month.of(today()) - 1
    add_accidents(session, {village: [2 + month % 2 for month in range(months - 1)] + [12]}, last - (months - 1))
    session.commit()
    client.sign_in(analyst(session, make_user))

    def screen(code: str, page: str = "/screen") -> str:
        return client.get(f"{page}?lang=en&area={code}").text

    coming, unusual, nothing = "The alarms are being computed", ", usual up to", "Nothing unusual in"
    assert coming in screen(places.VILLAGE)
    assert coming in screen(places.VILLAGE)
    assert run_jobs(client.application) == 1, "asked for once"
    assert [coming in screen(code) for code in (places.VILLAGE, places.TOWN, places.DISTRICT)] == [False, False, True]
    assert unusual in screen(places.VILLAGE)
    assert unusual in screen(places.TOWN)
    assert nothing in screen(other.code)
    assert screen(places.VILLAGE, "/screen/wall").count(village.name) > screen(other.code, "/screen/wall").count(
        village.name
    )
    assert run_jobs(client.application) == 1, "that of the district"
    assert unusual in screen(places.DISTRICT)


def test_alarms_whose_job_was_cancelled_are_asked_for_by_a_button(
    client: Browser, session: Session, make_user: MakeUser
) -> None:
    client.sign_in(analyst(session, make_user))
    client.get("/screen")
    number = session.scalars(select(Job.number)).one()
    client.post(f"/jobs/{number}/cancel")
    page = client.get("/screen").text
    assert "计算已取消" in page
    assert f"/jobs/{number}/again" in page
    assert run_jobs(client.application) == 0
    client.post(f"/jobs/{number}/again")
    assert run_jobs(client.application) == 1
    assert "计算已取消" not in client.get("/screen").text


def test_who_waits_for_alarms_is_not_drawn_the_screen_meanwhile(
    client: Browser, session: Session, make_user: MakeUser
) -> None:
    client.sign_in(analyst(session, make_user))
    page = client.get("/screen").text
    (address,) = re.findall(r'hx-get="([^"]+)"[^>]*hx-swap="none"', page)
    assert client.get(address, headers={"HX-Request": "true"}).status_code == 204
    assert run_jobs(client.application) == 1
    there = client.get(address, headers={"HX-Request": "true"})
    assert (there.status_code, there.headers["HX-Refresh"], there.text) == (200, "true", "")
    assert "hx-get" not in client.get(address).text
