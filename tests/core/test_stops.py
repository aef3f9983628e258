"""Stops: how far points lie apart by known distances, what is near, and what is counted once."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta

import pytest

from trafficedu.core.positions import metres_between
from trafficedu.core.stops import Near

NEAR = Near(minutes=10, metres=100)
BEGIN = datetime(2026, 11, 20, 3, 0, tzinfo=UTC)


@dataclass(frozen=True)
class Sight:
    occurred_utc: datetime = BEGIN
    hour_known: bool = True
    area_id: int = 1
    place: str = "市心路口"
    latitude: float | None = None
    longitude: float | None = None

    @property
    def occurred_on(self) -> date:
        return self.occurred_utc.date()


def after(minutes: float, **values: object) -> Sight:
    return replace(Sight(BEGIN + timedelta(minutes=minutes)), **values)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("other", "metres"),
    [
        ((30.0, 120.0), 0.0),
        ((30.001, 120.0), 111.195),  # a degree of a meridian of a sphere of 6,371,008.8 m is 111,195.08 m
        ((30.0, 120.001), 96.298),  # times the cosine of 30 degrees
        ((31.0, 120.0), 111_195.08),
    ],
)
def test_metres_of_known_distances(other: tuple[float, float], metres: float) -> None:
    assert metres_between((30.0, 120.0), other) == pytest.approx(metres, abs=0.01)


@pytest.mark.parametrize(
    ("other", "same"),
    [
        (after(0), True),
        (after(10), True),
        (after(-10), True),
        (after(10.02), False),
        (after(2, place="市心 路口"), True),
        (after(2, place=""), True),
        (after(2, place="育才路口"), False),
        (after(2, area_id=2), False),
        (after(-120, hour_known=False), True),  # of the day alone it is the same day
        (after(60 * 24, hour_known=False), False),
    ],
)
def test_near_without_positions_is_one_village_and_place(other: Sight, same: bool) -> None:
    assert NEAR.may_be_one(Sight(), other) is NEAR.may_be_one(other, Sight()) is same


@pytest.mark.parametrize(("north", "same"), [(30.0008, True), (30.001, False)])  # 89 m and 111 m
def test_near_with_positions_is_within_the_metres_whatever_the_village(north: float, same: bool) -> None:
    here = replace(Sight(), latitude=30.0, longitude=120.0)
    there = after(1, latitude=north, longitude=120.0, area_id=2, place="育才路口")
    assert NEAR.may_be_one(here, there) is same


def test_stops_are_counted_not_taps() -> None:
    taps = [after(minute) for minute in (0, 0.2, 0.3)]
    assert NEAR.stops_of(taps) == taps[:1]
    row = [after(minute) for minute in (0, 9, 18)]
    assert NEAR.stops_of(row) == [row[0], row[2]]  # 18 minutes after the first it is another stop
    unknown = [after(0, hour_known=False), after(0, hour_known=False)]
    assert NEAR.stops_of([*unknown, *taps]) == [*unknown, taps[0]]
