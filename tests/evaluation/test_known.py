"""The monthly evaluation under rule set 2: three towns by hand, stored pools, who moves and who is told."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from tests.factories import colours as made
from tests.factories import education, places
from tests.factories.evaluation import NOW, noon, put_first_rules_in_force
from tests.factories.events import published
from trafficedu.areas.models import Area
from trafficedu.core.actors import SYSTEM
from trafficedu.core.errors import Refusal
from trafficedu.core.month import Month
from trafficedu.evaluation.events import ColourCorrected, ColourWorsened
from trafficedu.evaluation.models import EvaluationPools, EvaluationResult, EvaluationRun
from trafficedu.evaluation.queries import runs
from trafficedu.evaluation.queries.differences import compare
from trafficedu.evaluation.services import checking
from trafficedu.evaluation.services import runs as run_services
from trafficedu.riders.models import Engagement
from trafficedu.violations.models.records import Violation

MONTH = made.MONTH
LATER = NOW + timedelta(hours=1)


def of(session: Session, run: EvaluationRun, town: Area) -> EvaluationResult:
    found = runs.result_of(session, run, "town", town.code)
    assert found is not None
    return found


def test_three_towns_by_hand(session: Session, towns: dict[str, Area]) -> None:
    run = run_services.evaluate(session, MONTH, NOW)
    a, b, c = (of(session, run, town) for town in towns.values())
    nothing: list[int | None] = [None] * 5
    assert a.inputs == {
        "window": ["2026-05", "2026-10"],
        "points": [*nothing, [90, 100]],
        "violations": {"observed": [*nothing, 10], "exposure": {"ebikes": [*nothing, 1000], "stops": [None] * 6}},
        "looked": {"violations": 10, "stops": 0},
        "education": {"due": 5, "on_time": 5, "quiz": 450},
        "helmets": {"helmeted": 92, "observed": 100, "sites": 1},
        "trend": {"observed": [*nothing, 0], "exposure": {"ebikes": [*nothing, 1000]}},
    }
    # There is no history, so the priors hold, and the means of the other two towns.
    # Points: the others reached 50 and 100, mean 75; 900 / 3 = 300 between targets, 900 between months, one month:
    #   300 / (300 + 900) = 0.25 of the own 90: 75 + 0.25 x 15 = 78.75.
    assert a.dimensions["points"]["score"] == 78.75
    # Violations: 10 where 50 / 5,000 x 1,000 = 10 were to be expected, shape 5: theta ~ Gamma(15, 15), whose median is
    #   about 1 - 1 / 45 = 0.978; 100 - 20 ln(0.978 / 0.5) / ln 2 = 80.6.
    assert a.dimensions["violations"]["score"] == pytest.approx(80.6, abs=0.1)
    assert a.dimensions["violations"]["denominator"] == pytest.approx(10)
    # Education: 5 x 0.7 + 0.003 x 450 = 4.85 of 5; the others (2 x 0.7 + 0.003 x 270 = 2.21 of 5, 4 x 1 of 4) reached
    #   6.21 / 9 = 0.69, precision 20: Beta(13.8 + 4.85, 6.2 + 0.15), median (18.65 - 1/3) / (25 - 2/3) = 0.753.
    assert a.dimensions["education"]["score"] == pytest.approx(75.3, abs=0.1)
    # Helmets: all together wear them at 0.956 (effective riders, by the prior's variance between sites of 0.0016), so
    #   q = 0.042; 0.042 / (0.0016 + 0.042 / 100) = 20.8 effective riders, 19.15 with a helmet; the others 0.972:
    #   Beta(38.59, 2.23), median 0.953, above the 95 % that score 100.
    assert a.dimensions["helmets"]["score"] == 100
    assert a.dimensions["helmets"]["seen"] == pytest.approx(20.8, abs=0.1)
    # Accidents: none where the others' one on 5,000 e-bikes lets 0.2 be expected: Gamma(5, 5.2), median 0.897: 83.1.
    assert a.dimensions["trend"]["score"] == pytest.approx(83.1, abs=0.2)
    # Known: 1/2, 10/13, 5/10, 20.8/80.8 and 0.2/3.2, weighted by 0.20, 0.20, 0.25, 0.15, 0.20: 0.430.
    assert a.present == pytest.approx(0.430, abs=0.001)
    # 0.20 x 78.75 + 0.20 x 80.6 + 0.25 x 75.3 + 0.15 x 100 + 0.20 x 83.1 = 82.3; the median of the composite is
    # below, because points, helmets and ratios are cut off at 100 and have their long end on the bad side
    assert a.score is not None
    assert a.low is not None
    assert a.high is not None
    assert 75 < a.score < 82.3
    assert a.low < a.score < a.high
    assert a.probability is not None
    assert sum(a.probability.values()) == pytest.approx(1)
    # C has as much known, and a fatal accident with equal responsibility: orange at best, and that is firm.
    assert (c.colour, c.veto, c.firm) == ("orange", "orange", "orange_or_worse")
    assert b.firm == ""


def test_late_records_move_only_whom_they_concern(session: Session, towns: dict[str, Area]) -> None:
    first = run_services.evaluate(session, MONTH, NOW)
    for _ in range(12):
        education.make_violation(session, None, towns["A"], noon(made.DAY))
    second = run_services.evaluate(session, MONTH, LATER)
    assert (second.number, second.pools_id) == (2, first.pools_id)
    same = {name for name, town in towns.items() if of(session, first, town).hash == of(session, second, town).hash}
    assert same == {"B", "C"}
    late, known = of(session, second, towns["A"]), of(session, first, towns["A"])
    assert late.dimensions["violations"]["numerator"] == 22
    assert late.dimensions["violations"]["denominator"] == known.dimensions["violations"]["denominator"]
    # estimated anew, with a reason: B and C are compared with a rate that has A's late records in it
    for reason in ("", "  "):
        with pytest.raises(Refusal, match="Say why"):
            run_services.estimate_pools_anew(session, MONTH, reason, LATER, SYSTEM)
    third = run_services.estimate_pools_anew(session, MONTH, "补录全月", LATER, SYSTEM)
    assert third.number == 3
    assert third.pools is not None
    assert (third.pools.number, third.pools.reason) == (2, "补录全月")
    assert of(session, third, towns["B"]).hash != of(session, second, towns["B"]).hash
    assert of(session, third, towns["B"]).dimensions["violations"]["denominator"] > 20
    # and these hold from then on
    assert run_services.evaluate(session, MONTH, LATER + timedelta(hours=1)) is third


def test_pools_are_kept_from_the_first_version_of_a_month_that_is_over(
    session: Session, towns: dict[str, Area]
) -> None:
    running = datetime(2026, 10, 20, 4, tzinfo=NOW.tzinfo)
    early = run_services.evaluate(session, MONTH, running)
    assert not early.complete
    first = run_services.evaluate(session, MONTH, NOW)
    assert first.complete
    assert first.pools_id != early.pools_id
    education.make_violation(session, None, towns["A"], noon(made.DAY))
    assert run_services.evaluate(session, MONTH, LATER).pools_id == first.pools_id


def test_the_order_of_the_rows_never_matters(session: Session, towns: dict[str, Area]) -> None:
    run = run_services.evaluate(session, MONTH, NOW)
    for one in session.scalars(select(Violation).order_by(Violation.id.desc())).all():
        session.execute(update(Violation).where(Violation.id == one.id).values(id=1_000_000 - one.id))
    session.expire_all()
    assert run_services.evaluate(session, MONTH, LATER) is run


def test_a_check_works_out_again_what_is_stored_and_sees_what_was_changed(
    session: Session, towns: dict[str, Area]
) -> None:
    run = run_services.evaluate(session, MONTH, NOW)
    found = checking.check_month(session, MONTH, LATER)
    assert (found.results, found.differences, found.drift) == (3, [], [])
    result = of(session, run, towns["A"])
    result.firm = "good"
    session.flush()
    assert [one["code"] for one in checking.check_month(session, MONTH, LATER).differences] == [towns["A"].code]
    result.firm = ""
    pools = session.get_one(EvaluationPools, run.pools_id)
    changed: dict[str, Any] = {**pools.payload["town"], "targets": 4}
    pools.payload = {**pools.payload, "town": changed}
    session.flush()
    assert len(checking.check_month(session, MONTH, LATER).differences) == 3


def test_a_month_judged_before_stays_under_its_rules(session: Session, towns: dict[str, Area]) -> None:
    first = put_first_rules_in_force(session)
    old = run_services.evaluate(session, MONTH, NOW)
    assert (old.rule_set_id, old.pools_id) == (first.id, None)
    first.valid_from = Month(2999, 1)  # from now on the shipped ones hold
    session.flush()
    education.make_violation(session, None, towns["A"], noon(made.DAY))
    again = run_services.evaluate(session, MONTH, LATER)
    assert (again.number, again.rule_set_id, again.pools_id) == (2, first.id, None)
    assert checking.check_month(session, MONTH, LATER).differences == []
    with pytest.raises(Refusal, match="no stored pools"):
        run_services.estimate_pools_anew(session, MONTH, "为何", LATER, SYSTEM)


def test_only_what_is_firm_is_told_of_a_worse_colour(
    session: Session, towns: dict[str, Area], monkeypatch: pytest.MonkeyPatch
) -> None:
    before = run_services.evaluate(session, MONTH, NOW)
    run_services.publish_run(session, before, SYSTEM, NOW)
    run = EvaluationRun(
        month=MONTH + 1,
        number=1,
        rule_set_id=before.rule_set_id,
        pools_id=before.pools_id,
        complete=True,
        digest="x" * 64,
        computed_utc=NOW,
        checked_utc=NOW,
    )
    session.add(run)
    session.flush()
    told = {"A": ("red", "", ""), "B": ("red", "orange_or_worse", ""), "C": ("red", "red", "red")}
    for name, (colour, firm, veto) in told.items():
        old = of(session, before, towns[name])
        old.colour = "blue"
        session.add(
            EvaluationResult(
                run_id=run.id,
                kind="town",
                area_id=old.area_id,
                code=old.code,
                name=old.name,
                colour=colour,
                score=old.score,
                present=old.present,
                veto=veto,
                firm=firm,
                inputs={},
                dimensions={},
                hash="x" * 64,
            )
        )
    session.flush()
    events = published(session, ColourWorsened, ColourCorrected)
    run_services.publish_run(session, run, SYSTEM, datetime(2026, 12, 2, 4, tzinfo=NOW.tzinfo))
    worse = {event.code for event in events if isinstance(event, ColourWorsened)}
    assert worse == {towns["B"].code, towns["C"].code}
    assert not [event for event in events if isinstance(event, ColourCorrected)]


def test_a_version_reads_like_a_change_log(session: Session, towns: dict[str, Area]) -> None:
    first = run_services.evaluate(session, MONTH, NOW)
    run_services.publish_run(session, first, SYSTEM, NOW)
    late = [education.make_violation(session, None, towns["A"], noon(made.DAY)) for _ in range(40)]
    for violation in late:
        violation.recorded_utc = NOW + timedelta(minutes=30)
    session.flush()
    compared = compare(session, run_services.evaluate(session, MONTH, LATER))
    assert compared is not None
    assert compared.before.number == 1
    parts = (compared.colours, compared.vetoes, compared.firmness, compared.small)
    assert [len(part) for part in parts].count(0) == 3
    assert {each.said.code for part in parts for each in part} == {towns["A"].code}


def test_one_town_alone_is_grey_and_no_error(session: Session) -> None:
    session.execute(update(Area).values(evaluated=False))
    town = education.make_area(session, "town", education.make_area(session, "district", name="独镇区"))
    education.make_violation(session, None, town, noon(made.DAY))
    run = run_services.evaluate(session, MONTH, NOW)
    result = of(session, run, town)
    # with nobody beside it nothing can be expected, so nothing is known
    assert (result.colour, result.score, result.firm, result.present) == ("grey", None, "", 0.0)
    assert checking.check_month(session, MONTH, LATER).differences == []


def test_companies_are_judged_by_engaged_days_one_of_a_single_rider_too(session: Session) -> None:
    company, other = places.add_company(session), places.add_company(session)
    session.execute(update(Area).values(evaluated=False))
    riders = education.make_rider(session), education.make_rider(session)
    for who, of_company, first in ((riders[0], company, date(2026, 1, 1)), (riders[1], other, date(2026, 10, 17))):
        session.add(Engagement(rider_id=who.id, company_id=of_company.id, engaged_from=first))
    for number, (who, of_company) in {6: (riders[0], company), 3: (riders[1], other)}.items():
        for _ in range(number):
            education.make_violation(
                session, who, places.area(session), noon(made.DAY), company_id=of_company.id, company_known="engaged"
            )
    run = run_services.evaluate(session, MONTH, NOW)
    found = runs.result_of(session, run, "company", company.code)
    assert found is not None
    days = found.inputs["violations"]["exposure"]["days"]
    assert days[-1] == 31
    # the other had 3 violations in 15 days: 31 x 3 / 15 = 6.2 would have been expected
    assert found.dimensions["violations"]["numerator"] == 6
    assert found.dimensions["violations"]["denominator"] == pytest.approx(6.2)


def test_a_month_without_a_record_is_not_judged(session: Session, towns: dict[str, Area]) -> None:
    with pytest.raises(Refusal, match="Nothing was recorded"):
        run_services.evaluate(session, Month(2025, 3), NOW)
