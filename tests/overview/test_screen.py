"""The one screen: what it shows is what was evaluated, of the own area and nothing beyond."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from tests.conftest import Browser, run_jobs
from tests.factories import places
from tests.factories.evaluation import add_accidents
from tests.factories.feedback import make_violation
from tests.factories.lists import NOW, OCTOBER, SEPTEMBER, publish
from trafficedu.accounts.models import User
from trafficedu.accounts.queries import actor_of
from trafficedu.areas.models import AreaBoundary
from trafficedu.bulletin.queries.brief import gather
from trafficedu.core.clock import today
from trafficedu.core.jobs import Job
from trafficedu.core.month import Month, Period
from trafficedu.core.text import translate
from trafficedu.evaluation.models import EvaluationResult
from trafficedu.overview.charts import by_month
from trafficedu.overview.queries.picture import draw
from trafficedu.overview.queries.screen import Tile, draw_screen

MakeUser = Callable[..., User]


@pytest.fixture
def evaluated(session: Session) -> None:
    publish(session, SEPTEMBER, {places.TOWN: "green", places.OTHER_TOWN: "blue"})
    publish(session, OCTOBER, {places.TOWN: "yellow", places.OTHER_TOWN: "blue", places.VILLAGE: "red"})


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


@pytest.mark.parametrize(
    ("colour", "veto", "firm", "note", "named", "watched"),
    [
        ("red", "", "red", "firm", True, False),
        ("red", "", "orange_or_worse", "orange: firm", True, False),
        ("orange", "", "orange_or_worse", "firm", True, False),
        ("orange", "", "", "to watch", False, True),
        ("orange", "orange", "orange_or_worse", "veto", True, False),
        ("green", "", "good", None, False, False),
        ("yellow", "", "", None, False, False),
        ("orange", "", None, None, True, False),
    ],
)
def test_only_what_is_firm_or_a_veto_is_named(
    colour: str, veto: str, firm: str | None, note: str | None, named: bool, watched: bool
) -> None:
    """The last row is of rule set 1, which has nothing firm: there every bad colour names."""
    tile = Tile("town", "1", "甲", colour, 65.0, "", veto, firm)
    assert (tile.note and translate(tile.note, "en"), tile.is_named, tile.is_watched) == (note, named, watched)


def test_what_is_firm_stands_before_what_is_to_watch(session: Session, make_user: MakeUser) -> None:
    run = publish(session, OCTOBER, {places.TOWN: "orange", places.OTHER_TOWN: "orange"})
    for code, score, firm in ((places.TOWN, 61.0, ""), (places.OTHER_TOWN, 66.0, "orange_or_worse")):
        result = session.scalars(
            select(EvaluationResult).where(EvaluationResult.run_id == run.id, EvaluationResult.code == code)
        ).one()
        result.score, result.low, result.high, result.firm = score, score - 5, score + 5, firm
    session.flush()
    by = actor_of(analyst(session, make_user))
    district = places.area(session, places.DISTRICT)
    screen = draw_screen(session, by, district, OCTOBER, NOW)
    assert [(tile.code, tile.firm) for tile in screen.tiles] == [
        (places.OTHER_TOWN, "orange_or_worse"),
        (places.TOWN, ""),
    ]
    said = gather(session, by, district, OCTOBER, NOW, "zh").data
    assert [one.name for one in said.worst] == [places.area(session, places.OTHER_TOWN).name]
    assert said.watched == 1


def test_the_key_figures_are_those_of_the_overview_and_name_what_is_not_evaluated(
    session: Session, evaluated: None, make_user: MakeUser
) -> None:
    district, unit = places.area(session, places.DISTRICT), places.area(session, places.UNIT)
    assert not unit.evaluated
    for code, times in ((places.VILLAGE, 3), (places.OTHER_VILLAGE, 1), (places.UNIT, 2)):
        for hours in range(times):
            when = datetime(2026, 10, 12, 1 + hours, tzinfo=UTC)
            make_violation(session, places.area(session, code), occurred=when)
    by = actor_of(analyst(session, make_user))
    figures = draw_screen(session, by, district, OCTOBER, NOW).figures
    picture = draw(session, by, district, Period(OCTOBER, OCTOBER), NOW)
    assert (figures.violations, picture.total) == (6, 6)
    assert (figures.outside, figures.not_evaluated) == (2, [unit.name])
    assert figures.compared == picture.compared
    assert figures.compared.because is not None, "records begin in the month"
    on_time = picture.completion
    assert (figures.on_time.numerator, figures.on_time.denominator) == (on_time.completed_on_time, on_time.due)
    drawn = by_month(draw(session, by, district, Period(SEPTEMBER, OCTOBER), NOW), "en")
    assert [line.values for line in drawn.series] == [[None, 6]], "no line from nought before the records begin"


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
    months = 30
    last = Month.of(today()) - 1
    add_accidents(session, {village: [2 + month % 2 for month in range(months - 1)] + [16]}, last - (months - 1))
    session.commit()
    client.sign_in(analyst(session, make_user))

    def screen(code: str, page: str = "/screen") -> str:
        return client.get(f"{page}?lang=en&area={code}").text

    coming, unusual, nothing = (
        "The alarms are being computed",
        " expected, up to ",
        "nothing unusual in what was judged",
    )
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


def test_the_wall_turns_leaves_where_more_areas_than_fit_are_evaluated(
    client: Browser, session: Session, make_user: MakeUser
) -> None:
    """A leaf holds 24 areas: 30 villages are two leaves of 15 seconds each, the worst on the first."""
    villages = [places.village_of(session, places.TOWN, place).code for place in range(30)]
    publish(session, OCTOBER, {places.TOWN: "blue", **dict.fromkeys(villages[:29], "green"), villages[29]: "red"})
    session.commit()
    client.sign_in(analyst(session, make_user))
    page = client.get(f"/screen/wall?month=2026-10&area={places.TOWN}&lang=en").text
    first, second = page.split('<div class="wall-leaf"')[1:]
    assert (first.count('class="stand '), second.count('class="stand ')) == (24, 6)
    assert first.index("stand-red") < first.index("stand-green")
    assert ('data-turn="15"' in page, 'data-refresh="60"' in page, "1 / 2" in page) == (True, True, True)
    assert "sign-out" not in page, "nobody's account hangs on a wall"


def test_a_veto_is_said_on_every_tile_it_holds(client: Browser, session: Session, make_user: MakeUser) -> None:
    run = publish(session, OCTOBER, {places.TOWN: "orange", places.OTHER_TOWN: "blue"})
    result = session.scalars(
        select(EvaluationResult).where(EvaluationResult.run_id == run.id, EvaluationResult.code == places.TOWN)
    ).one()
    result.veto = "orange"
    session.commit()
    client.sign_in(analyst(session, make_user))
    for address in ("/screen", "/screen/wall"):
        page = client.get(f"{address}?month=2026-10&lang=en").text
        assert page.count('<span class="stand-note">veto</span>') == 1


def test_one_entry_of_the_menu_is_marked_the_nearest(client: Browser, session: Session, make_user: MakeUser) -> None:
    """The page of trends lies below that of the five colours: only its own entry is the present page."""
    client.sign_in(analyst(session, make_user))
    page = client.get("/evaluation/trends?lang=en").text
    marked = re.findall(r'<a href="([^"]+)" aria-current="page"', page)
    assert set(marked) == {"/evaluation/trends"}
    client.sign_in(make_user("supervisor", area_id=places.area(session, places.TOWN).id))
    page = client.get("/calendar?lang=en").text
    assert set(re.findall(r'<a href="([^"]+)" aria-current="page"', page)) == {"/sessions"}
