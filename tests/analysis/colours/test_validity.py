"""What rule set 2 must keep to."""

from __future__ import annotations

from typing import Any

import pytest

from tests.analysis.colours.district import PAYLOAD as FIRST_PAYLOAD
from tests.analysis.colours.second import PAYLOAD, RULES
from trafficedu.analysis.colours.registry import DIMENSIONS
from trafficedu.analysis.colours.rule_set import COMPANY, FIRST, KINDS, SECOND, VILLAGE, RuleSet
from trafficedu.analysis.colours.validity import faults, figures, weighted


def test_the_shipped_rules_hold() -> None:
    assert faults(PAYLOAD) == {}
    assert RULES.scheme == SECOND
    assert {kind: RULES.window(kind) for kind in KINDS} == {"district": 6, "town": 6, "village": 12, "company": 6}
    assert set(figures(SECOND)) < set(PAYLOAD)


def test_a_rule_set_without_a_scheme_is_of_the_first() -> None:
    assert RuleSet("default", FIRST_PAYLOAD).scheme == FIRST
    assert faults(FIRST_PAYLOAD) == {}
    assert "half_points" not in figures(FIRST)


def test_every_dimension_has_its_figure_and_its_weight() -> None:
    for dimension in DIMENSIONS:
        assert dimension.half in dimension.figures
        assert dimension.figures.items() <= figures(SECOND).items()
        for kind in dimension.kinds:
            assert dimension.name in weighted(kind, SECOND)
            assert RULES.weight(kind, dimension.name) > 0
    for kind in (VILLAGE, COMPANY):
        assert sum(RULES.weight(kind, name) for name in weighted(kind, SECOND)) == pytest.approx(1.0)


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"scheme": 3}, "scheme"),
        ({"scheme": True}, "scheme"),
        ({"window_town": 0}, "window_town"),
        ({"window_town": 6.5}, "window_town"),
        ({"window_village": 25}, "window_village"),
        ({"half_points": 0}, "half_points"),
        ({"half_trend": "3"}, "half_trend"),
        ({"half_helmets": float("nan")}, "half_helmets"),
        ({"least_information": 0}, "least_information"),
        ({"firm_level": 50}, "firm_level"),
        ({"firm_level": 100}, "firm_level"),
        ({"in_use": 101}, "in_use"),
        ({"looked_violations": -1}, "looked_violations"),
        ({"looked_stops": None}, "looked_stops"),
        ({"black_rule": "yellow"}, "black_rule"),
        ({"exposure": "days"}, "exposure"),
        ({"veto_red": 1}, "veto_red"),
        ({"blue": 91}, "blue"),
        ({"weights_area": {**PAYLOAD["weights_area"], "points": 30}}, "area_trend"),
        ({"weights_company": {"points": 100}}, "company_violations"),
    ],
)
def test_what_may_not_hold_is_told_at_its_field(change: dict[str, Any], field: str) -> None:
    assert field in faults({**PAYLOAD, **change})
