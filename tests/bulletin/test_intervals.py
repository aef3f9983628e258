"""What the interval of a score is depends on the rule set, and so does its level; the words take both from there."""

from __future__ import annotations

from tests.analysis.colours import district
from tests.analysis.colours.second import PAYLOAD
from trafficedu.analysis.colours.first.chance import ScoreLimits
from trafficedu.bulletin.queries.standings import how_sure, interval_means
from trafficedu.core.text import translate
from trafficedu.evaluation.models import EvaluationResult, EvaluationRun, RuleSetRecord
from trafficedu.evaluation.rules.names import SHIPPED_NAMES, rule_set_title
from trafficedu.evaluation.services.rule_sets import SHIPPED

KNOWN = EvaluationRun(rule_set=RuleSetRecord(code="second", payload=PAYLOAD))
BY_CHANCE = EvaluationRun(rule_set=RuleSetRecord(code="first", payload=dict(district.RULES.payload)))


def test_under_rule_set_2_it_is_where_the_score_lies_with_90_percent() -> None:
    assert "probability of 90 %" in str(interval_means(KNOWN))
    said = how_sure(KNOWN, EvaluationResult(score=71.2), ScoreLimits(60.4, 79.6, 3, 9))
    assert str(said) == "By what was recorded it lies between 60 and 80 with a probability of 90 %."


def test_under_rule_set_1_it_is_how_far_chance_goes_and_reaches_to_the_score() -> None:
    assert "95 of 100 months" in str(interval_means(BY_CHANCE))
    said = how_sure(BY_CHANCE, EvaluationResult(score=85.0), ScoreLimits(60.4, 79.6, 3, 9))
    assert said is not None
    assert translate(said, "zh") == "仅凭偶然波动，得分也可能是60到85（风险不变时100个月中的95个月）。"


def test_nothing_is_said_of_a_target_without_a_score() -> None:
    assert how_sure(KNOWN, EvaluationResult(score=None), None) is None


def test_a_shipped_rule_set_has_its_name_in_the_language_of_the_reader() -> None:
    stored = '"name": "五色评估考评（规则二） / Five colours (rule set 2)"'
    assert stored in SHIPPED.read_text(encoding="utf-8")
    title = rule_set_title("五色评估考评（规则二） / Five colours (rule set 2)")
    assert (translate(title, "zh"), translate(title, "en")) == ("五色评估考评（规则二）", "Five colours (rule set 2)")
    assert translate(rule_set_title("萧山试行 / trial"), "en") == "萧山试行 / trial"
    assert len(SHIPPED_NAMES) == 2
