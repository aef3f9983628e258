"""The papers of a month: the same figures as the pages, in every state of the data, to whom they belong."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from contextlib import contextmanager
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
from tests.factories import places as known
from tests.factories.evaluation import NOW, put_first_rules_in_force
from tests.factories.full_counts import count_completion
from tests.factories.people import make_user as person
from tests.reports.reading import read
from trafficedu import cli
from trafficedu.accounts.models import User
from trafficedu.accounts.queries import actor_of
from trafficedu.analysis.colours.first.chance import ScoreLimits
from trafficedu.areas.models import Area
from trafficedu.areas.queries import tree as areas
from trafficedu.bulletin.queries import places, rates, scorecard, standings
from trafficedu.bulletin.queries.accidents import Trend
from trafficedu.bulletin.queries.asked import Asked
from trafficedu.bulletin.queries.month import gather
from trafficedu.core.actors import SYSTEM, Actor
from trafficedu.core.errors import Missing, Refusal
from trafficedu.core.month import Period
from trafficedu.evaluation.services import runs
from trafficedu.evaluation.services.trends import compute_trend
from trafficedu.hazards.queries.figures import HazardCounts
from trafficedu.helmets.queries import rates as helmets
from trafficedu.helmets.queries.monthly import RateCriteria, list_seen
from trafficedu.reports import bulletin
from trafficedu.reports import scorecard as card_paper
from trafficedu.reports.bulletin_data import NamedRate

Makes = Callable[..., User]
MONTH, FIRST, AFTER = made.MONTH, made.MONTH.first, made.MONTH.next.first


@pytest.fixture
def analyst(session: Session, towns: dict[str, Area]) -> Actor:
    return actor_of(person(session, "analyst", area_id=towns["A"].parent_id))


def publish(session: Session) -> None:
    runs.publish_run(session, runs.evaluate(session, MONTH, NOW), SYSTEM, NOW)
    session.commit()


def flat(pdf: bytes) -> str:
    return read(pdf, codes=False).flat.replace(" ", "").replace("\u00a0", "")


def test_the_bulletin_says_what_the_evaluation_and_the_pages_say(
    session: Session, towns: dict[str, Area], analyst: Actor
) -> None:
    put_first_rules_in_force(session)
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
        assert one.low <= one.score <= one.high
    path = analyst.scope.area_path
    assert path is not None
    counted = count_completion(session, path, Period(MONTH, MONTH), NOW)
    assert (data.completion.numerator, data.completion.denominator) == (counted.completed, counted.opened)
    due = {one.name: (one.rate.numerator, one.rate.denominator) for one in data.completion_by_area}
    assert due == {"A": (5, 5), "B": (2, 5), "C": (4, 4)}
    seen = list_seen(session, RateCriteria(Period(MONTH - 2, MONTH), path), analyst)
    line = helmets.line_of(seen, helmets.standard(session))
    assert (data.helmets.numerator, data.helmets.denominator) == (line.helmeted, line.clear) == (381, 399)
    assert (data.violations.now, data.violations.year_before) == (60, None), "a year before nothing was on record"
    assert (data.casualties.now, data.fatal.now) == (1, 1)
    assert {one.name: (one.count, one.expected) for one in data.funnel} == {"A": (10, 10), "B": (20, 20), "C": (30, 30)}
    paper = flat(bulletin.render(data, "zh"))
    for said in ("87.8", "57.0", "381/399", "一票否决"):
        assert said in paper


@pytest.mark.parametrize("locale", ["zh", "en"])
def test_a_month_without_evaluation_or_records_has_a_bulletin(
    session: Session, towns: dict[str, Area], analyst: Actor, locale: str
) -> None:
    data = gather(session, analyst, "", MONTH - 5, NOW, locale).data
    assert data.evaluated is None
    assert data.outlook is None
    assert data.recommended.places == []
    reading = read(bulletin.render(data, locale), codes=False)
    assert "〔U+" not in reading.text
    assert reading.outside == []
    assert {"zh": "该月尚未评估", "en": "not been evaluated yet"}[locale] in reading.flat
    with pytest.raises(Missing):
        scorecard.gather(session, analyst, towns["A"].code, MONTH - 5, NOW, locale)


def test_a_month_that_is_not_over_has_none(session: Session, analyst: Actor) -> None:
    with pytest.raises(Refusal, match="not over"):
        gather(session, analyst, "", MONTH.next, NOW, "zh")


def test_places_are_recommended_by_the_rule_and_say_why(session: Session) -> None:
    months = 40  # an early warning needs two years, and forecasts of a year
    district, often, sudden, late = (
        known.area(session, code) for code in (known.DISTRICT, known.TOWN, known.OTHER_TOWN, "330109002")
    )
    parts = areas.list_children(session, district, FIRST)
    others = [town for town in parts if town not in (often, sudden)]
    counts = {often: [6] * months, sudden: [2] * (months - 1) + [14]} | {town: [2] * months for town in others}
    series.add_accidents(session, counts, MONTH - (months - 1))
    watched = places.load_watched(session, district, MONTH, NOW)
    asked = Asked(session, SYSTEM, district, parts, MONTH, NOW)
    fitted = Trend(compute_trend("casualty", watched["casualty"]))
    judged = places.judge_month(asked, district, watched, fitted)
    assert judged["not_judged"] == {"short": len(parts), "unknown": 0}, "violations are not on record"
    alarms = places.alarmed(judged)
    assert list(alarms) == [sudden.code]
    trend = Trend({"rows": {often.code: {"expected": [6.1]}, sudden.code: {"expected": [2.4]}}})
    overdue = {late.code: HazardCounts(overdue=2)}
    found = places.recommend(session, district, parts, MONTH, trend, alarms, overdue, watched["casualty"])
    assert [one.code for one in found.places] == [often.code, sudden.code, late.code]
    first, second, third = found.places
    assert (first.observed, first.expected, found.months) == (6 * 36, 6.1, 36)
    assert first.low > 1
    assert [str(why) for why in first.reasons] == [
        "more accidents than usual (probability 99 %)",
        "among the 3 with the most accidents expected",
    ]
    assert "alarm: Casualty accidents" in [str(why) for why in second.reasons]
    assert [str(why) for why in third.reasons] == ["overdue hazards: 2"]
    assert "at least 90 %" in str(found.rule)


def test_months_on_record_bring_a_forecast(session: Session) -> None:
    district, town = known.area(session, known.DISTRICT), known.area(session, known.TOWN)
    series.add_accidents(session, {town: [4] * 8}, MONTH - 7)
    hazards.make_hazard(session, known.area(session, known.VILLAGE), now=series.noon(FIRST))
    analyst = actor_of(person(session, "analyst", area_id=district.id))
    data = gather(session, analyst, "", MONTH, NOW, "en").data
    assert data.outlook is not None
    assert (len(data.outlook.months), len(data.outlook.ahead)) == (8, 12)
    assert (data.hazards.new, data.hazards.open) == (1, 1)
    assert "E-bike casualty accidents" in read(bulletin.render(data, "en"), codes=False).flat


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
    put_first_rules_in_force(session)
    publish(session)
    data = scorecard.gather(session, analyst, towns["C"].code, MONTH, NOW, "en")
    assert data.colour == "orange"
    assert data.veto is not None
    assert data.peers == 2
    lifted = scorecard.gather(session, analyst, towns["B"].code, MONTH, NOW, "en")
    brought = sum(part.brings or 0.0 for part in lifted.parts)
    assert brought == pytest.approx(lifted.score, abs=0.02)
    assert any("Enough for orange" in str(why) for why in lifted.why)
    assert any("not judged: fewer than 3 sites were counted (1)" in str(note) for note in lifted.notes)
    for locale in ("zh", "en"):
        reading = read(card_paper.render(lifted, locale), codes=False)
        assert len(reading.pages) == 1
        assert "57.0" in reading.text


def test_the_pages_hand_out_papers_within_the_scope(
    session: Session, client: Browser, towns: dict[str, Area], make_user: Makes
) -> None:
    put_first_rules_in_force(session)
    publish(session)
    root, code = towns["A"].parent, towns["A"].code
    assert root is not None
    client.sign_in(make_user("analyst", area_id=root.id))
    page = client.get("/bulletin?month=2026-10&lang=en").get_data(as_text=True)
    assert f"/bulletin/2026-10/{root.code}.pdf" in page
    with client.fetch(f"/bulletin/2026-10/{root.code}.pdf?in=en", "GET") as answer:
        assert "Monthly road safety bulletin" in read(answer.get_data(), codes=False).title
    with client.fetch(f"/bulletin/2026-10/{root.code}.xlsx?in=en", "GET") as answer:
        book = CalamineWorkbook.from_filelike(io.BytesIO(answer.get_data()))
    assert [row[2] for row in book.get_sheet_by_name("Colours and ranks").to_python()][1:4] == ["A", "B", "C"]
    assert code in client.get("/scorecards?month=2026-10").get_data(as_text=True)
    rows = client.fetch("/indicators/2026-10.json", "GET").get_json()
    assert rows["month"] == "2026-10"
    for bad in (
        "/bulletin/2099-01/x.pdf",
        "/indicators/1999-12.json",
        "/bulletin/2026-13/x.pdf",
        "/bulletin/2026-10/x.pdf",
        "/scorecards/nonsense/x.pdf",
    ):
        assert client.get(bad).status_code == 404
    client.sign_in(make_user("leader", area_id=towns["B"].id))
    assert client.get(f"/bulletin/2026-10/{code}.pdf").status_code == 404
    assert client.get(f"/scorecards/2026-10/{code}.pdf").status_code == 404
    assert client.fetch(f"/scorecards/2026-10/{towns['B'].code}.pdf", "GET").mimetype == "application/pdf"
    assert client.get("/indicators/2026-10.json").status_code == 403


def test_a_company_downloads_its_own_scorecard_alone(
    session: Session, client: Browser, towns: dict[str, Area], make_user: Makes
) -> None:
    own, other = known.add_company(session), known.add_company(session)
    publish(session)
    client.sign_in(make_user("company", company_id=own.id))
    page = client.get("/scorecards?month=2026-10").get_data(as_text=True)
    assert own.name in page
    assert other.name not in page
    assert client.fetch(f"/scorecards/2026-10/{own.code}.pdf", "GET").mimetype == "application/pdf"
    for code in (other.code, towns["A"].code):
        assert client.get(f"/scorecards/2026-10/{code}.pdf").status_code == 404
    assert client.get("/bulletin").status_code == 403


def run(*arguments: str) -> Result:
    return CliRunner().invoke(cli.commands, ["report", *arguments])


def test_the_command_line_writes_them(
    app: Flask, session: Session, towns: dict[str, Area], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:

    @contextmanager
    def opened() -> Iterator[Flask]:
        """Open the test's application and leave its connection to the test."""
        with app.app_context():
            yield app

    monkeypatch.setattr(cli, "open_installation", opened)
    monkeypatch.setenv("TRAFFICEDU_LOCALE", "en")
    runs.evaluate(session, MONTH, NOW)  # not published: the command line sees it, and says so
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


