"""What became of those who studied: who is counted, what is said of small numbers, what a rule leaves to compare."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

import numpy as np
import pytest
from sqlalchemy.orm import Session

from tests.factories.education import District
from tests.outcomes.making import held, offended, studied
from trafficedu.analysis.said.outcomes import EDUCATED, LONGER, answer
from trafficedu.analysis.said.result import Direction, Verdict
from trafficedu.core.actors import SYSTEM
from trafficedu.core.month import Month, Period
from trafficedu.core.text import translate
from trafficedu.education.queries.reoffence import count_reoffence
from trafficedu.outcomes import rules
from trafficedu.outcomes.queries.cohort import Cohort, Subject
from trafficedu.outcomes.services.working_out import contrast_of, outcome_of

DAY = date(2026, 1, 12)
PERIOD = Period(Month(2026, 1), Month(2026, 2))
NOW = datetime(2026, 11, 23, 6, 0, tzinfo=UTC)


def after(days: int) -> date:
    return DAY + timedelta(days=days)


def test_the_plain_rate_is_that_of_the_overview(session: Session, district: District) -> None:
    study = held(session, district, DAY)
    for days in (180, 181, 0, 20):
        offended(session, studied(session, study, district.c), district.a, after(days))
    twice = studied(session, study, district.b)
    offended(session, twice, district.a, after(-400), after(-3), after(8), after(9))
    path = district.root.path
    found = outcome_of(session, district.root, PERIOD, NOW)
    plain = count_reoffence(session, SYSTEM, path, PERIOD, NOW)
    assert (found["observed"], found["again"]) == (plain.observed, plain.reoffended) == (5, 3)
    assert outcome_of(session, district.b, PERIOD, NOW)["riders"] == 1
    early = outcome_of(session, district.root, PERIOD, datetime(2026, 2, 1, 6, tzinfo=UTC))
    assert (early["riders"], early["taken"], early["observed"], early["again"]) == (5, 5, 0, 0)


def test_of_small_groups_the_number_is_given_and_nothing_more(session: Session, district: District) -> None:
    study, other = held(session, district, DAY), held(session, district, after(1), lecturer="李")
    for place in range(24):
        task = studied(session, study, district.a, birth_date=date(1990, 1, 1))
        if place % 3 == 0:
            offended(session, task, district.a, after(10 + place))
    offended(session, studied(session, other, district.a, score=85), district.a, after(30))
    found = outcome_of(session, district.root, PERIOD, NOW)
    large, small = sorted(found["groups"]["lecturer"], key=lambda row: -row["riders"])
    assert (large["name"], large["riders"], large["again"]) == ("王", 24, 8)
    assert small == {"name": "李", "riders": 1}
    assert [row["name"] for row in found["groups"]["score"]] == ["89", "90"]
    assert found["curves"]["lines"]["basic"][-1][3] == 16
    assert found["longer"]["risk"] is None


def test_nobody_studied(session: Session, district: District) -> None:
    found = outcome_of(session, district.root, PERIOD, NOW)
    assert (found["riders"], found["model"], found["curves"]["lines"]) == (0, None, {})


def people(chance: np.random.Generator, size: int, treated: Callable[[int], float], slope: float) -> Cohort:
    """Riders whose hazard rises with former offences; the treatment changes it by ``slope``."""
    subjects = []
    for _ in range(size):
        former = int(chance.integers(1, 5))
        own = bool(chance.random() < treated(former))
        days = int(np.ceil(chance.exponential(1500 / np.exp(0.7 * former + slope * own))))
        alike = {rules.FORMER: str(former), rules.AGE: "34", rules.KIND: "2007", rules.WORK: "private"}
        seen = rules.Watched(min(days, 180), days <= 180)
        subjects.append(Subject({rules.COURSE: "x"}, alike, seen, observed=True, treated=own))
    return Cohort(subjects, size, 1, 0)


def test_a_course_that_helps_is_found_though_its_riders_offend_again_more_often() -> None:
    cohort = people(np.random.default_rng(3), 3000, lambda former: 0.2 * former, -0.4)
    found = contrast_of(cohort, 180)
    again = {True: 0.0, False: 0.0}
    for arm in again:
        again[arm] = float(np.mean([one.watched.again for one in cohort.subjects if one.treated is arm]))
    assert again[True] > again[False] + 0.05
    assert found["risk"]["high"] < 0
    said = answer(LONGER, found, 180, 15)
    assert (said.verdict, said.direction, said.assumption) == (Verdict.PROVEN, Direction.GOOD, None)
    assert "more than chance explains" in translate(said.sentence, "en")
    assert said.needed is not None
    assert "Number needed to educate" in translate(said.needed, "en")
    assert "教育" in translate(said.needed, "zh")


def test_a_rule_leaves_nobody_to_compare_with_and_the_page_says_what_it_assumes() -> None:
    cohort = people(np.random.default_rng(4), 2500, lambda former: float(former >= 2), -0.8)
    assert contrast_of(cohort, 180)["risk"] is None
    found = contrast_of(cohort, 180, by_rule=True)
    assert found["assumed"]
    assert found["risk"]["high"] < 0
    assert found["arms"]["with"]["compared"] == 0
    said = answer(LONGER, found, 180, 15)
    assert said.assumption is not None
    assert "takes for granted" in translate(said.assumption, "en")


def test_a_course_that_does_nothing_is_rarely_said_to_help() -> None:
    chance = np.random.default_rng(6)
    wrong = 0
    for _ in range(20):
        found = contrast_of(people(chance, 400, lambda former: 0.2 * former, 0.0), 180)
        wrong += found["risk"]["high"] < 0 or found["risk"]["low"] > 0
    assert wrong <= 4


@pytest.mark.parametrize("question", [LONGER, EDUCATED])
def test_what_cannot_be_said_is_said(question: str) -> None:
    few = people(np.random.default_rng(1), 30, lambda _: 0.5, 0.0)
    said = answer(question, contrast_of(few, 180), 180, 15)
    assert (said.verdict, said.needed) == (Verdict.NOT_JUDGED, None)
    assert "It cannot be said" in translate(said.sentence, "en")
    assert "无法判断" in translate(said.sentence, "zh")


def risk(low: float, difference: float, high: float, needed: dict[str, Any]) -> dict[str, Any]:
    arms = {"with": {"compared": 100}, "without": {"compared": 100}}
    values = {"treated": 0.3 + difference, "untreated": 0.3, "difference": difference, "low": low, "high": high}
    return {"risk": values, "arms": arms, "assumed": False, "needed": needed}


def test_a_difference_that_could_be_chance_goes_through_infinity() -> None:
    needed = {"value": 20.0, "benefit": 8.0, "harm": 40.0, "least": None, "most": None}
    said = answer(EDUCATED, risk(-0.125, -0.05, 0.025, needed), 180, 15)
    assert said.verdict is Verdict.CHANCE
    assert "could be chance" in translate(said.sentence, "en")
    assert said.needed is not None
    assert "∞" in translate(said.needed, "en")
    worse = {"value": -20.0, "benefit": None, "harm": None, "least": 12.5, "most": 50.0}
    said = answer(LONGER, risk(0.02, 0.05, 0.08, worse), 180, 15)
    assert said.direction is Direction.BAD
    assert said.needed is not None
    assert "One more rider offends again among 20" in translate(said.needed, "en")
