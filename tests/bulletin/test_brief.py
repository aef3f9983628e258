"""The commander's brief: what the screen shows, on one page, of a month that is over."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from tests.conftest import Browser
from tests.factories import places
from tests.factories.lists import NOW, OCTOBER, SEPTEMBER, publish
from tests.reports.reading import read
from trafficedu.accounts.models import User
from trafficedu.accounts.queries import actor_of
from trafficedu.areas.rules import Level
from trafficedu.bulletin.queries.brief import gather
from trafficedu.bulletin.services import render_brief
from trafficedu.core.clock import local_date
from trafficedu.core.errors import Missing, Refusal
from trafficedu.core.month import Month
from trafficedu.core.text import message, translate
from trafficedu.evaluation.models import EvaluationResult
from trafficedu.reports.brief import BriefData, WorstArea, render
from trafficedu.reports.romanised import romanised
from trafficedu.wiring.papers import MONTHLY_REPORTS

LONG = message("No comparison yet: the records do not reach back far enough.")
FULL = BriefData(
    district="萧山区",
    area="萧山区",
    month=Month(2026, 10),
    as_of=NOW,
    evaluated=message("No area is judged."),
    alarms=[LONG] * 40,
    changed=[LONG] * 40,
    compared=LONG,
    worst=[
        WorstArea(f"第{n}街道", Level.TOWN.label, "orange", 61.5, "green", message("veto") if n == 0 else None)
        for n in range(40)
    ],
    watched=3,
    colours=LONG,
    waits=[LONG] * 4,
    known=[LONG] * 5,
)


@pytest.mark.parametrize("locale", ["zh", "en"])
def test_however_much_there_is_it_stays_on_one_page_and_counts_what_it_leaves_out(locale: str) -> None:
    found = read(render(FULL, locale), codes=False)
    assert len(found.pages) == 1
    assert found.outside == []
    shown = sum(f"第{number}街道" in found.flat for number in range(40))
    assert 3 <= shown <= 10
    left_out = translate(message("%(count)s more on the screen.", count=40 - shown), locale)
    assert found.flat.count(left_out) == 3, "of alarms, of changes and of areas"


def test_it_says_what_the_screen_says(session: Session, make_user: Callable[..., User]) -> None:
    """A town of orange by a veto before one of blue, which is not among the worst; no records, so nothing compared."""
    publish(session, SEPTEMBER, {places.TOWN: "green"})
    run = publish(session, OCTOBER, {places.TOWN: "orange", places.OTHER_TOWN: "blue"})
    result = session.scalars(
        select(EvaluationResult).where(EvaluationResult.run_id == run.id, EvaluationResult.code == places.TOWN)
    ).one()
    result.veto = "orange"
    session.flush()
    district = places.area(session, places.DISTRICT)
    by = actor_of(make_user("analyst", area_id=district.id))
    said = gather(session, by, district, OCTOBER, NOW, "zh").data
    town = places.area(session, places.TOWN)
    assert said.worst == [WorstArea(town.name, Level.TOWN.label, "orange", result.score, "green", message("veto"))]
    assert said.watched == 0
    assert translate(said.colours, "en") == "orange 1, blue 1"
    assert said.changed == []
    assert "No comparison yet" in translate(said.compared, "en")
    assert len(said.waits) == 4
    assert all(" 0 overdue of 0 due" in translate(sentence, "en") for sentence in said.waits[:3])
    assert len(said.known) == 3
    with pytest.raises(Refusal):
        gather(session, by, district, Month.of(local_date(NOW)), NOW, "en")
    english = gather(session, by, district, OCTOBER, NOW, "en").data
    assert english.worst[0].name == romanised(town.name)


def test_the_command_line_and_the_page_hand_it_out_within_the_own_area_only(
    client: Browser, session: Session, make_user: Callable[..., User]
) -> None:
    publish(session, OCTOBER, {places.TOWN: "red", places.OTHER_TOWN: "blue"})
    session.commit()
    assert MONTHLY_REPORTS["brief"][".pdf"] is render_brief
    town = places.area(session, places.TOWN)
    assert town.name in read(render_brief(session, OCTOBER, "", "zh", NOW), codes=False).text
    with pytest.raises(Missing):
        render_brief(session, OCTOBER, "nowhere", "zh", NOW)
    client.sign_in(make_user("leader", area_id=town.id))
    assert f"/screen/brief/2026-10/{town.code}.pdf" in client.get("/screen?month=2026-10").text
    assert client.get(f"/screen/brief/2026-10/{places.OTHER_TOWN}.pdf").status_code == 404
    assert client.get(f"/screen/brief/9999-12/{town.code}.pdf").status_code == 404


def test_a_version_that_is_not_published_says_so(session: Session, make_user: Callable[..., User]) -> None:
    run = publish(session, OCTOBER, {places.TOWN: "red"})
    run.published_utc = None
    session.flush()
    district = places.area(session, places.DISTRICT)
    by = actor_of(make_user("analyst", area_id=district.id))
    assert "not published yet" in translate(gather(session, by, district, OCTOBER, NOW, "en").data.evaluated, "en")
    plain = replace(by, permissions=frozenset())
    assert "not been evaluated" in translate(gather(session, plain, district, OCTOBER, NOW, "en").data.evaluated, "en")
