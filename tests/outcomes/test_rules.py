"""Who is alike, and how long somebody is watched."""

from datetime import date, timedelta

import pytest

from trafficedu.outcomes.rules import Watched, age_level, former_level, score_level, watched

START = date(2026, 1, 10)
LATER = date(2026, 11, 1)


def after(days: int) -> date:
    return START + timedelta(days=days)


@pytest.mark.parametrize(
    ("offences", "through", "expected"),
    [
        ([START + timedelta(days=180)], LATER, Watched(180, again=True)),
        ([START + timedelta(days=181)], LATER, Watched(180, again=False)),
        ([START], LATER, Watched(180, again=False)),
        (
            [after(-1), after(9), after(3)],
            LATER,
            Watched(3, again=True),
        ),
        ([], START + timedelta(days=30), Watched(30, again=False)),
        ([], START, None),
        ([], START - timedelta(days=3), None),
    ],
)
def test_somebody_is_watched_from_the_day_after(offences: list[date], through: date, expected: Watched | None) -> None:
    assert watched(offences, START, through, 180) == expected


def test_former_offences_are_days_of_the_year_before() -> None:
    day = date(2026, 5, 5)
    assert former_level([], day) == "0"
    assert former_level([day, day, day - timedelta(days=364)], day) == "2"
    assert former_level([day - timedelta(days=365), day + timedelta(days=1)], day) == "0"
    assert former_level([day - timedelta(days=n) for n in range(9)], day) == "4"


@pytest.mark.parametrize(
    ("born", "level"),
    [
        (None, "unknown"),
        (date(2001, 5, 6), "24"),
        (date(2001, 5, 5), "34"),
        (date(1966, 5, 5), "60"),
        (date(1966, 5, 6), "59"),
    ],
)
def test_an_age_is_that_of_the_day(born: date | None, level: str) -> None:
    assert age_level(born, date(2026, 5, 5)) == level


def test_scores() -> None:
    assert [score_level(score) for score in (None, 0, 79, 80, 89, 90, 100)] == [
        "unknown",
        "79",
        "79",
        "89",
        "89",
        "90",
        "90",
    ]