def test_a_rate_is_marked_where_it_leaves_out_that_of_all_together() -> None:
    """10/50, 45/50, 44/50: together 99/150 = 66 %. Wilson at 99.8 % (z 3.0902, z^2/n .19099):

    20 %: (.2 + .0955 + 3.0902 sqrt(.2 * .8 / 50 + .19099 / 200)) / 1.19099 = (.2955 + .1992) / 1.19099 = 41.5 %
    90 %: (.9 + .0955 - 3.0902 sqrt(.9 * .1 / 50 + .19099 / 200)) / 1.19099 = (.9955 - .1622) / 1.19099 = 70.0 %
    88 %: (.88 + .0955 - 3.0902 sqrt(.88 * .12 / 50 + .19099 / 200)) / 1.19099 = (.9755 - .1712) / 1.19099 = 67.5 %
    """
    rows = [NamedRate(name, name, rates.wilson_rate(n, 50)) for name, n in (("a", 10), ("b", 45), ("c", 44))]
    nobody = NamedRate("d", "d", rates.wilson_rate(0, 0))
    assert [one.state for one in rates.apart([*rows, nobody])] == ["below", "above", "above", ""]
    assert [one.state for one in rates.apart([nobody])] == [""]


def test_the_limits_of_a_score_reach_to_the_score() -> None:
    limits = ScoreLimits(71.0, 84.0, 2, 9)
    assert standings.chances(limits, 70.7) == {"low": 70.7, "high": 84.0, "best": 2, "worst": 9}
    assert standings.chances(limits, 90.0)["high"] == 90.0
    assert set(standings.chances(None, None).values()) == {None}


def test_an_english_bulletin_names_places_with_their_pinyin(
    session: Session, towns: dict[str, Area], analyst: Actor
) -> None:
    towns["A"].name = "城厢街道"
    session.flush()
    english = gather(session, analyst, "", MONTH - 5, NOW, "en").data
    chinese = gather(session, analyst, "", MONTH - 5, NOW, "zh").data
    assert "城厢街道 Chengxiang" in [one.name for one in english.completion_by_area]
    assert "城厢街道" in [one.name for one in chinese.completion_by_area]
