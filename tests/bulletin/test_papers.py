"""The papers of a month: the same figures as the pages, in every state of the data, to whom they belong."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from flask import Flask
from python_calamine import CalamineWorkbook
from sqlalchemy.orm import Session

from tests.conftest import Browser
from tests.factories import colours as made
from tests.factories import evaluation as series
from tests.factories import hazards
from tests.factories.education import make_area
from tests.factories.evaluation import NOW
from tests.factories.people import make_user as person
from tests.reports.reading import read
from trafficedu import cli
from trafficedu.accounts.models import User
from trafficedu.accounts.queries import actor_of
from trafficedu.areas.models import Area
from trafficedu.bulletin.queries import scorecard
from trafficedu.bulletin.queries.month import gather
from trafficedu.core.actors import SYSTEM, Actor
from trafficedu.core.errors import DomainError, Missing
from trafficedu.education import queries as education
from trafficedu.evaluation import services
from trafficedu.evaluation.rules import month_after
from trafficedu.helmets import queries as helmets
from trafficedu.reports import bulletin
from trafficedu.reports import scorecard as card_paper

Makes = Callable[..., User]
MONTH, AFTER = made.MONTH, month_after(made.MONTH)


@pytest.fixture
def towns(session: Session) -> dict[str, Area]:
    return made.three_towns(session)


@pytest.fixture
def analyst(session: Session, towns: dict[str, Area]) -> Actor:
    return actor_of(person(session, "analyst", area_id=towns["A"].parent_id))


def publish(session: Session) -> None:
    services.publish_run(session, services.evaluate(session, MONTH, NOW), SYSTEM, NOW)
    session.commit()


def flat(pdf: bytes) -> str:
    return read(pdf, codes=False).flat.replace(" ", "").replace("\u00a0", "")


def test_the_bulletin_says_what_the_evaluation_and_the_pages_say(
    session: Session, towns: dict[str, Area], analyst: Actor
) -> None:
    publish(session)
    data = gather(session, analyst, "", MONTH, NOW, "zh").data
    (ranking, *_) = data.rankings
    assert [(one.name, one.colour, one.score) for one in ranking.standings] == [
        ("A", "blue", 87.81),
        ("B", "red", 57.0),
        ("C", "orange", None),  # a veto over too little data
    ]
    for one in ranking.standings[:2]:
        assert one.low is not None
        assert one.high is not None
        assert one.score is not None
        assert one.low - 1 <= one.score <= one.high + 1
    path = analyst.scope.area_path
    assert path is not None
    counted = education.count_completion(session, analyst, MONTH, AFTER, NOW, path)
    assert (data.completion.numerator, data.completion.denominator) == (counted.completed, counted.opened)
    due = {one.name: (one.rate.numerator, one.rate.denominator) for one in data.completion_by_area}
    assert due == {"A": (5, 5), "B": (2, 5), "C": (4, 4)}
    seen = helmets.list_observations(session, helmets.Wanted(month_after(MONTH, -2), AFTER, path), analyst)
    line = helmets.line_of(seen, helmets.standard(session))
    assert (data.helmets.numerator, data.helmets.denominator) == (line.helmeted, line.clear) == (381, 399)
    assert (data.violations.now, data.violations.year_before) == (60, 0)
    assert (data.casualties.now, data.fatal.now) == (1, 1)
    assert {one.name: (one.count, one.expected) for one in data.funnel} == {"A": (10, 10), "B": (20, 20), "C": (30, 30)}
    paper = flat(bulletin.render(data, "zh"))
    for said in ("87.8", "57.0", "381/399", "一票否决"):
        assert said in paper


@pytest.mark.parametrize("locale", ["zh", "en"])
def test_a_month_without_evaluation_or_records_has_a_bulletin(
    session: Session, towns: dict[str, Area], analyst: Actor, locale: str
) -> None:
    data = gather(session, analyst, "", month_after(MONTH, -5), NOW, locale).data
    assert data.evaluated is None
    assert data.outlook is None
    assert data.recommended.places == []
    reading = read(bulletin.render(data, locale), codes=False)
    assert "〔U+" not in reading.text
    assert reading.outside == []
    assert {"zh": "该月尚未评估", "en": "not been evaluated yet"}[locale] in reading.flat
    with pytest.raises(Missing):
        scorecard.gather(session, analyst, towns["A"].code, month_after(MONTH, -5), NOW, locale)


def test_a_month_that_is_not_over_has_none(session: Session, analyst: Actor) -> None:
    with pytest.raises(DomainError, match="not over"):
        gather(session, analyst, "", AFTER, NOW, "zh")


def test_places_are_recommended_by_the_rule_and_say_why(
    session: Session, towns: dict[str, Area], analyst: Actor
) -> None:
    months = 60  # an early warning needs twelve months of the same season
    first = month_after(MONTH, 1 - months)
    made_counts = {towns["A"]: [6] * months, towns["B"]: [2] * months, towns["C"]: [2] * (months - 1) + [14]}
    series.add_accidents(session, made_counts, first)
    village = make_area(session, "village", towns["B"])
    hazards.make_hazard(session, village, now=series.noon(MONTH))
    session.commit()
    data = gather(session, analyst, "", MONTH, NOW, "en").data
    places = {one.name: one for one in data.recommended.places}
    assert set(places) == {"A", "B", "C"}
    assert places["A"].observed == 6 * 36
    assert places["A"].low > 1 > places["B"].high
    assert any("more accidents than usual" in str(why) for why in places["A"].reasons)
    assert any("alarm" in str(why) for why in places["C"].reasons)
    assert any("Alarm" in str(finding) and "C" in str(finding) for finding in data.findings)
    assert data.outlook is not None
    assert len(data.outlook.ahead) == 12
    assert (data.hazards.new, data.hazards.open) == (1, 1)
    assert "Recommended" in str(data.findings[-1])


def test_a_leader_gets_the_own_town_alone(session: Session, towns: dict[str, Area]) -> None:
    publish(session)
    leader = actor_of(person(session, "leader", area_id=towns["A"].id))
    data = gather(session, leader, "", MONTH, NOW, "zh").data
    assert data.area == "A"
    assert data.violations.now == 10
    assert [ranking.kind for ranking in data.rankings] == ["village"]
    assert data.feedback_by_company == []
    for code in (towns["B"].code, "330109", "nowhere"):
        with pytest.raises(Missing):
            gather(session, leader, code, MONTH, NOW, "zh")
    with pytest.raises(Missing):
        scorecard.gather(session, leader, towns["B"].code, MONTH, NOW, "zh")


def test_a_scorecard_explains_a_veto_and_the_way_up(session: Session, towns: dict[str, Area], analyst: Actor) -> None:
    publish(session)
    data = scorecard.gather(session, analyst, towns["C"].code, MONTH, NOW, "en")
    assert data.colour == "orange"
    assert data.veto is not None
    assert data.peers == 2
    lifted = scorecard.gather(session, analyst, towns["B"].code, MONTH, NOW, "en")
    brought = sum(part.brings or 0.0 for part in lifted.parts)
    assert brought == pytest.approx(lifted.score, abs=0.02)
    assert any("Enough for orange" in str(why) for why in lifted.why)
    for locale in ("zh", "en"):
        reading = read(card_paper.render(lifted, locale), codes=False)
        assert len(reading.pages) == 1
        assert "57.0" in reading.text


def test_the_pages_hand_out_papers_within_the_scope(
    session: Session, client: Browser, towns: dict[str, Area], make_user: Makes
) -> None:
    publish(session)
    root, code = towns["A"].parent, towns["A"].code
    assert root is not None
    client.sign_in(make_user("analyst", area_id=root.id))
    page = client.get("/bulletin?month=2026-10&lang=en").get_data(as_text=True)
    assert f"/bulletin/2026-10/{root.code}.pdf" in page
    with client.get(f"/bulletin/2026-10/{root.code}.pdf?in=en") as answer:
        assert "Monthly road safety bulletin" in read(answer.get_data(), codes=False).title
    with client.get(f"/bulletin/2026-10/{root.code}.xlsx?in=en") as answer:
        book = CalamineWorkbook.from_filelike(io.BytesIO(answer.get_data()))
    assert [row[2] for row in book.get_sheet_by_name("Colours and ranks").to_python()][1:4] == ["A", "B", "C"]
    assert code in client.get("/scorecards?month=2026-10").get_data(as_text=True)
    rows = client.get("/indicators/2026-10.json").get_json()
    assert rows["month"] == "2026-10"
    for bad in ("/bulletin/2026-13/x.pdf", "/bulletin/2026-10/x.pdf", "/scorecards/nonsense/x.pdf"):
        assert client.get(bad).status_code == 404
    client.sign_in(make_user("leader", area_id=towns["B"].id))
    assert client.get(f"/bulletin/2026-10/{code}.pdf").status_code == 404
    assert client.get(f"/scorecards/2026-10/{code}.pdf").status_code == 404
    assert client.get(f"/scorecards/2026-10/{towns['B'].code}.pdf").status_code == 200
    assert client.get("/indicators/2026-10.json").status_code == 403


def test_a_company_downloads_its_own_scorecard_alone(
    session: Session, client: Browser, towns: dict[str, Area], make_user: Makes
) -> None:
    from tests.factories import places  # noqa: PLC0415 - two factories of that name

    own, other = places.add_company(session), places.add_company(session)
    publish(session)
    client.sign_in(make_user("company", company_id=own.id))
    page = client.get("/scorecards?month=2026-10").get_data(as_text=True)
    assert own.name in page
    assert other.name not in page
    assert client.get(f"/scorecards/2026-10/{own.code}.pdf").status_code == 200
    for code in (other.code, towns["A"].code):
        assert client.get(f"/scorecards/2026-10/{code}.pdf").status_code == 404
    assert client.get("/bulletin").status_code == 403


def run(*arguments: str) -> Result:
    return CliRunner().invoke(cli.commands, ["report", *arguments])


def test_the_command_line_writes_them(
    app: Flask, session: Session, towns: dict[str, Area], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cli, "application", lambda: app)
    monkeypatch.setenv("TRAFFICEDU_LOCALE", "en")
    services.evaluate(session, MONTH, NOW)  # not published: the command line sees it, and says so
    session.commit()
    root, code = towns["A"].parent, towns["A"].code
    assert root is not None
    paper, annex, card = (str(tmp_path / name) for name in ("b.pdf", "b.xlsx", "s.pdf"))
    wanted: list[tuple[Any, ...]] = [
        ("bulletin", "2026-10", "--area", root.code, "--lang", "zh", "-o", paper),
        ("bulletin", "2026-10", "--area", root.code, "-o", annex),
        ("scorecard", "2026-10", "--area", code, "-o", card),
    ]
    for arguments in wanted:
        done = run(*arguments)
        assert done.exit_code == 0, done.output
    assert "尚未发布" in flat(Path(paper).read_bytes())
    assert Path(annex).read_bytes().startswith(b"PK")
    assert len(read(Path(card).read_bytes(), codes=False).pages) == 1
    for wrong in (
        ("scorecard", "2026-10", "-o", card),
        ("bulletin", "October", "-o", paper),
        ("certificate", "C0", "--area", code, "-o", paper),
    ):
        assert run(*wrong).exit_code == 2
    assert isinstance(run("scorecard", "2026-10", "--area", "nowhere", "-o", card).exception, Missing)
