from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import pytest

from trafficedu.core.errors import Refusal
from trafficedu.hazards import rules
from trafficedu.hazards.rules import Standing

D = date(2026, 11, 20)


@pytest.mark.parametrize(
    ("field", "given"),
    [
        ("goal", (" ", "b", "c", D)),
        ("measures", ("a", "", "c", D)),
        ("responsible", ("a", "b", "", D)),
        ("deadline_on", ("a", "b", "c", None)),
        ("deadline_on", ("a", "b", "c", date(2026, 11, 19))),
        ("deadline_on", ("a", "b", "c", date(2027, 11, 22))),
    ],
)
def test_a_plan_has_four_parts_and_a_deadline_in_reach(field: str, given: tuple[str, str, str, date | None]) -> None:
    rules.check_plan("a", "b", "c", date(2027, 11, 21), D)
    with pytest.raises(Refusal) as refused:
        rules.check_plan(*given, D)
    assert refused.value.field == field


def test_the_deadline_is_over_the_day_after_it_and_only_while_nobody_fixed_it() -> None:
    assert not rules.is_overdue("planned", D, D)
    assert rules.is_overdue("fixing", D, date(2026, 11, 21))
    assert not rules.is_overdue("fixed", D, date(2026, 12, 1))
    assert not rules.is_overdue("reported", None, D)


def test_a_deadline_moved_after_it_passed_does_not_make_it_on_time() -> None:
    assert rules.was_on_time(D, None, D)
    assert not rules.was_on_time(D, None, date(2026, 11, 21))
    assert not rules.was_on_time(date(2026, 12, 31), D, date(2026, 11, 25))


@dataclass(frozen=True)
class Taken:
    what: str
    happened_on: date
    deadline_on: date | None = None


def test_a_past_day_is_replayed_from_the_steps() -> None:
    steps = [
        Taken("reported", date(2026, 11, 2)),
        Taken("planned", date(2026, 11, 3), date(2026, 11, 10)),
        Taken("fixed", date(2026, 11, 9), date(2026, 11, 10)),
        Taken("rejected", date(2026, 11, 12), date(2026, 11, 10)),
        Taken("revised", date(2026, 11, 13), date(2026, 11, 30)),
        Taken("fixed", date(2026, 12, 1), date(2026, 11, 30)),
        Taken("verified", date(2026, 12, 2), date(2026, 11, 30)),
    ]
    assert rules.standing_on(steps, date(2026, 11, 1)) is None
    assert rules.standing_on(steps, date(2026, 11, 2)) == Standing("reported", None)
    assert rules.standing_on(steps, date(2026, 11, 11)) == Standing("fixed", date(2026, 11, 10))
    assert rules.standing_on(steps, date(2026, 11, 12)) == Standing("fixing", date(2026, 11, 10))
    assert rules.standing_on(steps, date(2026, 11, 30)) == Standing("fixing", date(2026, 11, 30))
    assert rules.standing_on(steps, date(2027, 1, 1)) == Standing("verified", date(2026, 11, 30))


def test_every_step_that_can_be_taken_has_a_name_and_every_state_too() -> None:
    assert set(rules.ALLOWED_FROM) | {rules.REPORTED} == set(rules.STEP_NAMES)
    assert set(rules.STATE_NAMES) == set(rules.STATES)
    assert set(rules.STATE_AFTER.values()) == set(rules.STATES)
