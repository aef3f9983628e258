"""What was recorded at one stop: near in time and place, however often somebody tapped. Figures come from outside.

Must not know any feature: what is compared says when and where it was, and of whom the caller knows.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Protocol, TypeVar

from trafficedu.core.positions import metres_between


class Seen(Protocol):
    """When and where something was seen; without ``hour_known`` only the day counts."""

    @property
    def occurred_utc(self) -> datetime:
        """When."""

    @property
    def occurred_on(self) -> date:
        """On which day in Shanghai."""

    @property
    def hour_known(self) -> bool:
        """Whether the hour is known."""

    @property
    def area_id(self) -> int:
        """In which village."""

    @property
    def place(self) -> str:
        """At which road, "" where nobody said."""

    @property
    def latitude(self) -> float | None:
        """Degrees north in WGS-84, None where it is not known."""

    @property
    def longitude(self) -> float | None:
        """Degrees east."""


Sight = TypeVar("Sight", bound=Seen)


@dataclass(frozen=True)
class Near:
    """How near in time and place two things are that happened at one stop."""

    minutes: int
    metres: int

    @property
    def time(self) -> timedelta:
        """The minutes."""
        return timedelta(minutes=self.minutes)

    def in_place(self, one: Seen, other: Seen) -> bool:
        """Tell whether they were near: within the metres, else in one village and, where both say it, one place."""
        here, there = _position(one), _position(other)
        if here is not None and there is not None:
            return metres_between(here, there) <= self.metres
        if one.area_id != other.area_id:
            return False
        return not (one.place and other.place) or _plain(one.place) == _plain(other.place)

    def may_be_one(self, one: Seen, other: Seen) -> bool:
        """Tell whether they may be of one stop: near, and on the same day where an hour is not known."""
        if one.hour_known and other.hour_known:
            return abs(one.occurred_utc - other.occurred_utc) <= self.time and self.in_place(one, other)
        return one.occurred_on == other.occurred_on and self.in_place(one, other)

    def stops_of(self, seen: Iterable[Sight]) -> Sequence[Sight]:
        """Return the first of each stop of one person, in time.

        What follows the first of a stop within the minutes, near it, is of that stop. Of what has no hour nobody can
        say so: each is a stop of its own.
        """
        first: list[Sight] = []
        for each in sorted(seen, key=lambda one: (one.occurred_utc, one.hour_known)):
            if not (each.hour_known and any(one.hour_known and self.may_be_one(one, each) for one in first)):
                first.append(each)
        return first


def _position(seen: Seen) -> tuple[float, float] | None:
    return None if seen.latitude is None or seen.longitude is None else (seen.latitude, seen.longitude)


def _plain(place: str) -> str:
    return "".join(place.split()).casefold()
