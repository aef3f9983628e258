"""The monthly evaluation under rule set 1: a district of three towns by hand, versions, checks, publishing."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from tests.factories import colours as made
from tests.factories import education, places
from tests.factories.evaluation import NOW, add_accidents, noon
from tests.factories.events import published
from trafficedu.areas.models import Area
from trafficedu.core.actors import SYSTEM, Actor, Scope
from trafficedu.core.database import database
from trafficedu.core.errors import Refusal
from trafficedu.core.month import Month
from trafficedu.core.transactions import is_writing
from trafficedu.evaluation.events import ColourWorsened, RunPublished
from trafficedu.evaluation.models import EvaluationResult, EvaluationRun
from trafficedu.evaluation.queries import runs
from trafficedu.evaluation.queries.differences import compare
from trafficedu.evaluation.queries.late import list_late
from trafficedu.evaluation.services import checking, judging, printing
from trafficedu.evaluation.services import runs as run_services
from trafficedu.riders.models import Engagement
from trafficedu.violations.models.records import Violation

pytestmark = pytest.mark.usefixtures("first_rules")
MONTH = made.MONTH


def of(session: Session, run: EvaluationRun, town: Area) -> EvaluationResult:
    found = runs.result_of(session, run, "town", town.code)
    assert found is not None
    return found


def scores(result: EvaluationResult) -> dict[str, float | None]:
    return {name: one["score"] for name, one in result.dimensions.items()}


def test_three_towns_by_hand(session: Session, towns: dict[str, Area]) -> None:
    run = run_services.evaluate(session, MONTH, NOW)
    assert [one.code for one in runs.results_of(session, run, "town")] == sorted(one.code for one in towns.values())
    a, b, c = (of(session, run, town) for town in towns.values())
    # Violations: expected at the rate of the two others. A: 50 of 5,000 e-bikes x 1,000 = 10; B: 40 of 4,000 x 2,000
    # = 20; C: 30 of 3,000 x 3,000 = 30. Each has what was expected: theta = 1, score 80.
    # A: points 90 of 100 = 90; education five of five on time with a quiz of 90: 70 + 27 = 97; helmets 92 of 100:
    #    (92 - 80) / 15 = 80; accidents: under 24 months before, absent. Weight 0.80.
    #    0.20 x 90 + 0.20 x 80 + 0.25 x 97 + 0.15 x 80 = 18 + 16 + 24.25 + 12 = 70.25; / 0.80 = 87.8125 -> 87.81, blue
    assert scores(a) == {"points": 90, "violations": 80, "education": 97, "helmets": 80, "trend": None}
    assert (a.score, a.colour, a.present, a.veto) == (87.81, "blue", 0.8, "")
    # B: points 50; education two on time (quiz 80, 100), one late (quiz 90), two open: (2 x 70 + 0.3 x 270) / 5
    #    = 221 / 5 = 44.2; helmets 99 observed, absent. Weight 0.65.
    #    0.20 x 50 + 0.20 x 80 + 0.25 x 44.2 = 10 + 16 + 11.05 = 37.05; / 0.65 = 57.00, red
    assert scores(b) == {"points": 50, "violations": 80, "education": 44.2, "helmets": None, "trend": None}
    assert (b.score, b.colour, b.present) == (57.0, "red", 0.65)
    assert b.dimensions["education"] == {"score": 44.2, "numerator": 221, "denominator": 5, "weight": 0.25}
    # C: points 100; four tasks are too few; helmets 190 of 200 = 95 % = 100. Weight 0.55, under 0.60: grey, but the
    #    fatal accident with equal responsibility caps it at orange.
    assert scores(c) == {"points": 100, "violations": 80, "education": None, "helmets": 100, "trend": None}
    assert (c.score, c.colour, c.present, c.veto) == (None, "orange", 0.55, "orange")
    assert c.inputs["trend"] == {"observed": 1}


def test_the_order_of_the_rows_never_matters(session: Session, towns: dict[str, Area]) -> None:
    run = run_services.evaluate(session, MONTH, NOW)
    # the same records under other ids: what was written last comes first
    for one in session.scalars(select(Violation).order_by(Violation.id.desc())).all():
        session.execute(update(Violation).where(Violation.id == one.id).values(id=1_000_000 - one.id))
    session.expire_all()
    assert run_services.evaluate(session, MONTH, NOW + timedelta(hours=1)) is run


def test_late_data_makes_a_version_and_says_what_changed(session: Session, towns: dict[str, Area]) -> None:
    first = run_services.evaluate(session, MONTH, NOW)
    run_services.publish_run(session, first, SYSTEM, NOW)
    stored = of(session, first, towns["A"]).hash
    education.make_violation(session, None, towns["A"], noon(made.DAY))
    check = checking.check_month(session, MONTH, NOW)
    assert (check.differences, len(check.drift)) == ([], 3)  # the others are judged by A's count as well
    second = run_services.evaluate(session, MONTH, NOW)
    assert (first.number, second.number, first.published, second.published) == (1, 2, True, False)
    assert of(session, first, towns["A"]).hash == stored
    compared = compare(session, second)
    assert compared is not None
    assert compared.before is first
    said = {one.said.code: one for one in compared.differences}
    assert said[towns["A"].code].dimensions == ["violations"]
    assert said[towns["A"].code].as_json()["before"] == ["blue", 87.81]
    assert runs.published_run(session, MONTH) is first
    reader = Actor(None, "", scope=Scope(everything=True))
    assert runs.shown_run(session, MONTH, reader) is first
    run_services.publish_run(session, second, SYSTEM, NOW)
    assert runs.shown_run(session, MONTH, reader) is second
    with pytest.raises(Refusal, match="already been published"):
        run_services.publish_run(session, second, SYSTEM, NOW)


def test_a_check_finds_what_was_changed_by_hand(session: Session, towns: dict[str, Area]) -> None:
    run = run_services.evaluate(session, MONTH, NOW)
    session.execute(
        update(EvaluationResult).where(EvaluationResult.code == towns["B"].code).values(colour="green", score=95.0)
    )
    session.expire_all()
    check = checking.check_month(session, MONTH, NOW)
    assert check.differences == [{"version": run.number, "kind": "town", "code": towns["B"].code}]


@pytest.mark.parametrize(
    ("month", "words"),
    [(Month(2027, 1), "not begun"), (Month(2003, 5), "Nothing was recorded")],
)
def test_a_month_that_cannot_be_evaluated_is_said(
    session: Session, towns: dict[str, Area], month: Month, words: str
) -> None:
    with pytest.raises(Refusal) as refused:
        run_services.evaluate(session, month, NOW)
    assert words in str(refused.value.text)
    assert session.scalar(select(EvaluationRun.id)) is None


def test_a_month_that_runs_is_not_published(session: Session, towns: dict[str, Area]) -> None:
    run = run_services.evaluate(session, MONTH, noon(date(2026, 10, 20)))
    with pytest.raises(Refusal, match="not over"):
        run_services.publish_run(session, run, SYSTEM, NOW)
    assert run_services.evaluate(session, MONTH, NOW).complete


def test_publishing_tells_which_colours_worsened(session: Session, towns: dict[str, Area]) -> None:
    heard = published(session, RunPublished, ColourWorsened)
    before = run_services.evaluate(session, MONTH, NOW)
    run_services.publish_run(session, before, SYSTEM, NOW)
    session.execute(update(EvaluationRun).values(month=MONTH - 1))
    session.execute(update(EvaluationResult).where(EvaluationResult.code == towns["B"].code).values(colour="yellow"))
    session.expire_all()
    run_services.publish_run(session, run_services.evaluate(session, MONTH, NOW), SYSTEM, NOW)
    assert [type(one).__name__ for one in heard] == ["RunPublished", "RunPublished", "ColourWorsened"]
    assert (heard[2].code, heard[2].before, heard[2].after) == (towns["B"].code, "yellow", "red")


def test_the_trend_is_measured_by_the_forecast_before_the_year(session: Session, towns: dict[str, Area]) -> None:
    # 40 months of 4 casualty accidents in A and B and 8 in C; in the last year A has none any more
    first = MONTH - 39
    a, b, c = towns.values()
    add_accidents(session, {a: [4] * 28 + [0] * 12, b: [4] * 40, c: [8] * 40}, first)
    run = run_services.evaluate(session, MONTH, NOW)
    inputs = {name: of(session, run, town).inputs["trend"] for name, town in towns.items()}
    assert (inputs["A"]["observed"], inputs["B"]["observed"], inputs["C"]["observed"]) == (0, 48, 97)
    assert inputs["A"]["origin"] == "2025-11"
    assert inputs["A"]["expected"] == pytest.approx(48, rel=0.15)
    assert inputs["C"]["expected"] == pytest.approx(96, rel=0.15)
    trend = {name: of(session, run, town).dimensions["trend"] for name, town in towns.items()}
    assert trend["A"]["score"] > trend["B"]["score"]
    assert run_services.evaluate(session, MONTH, NOW) is run  # found again, not fitted again


def test_the_worker_evaluates_what_is_due_and_says_nothing_of_empty_months(
    session: Session, towns: dict[str, Area]
) -> None:
    assert run_services.evaluate_due(session, NOW) == 1
    assert run_services.evaluate_due(session, NOW) == 0
    assert [one.month for one in session.scalars(select(EvaluationRun))] == [MONTH]
    education.make_violation(session, None, towns["A"], noon(made.DAY))
    night = datetime(2026, 11, 20, 18, 30, tzinfo=UTC)  # half past two in Shanghai
    assert run_services.evaluate_due(session, night) == 1
    assert len(runs.list_versions(session, MONTH)) == 2


def test_companies_are_judged_by_engaged_days(session: Session) -> None:
    company, other = places.add_company(session), places.add_company(session)
    session.execute(update(Area).values(evaluated=False))
    town = places.area(session)
    rider, another = education.make_rider(session), education.make_rider(session)
    for who, of_company, first in ((rider, company, date(2026, 1, 1)), (another, other, date(2026, 10, 17))):
        session.add(Engagement(rider_id=who.id, company_id=of_company.id, engaged_from=first))
    for number, (who, of_company) in {6: (rider, company), 3: (another, other)}.items():
        for _ in range(number):
            education.make_violation(
                session, who, town, noon(made.DAY), company_id=of_company.id, company_known="engaged"
            )
    run = run_services.evaluate(session, MONTH, NOW)
    found = runs.result_of(session, run, "company", company.code)
    assert found is not None
    # 31 days of one rider against 15 days with 3 violations: 31 x 3 / 15 = 6.2 expected
    assert found.inputs["violations"]["days"]["exposure"] == 31
    assert found.inputs["violations"]["days"]["expected"] == 6.2
    assert found.colour == "grey"


def test_nobody_waits_at_a_lock_while_a_month_is_judged(
    app: Flask, session: Session, towns: dict[str, Area], monkeypatch: pytest.MonkeyPatch
) -> None:
    session.commit()
    writing: list[bool] = []
    judge_month = judging.judge_month

    def watched(own: Session, *given: Any) -> judging.JudgedMonth:
        writing.append(is_writing(own))
        return judge_month(own, *given)

    monkeypatch.setattr(run_services, "judge_month", watched)
    with app.app_context(), database().sessionmaker() as reading:
        assert run_services.evaluate(reading, MONTH, NOW).number == 1
        assert run_services.evaluate_due(reading, datetime(2026, 11, 20, 18, 30, tzinfo=UTC)) == 0
    assert writing == [False, False]


def test_a_month_that_somebody_else_evaluated_meanwhile_is_judged_again(
    session: Session, towns: dict[str, Area], monkeypatch: pytest.MonkeyPatch
) -> None:
    judge_month, others = judging.judge_month, [MONTH]

    def overtaken(own: Session, month: Month, *given: Any) -> judging.JudgedMonth:
        judged = judge_month(own, month, *given)
        if others:
            run_services.evaluate(own, others.pop(), NOW)
            education.make_violation(own, None, towns["A"], noon(made.DAY))
        return judged

    monkeypatch.setattr(run_services, "judge_month", overtaken)
    run = run_services.evaluate(session, MONTH, NOW)
    assert run.number == 2
    compared = compare(session, run)
    assert compared is not None
    assert {one.said.code for one in compared.differences} == {town.code for town in towns.values()}


def test_a_version_is_compared_with_what_people_know_and_says_which_records_came_late(
    session: Session, towns: dict[str, Area]
) -> None:
    first = run_services.evaluate(session, MONTH, NOW)
    run_services.publish_run(session, first, SYSTEM, NOW)
    assert compare(session, first) is None
    education.make_violation(session, None, towns["B"], noon(made.DAY))
    run_services.evaluate(session, MONTH, NOW)  # a version that nobody saw
    late = [education.make_violation(session, None, towns["A"], noon(made.DAY)) for _ in range(9)]
    for violation in late:
        violation.recorded_utc = NOW + timedelta(minutes=30)
    session.flush()
    third = run_services.evaluate(session, MONTH, NOW + timedelta(hours=1))
    compared = compare(session, third)
    assert compared is not None
    assert (third.number, compared.before.number) == (3, 1)
    [worse] = [each for each in compared.colours if each.said.code == towns["A"].code]
    assert worse.before is not None
    assert worse.before.colour == "blue"
    result = of(session, third, towns["A"])
    [came] = list_late(session, result, MONTH, first.computed_utc, third.computed_utc)
    assert (str(came.what), came.count) == ("violations that came late", 9)
    assert came.numbers == [violation.number for violation in late[:8]]
    assert list_late(session, of(session, third, towns["C"]), MONTH, first.computed_utc, third.computed_utc) == []
    told = [str(line) for line in printing.check_in_words(checking.Check(first, 3, [], compared.differences))]
    assert any(f"{towns['A'].code} {towns['A'].name}: blue" in line for line in told)
    assert len(told) == 2 + len(compared.colours) + len(compared.vetoes) + bool(compared.small)
