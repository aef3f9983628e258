"""A city of three districts: who sees what, what stands side by side, and whose name is on a page."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from tests.conftest import Browser
from tests.factories.cities import City, make_city
from tests.factories.education import NOW, make_rider, make_violation
from trafficedu.accounts.models import User
from trafficedu.accounts.queries import actor_of
from trafficedu.areas.models import RegisteredEBikes
from trafficedu.core.actors import SYSTEM
from trafficedu.core.month import Month, Period
from trafficedu.coverage.models import CoverageMark
from trafficedu.coverage.rules import FigureKind, State
from trafficedu.evaluation.models import EvaluationRun
from trafficedu.evaluation.queries.areas import kinds_seen
from trafficedu.evaluation.queries.runs import list_kinds, results_of
from trafficedu.evaluation.services.runs import evaluate, publish_run
from trafficedu.overview.queries import picture
from trafficedu.overview.queries.screen import draw_screen
from trafficedu.violations.models.records import Violation

MakeUser = Callable[..., User]
OCTOBER = Month(2026, 10)
SEEN = 1, 4, 9
"""Violations of each district in October."""
PAPERS = {
    "pdf": "application/pdf",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}


@pytest.fixture
def city(session: Session) -> City:
    """A city with violations in a village of each district; the other town of each said that it had none.

    A town that is silent beside one with nine would else be taken for one that did not report.
    """
    made = make_city(session)
    for district, count in zip(made.districts, SEEN, strict=True):
        session.add(RegisteredEBikes(area_id=district.root.id, month=OCTOBER, ebikes=1_000))
        for day in range(count):
            make_violation(session, make_rider(session), district.a, datetime(2026, 10, 5 + day, 4, tzinfo=UTC))
        said = {"figure": FigureKind.VIOLATIONS, "month": OCTOBER, "state": State.NONE}
        session.add(CoverageMark(area_id=district.other_town.id, **said))
    session.flush()
    return made


@pytest.fixture
def evaluated(session: Session, city: City) -> EvaluationRun:
    """The city's October, published."""
    run = evaluate(session, OCTOBER, NOW)
    publish_run(session, run, SYSTEM, NOW)
    return run


def test_a_district_sees_its_own_and_nothing_of_its_neighbours(
    client: Browser, session: Session, city: City, make_user: MakeUser
) -> None:
    own, neighbour, _ = city.districts
    numbers = {
        district.root.code: [
            row.number for row in session.scalars(select(Violation).where(Violation.area_id == district.a.id))
        ]
        for district in (own, neighbour)
    }
    client.sign_in(make_user("supervisor", area_id=own.root.id))
    page = client.get("/violations?since=2026-10-01&until=2026-10-31").text
    assert all(number in page for number in numbers[own.root.code])
    assert not any(number in page for number in numbers[neighbour.root.code])
    assert client.get(f"/violations/{numbers[neighbour.root.code][0]}").status_code == 404
    assert client.get(f"/overview?area={neighbour.root.code}").status_code == 404
    assert client.get(f"/overview?area={city.city.code}").status_code == 404
    client.sign_in(make_user("supervisor", area_id=city.city.id))
    page = client.get("/violations?since=2026-10-01&until=2026-10-31").text
    assert all(number in page for number in numbers[own.root.code] + numbers[neighbour.root.code])


def test_districts_of_a_city_are_judged_against_each_other(
    session: Session, city: City, evaluated: EvaluationRun, make_user: MakeUser
) -> None:
    assert list_kinds(session, evaluated) >= {"district", "town", "village"}
    rows = {row.code: row for row in results_of(session, evaluated, "district")}
    assert rows.keys() == {district.root.code for district in city.districts}
    counts = [rows[district.root.code].dimensions["violations"]["numerator"] for district in city.districts]
    assert tuple(counts) == SEEN
    best = rows[city.districts[0].root.code].dimensions["violations"]
    assert best["denominator"] == 1_000 * (SEEN[1] + SEEN[2]) / 2_000
    posts = city.province, city.city, city.districts[0].root, city.districts[0].town, city.districts[0].a
    seen = [kinds_seen(session, actor_of(make_user("analyst", area_id=post.id))) for post in posts]
    assert seen == [
        ["district", "town", "village", "company"],
        ["district", "town", "village"],
        ["district", "town", "village"],
        ["town", "village"],
        ["village"],
    ]


def test_the_screen_above_districts_shows_them_worst_first(
    session: Session, city: City, evaluated: EvaluationRun, make_user: MakeUser
) -> None:
    rows = {row.code: row for row in results_of(session, evaluated, "district")}
    for row, (colour, score) in zip(rows.values(), (("green", 95.0), ("red", 20.0), ("orange", 61.0)), strict=True):
        row.colour, row.score = colour, score
    session.flush()
    for top in (city.province, city.city):
        screen = draw_screen(session, actor_of(make_user("analyst", area_id=top.id)), top, OCTOBER, NOW)
        assert [tile.colour for tile in screen.tiles] == ["red", "orange", "green"]
        assert (screen.level, screen.figures.violations) == ("district", sum(SEEN))


def test_the_overview_counts_each_level_from_the_one_below(session: Session, city: City, make_user: MakeUser) -> None:
    own = city.districts[2]
    by = actor_of(make_user("analyst", area_id=city.province.id))
    expected = {city.province: [14], city.city: [9, 4, 1], own.root: [9, 0], own.town: [9, 0], own.a: []}
    for area, counts in expected.items():
        drawn = picture.draw(session, by, area, Period(OCTOBER, OCTOBER), NOW)
        assert [row.violations for row in drawn.below] == counts


@pytest.mark.parametrize("place", ["city", "district"])
def test_every_page_of_figures_opens_in_a_city(
    client: Browser, session: Session, city: City, evaluated: EvaluationRun, make_user: MakeUser, place: str
) -> None:
    post = city.city if place == "city" else city.districts[1].root
    client.sign_in(make_user("analyst", area_id=post.id))
    for address in (
        "/",
        "/overview?first=2026-10&last=2026-10",
        "/screen?month=2026-10",
        "/screen/wall?month=2026-10",
        "/evaluation?month=2026-10",
        "/evaluation/trends",
        "/bulletin?month=2026-10",
        "/scorecards?month=2026-10",
        "/areas?level=all",
        "/hazards/overdue",
        "/accidents",
        "/helmets",
        "/points",
        "/campaigns",
        "/lists?month=2026-10",
    ):
        assert client.get(address, follow_redirects=True).status_code == 200, address
    own = city.districts[1].root.code
    assert client.get(f"/evaluation/2026-10/district/{own}").status_code == 200
    for paper, mimetype in PAPERS.items():
        with client.fetch(f"/bulletin/2026-10/{post.code}.{paper}?in=en", "GET") as answer:
            assert (answer.status_code, answer.mimetype) == (200, mimetype), "the page of a job that failed is no paper"
    assert client.fetch(f"/scorecards/2026-10/{own}.pdf", "GET").mimetype == PAPERS["pdf"]
    page = client.get("/screen?month=2026-10&lang=en").text
    assert (city.districts[0].root.code in page) == (place == "city")
    assert "Districts" in page or place == "district"
