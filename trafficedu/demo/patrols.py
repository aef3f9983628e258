"""Patrols of the demo: the officers of each town are out a few times a month, more in the towns with more e-bikes.

Draws from a chance of its own, so that the rest of the history stays what it was.
"""

from __future__ import annotations

from random import Random

from trafficedu.core.numbers import new_number
from trafficedu.demo.places import Places, Town
from trafficedu.demo.plan import HOUR, MINUTE, Span, date_of, moment, number_of, start_of
from trafficedu.demo.rows import Rows
from trafficedu.patrols.models import Patrol

SALT = 4027
HOURS = (7, 8, 10, 14, 16, 17, 19)
COUNTED_SHARE, STOPS_PER_HOUR = 0.8, 7.0


class Patrols:
    """Writes the patrols of a span."""

    def __init__(self, rows: Rows, places: Places, span: Span, seed: int) -> None:
        self._rows, self._places, self._span, self._chance = rows, places, span, Random(seed + SALT)

    def write(self) -> None:
        """Add the patrols of every town and month, up to midnight."""
        for month in self._span.months:
            for town in self._places.towns:
                for _one in range(self._chance.randint(3, 4 + min(12, int(town.thousand_ebikes / 6)))):
                    self._patrol(town, number_of(month))

    def _patrol(self, town: Town, first_day: int) -> None:
        chance = self._chance
        day = first_day + chance.randrange(28)
        started = start_of(day) + chance.choice(HOURS) * HOUR + chance.randrange(0, 40) * MINUTE
        minutes = chance.randrange(60, 220)
        officer = chance.choice(town.officers)
        village = self._places.villages[chance.randint(town.first, town.last)]
        counted = chance.random() < COUNTED_SHARE
        stops = round(minutes / 60 * STOPS_PER_HOUR * chance.uniform(0.4, 1.6)) if counted else None
        if started + minutes * MINUTE > self._span.midnight:
            return
        self._rows.add(
            Patrol,
            number=new_number("Q"),
            officer_id=officer,
            area_id=village.id if chance.random() < 0.7 else town.area.id,
            started_utc=moment(started),
            started_on=date_of(day),
            ended_utc=moment(started + minutes * MINUTE),
            minutes=minutes,
            stops=stops,
            note="",
            void_reason="",
        )
