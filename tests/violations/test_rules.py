"""The arithmetic of a record."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from trafficedu.core.errors import Refusal
from trafficedu.violations.rules import checks

NOW = datetime(2026, 11, 20, 4, 0, tzinfo=UTC)


@pytest.mark.parametrize(("age", "expected"), [(None, None), (13, None), (14, (20, 35)), (17, (20, 35)), (18, None)])
def test_the_milder_end_is_for_the_young_who_can_be_fined(age: int | None, expected: tuple[int, int] | None) -> None:
    assert checks.milder_fine(age, 20, 50, 14) == expected


@pytest.mark.parametrize(("age", "fined"), [(13, False), (14, True), (None, True)])
def test_nobody_under_fourteen_is_fined(age: int | None, fined: bool) -> None:
    if fined:
        checks.check_age(age, "fine", 14)
    else:
        with pytest.raises(Refusal):
            checks.check_age(age, "fine", 14)
    checks.check_age(age, "warning", 14)


def test_how_far_back() -> None:
    checks.check_time(NOW - timedelta(days=30), NOW, 30)
    checks.check_time(NOW - timedelta(days=3000), NOW, None)
    with pytest.raises(Refusal):
        checks.check_time(NOW - timedelta(days=30, seconds=1), NOW, 30)
    with pytest.raises(Refusal):
        checks.check_time(NOW + timedelta(seconds=1), NOW, None)
