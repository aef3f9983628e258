from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import pytest

from trafficedu.core.errors import Refusal
from trafficedu.hazards import rules
from trafficedu.hazards.rules import HazardAct, HazardState, StateOnDay

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
    assert not rules.is_overdue(HazardState.PLANNED, D, D)
    assert rules.is_overdue(HazardState.FIXING, D, date(2026, 11, 21))
    assert not rules.is_overdue(HazardState.FIXED, D, date(2026, 12, 1))
    assert not rules.is_overdue(HazardState.REPORTED, None, D)


def test_a_deadline_moved_after_it_passed_does_not_make_it_on_time() -> None:
    assert rules.was_on_time(D, None, D)
    assert not rules.was_on_time(D, None, date(2026, 11, 21))
    assert not rules.was_on_time(date(2026, 12, 31), D, date(2026, 11, 25))


@dataclass(frozen=True)
class Taken:
    what: HazardAct
    happened_on: date
    deadline_on: date | None = None


def test_a_past_day_is_replayed_from_the_steps() -> None:
    steps = [
        Taken(HazardAct.REPORTED, date(2026, 11, 2)),
        Taken(HazardAct.PLANNED, date(2026, 11, 3), date(2026, 11, 10)),
        Taken(HazardAct.FIXED, date(2026, 11, 9), date(2026, 11, 10)),
        Taken(HazardAct.REJECTED, date(2026, 11, 12), date(2026, 11, 10)),
        Taken(HazardAct.REVISED, date(2026, 11, 13), date(2026, 11, 30)),
        Taken(HazardAct.FIXED, date(2026, 12, 1), date(2026, 11, 30)),
        Taken(HazardAct.VERIFIED, date(2026, 12, 2), date(2026, 11, 30)),
    ]
    assert rules.state_on(steps, date(2026, 11, 1)) is None
    assert rules.state_on(steps, date(2026, 11, 2)) == StateOnDay(HazardState.REPORTED, None)
    assert rules.state_on(steps, date(2026, 11, 11)) == StateOnDay(HazardState.FIXED, date(2026, 11, 10))
    assert rules.state_on(steps, date(2026, 11, 12)) == StateOnDay(HazardState.FIXING, date(2026, 11, 10))
    assert rules.state_on(steps, date(2026, 11, 30)) == StateOnDay(HazardState.FIXING, date(2026, 11, 30))
    assert rules.state_on(steps, date(2027, 1, 1)) == StateOnDay(HazardState.VERIFIED, date(2026, 11, 30))


def test_every_step_that_can_be_taken_has_a_name_and_every_state_too() -> None:
    assert set(rules.HAZARD_LIFE.table) == set(rules.HazardAct)
    assert all(word.label.msgid for word in (*rules.HazardAct, *rules.HazardState))
    assert {after for _, after in rules.HAZARD_LIFE.table.values()} - {None} == set(rules.HazardState)
