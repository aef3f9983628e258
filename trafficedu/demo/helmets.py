"""Counting sites and surveys of helmets: a rate that rises and flattens just below the target.

Draws from a chance of its own, so that the rest of the history stays what it was. Sites differ more than riders
do, as real ones do: without that no interval would need a design effect.
"""

from __future__ import annotations

from math import exp, log
from random import Random

from trafficedu.core.numbers import new_number
from trafficedu.demo.places import Places, Village
from trafficedu.demo.plan import HOUR, MINUTE, Span, date_of, moment, number_of, start_of
from trafficedu.demo.rows import Rows
from trafficedu.helmets.models import (
    HelmetCount,
    HelmetSheet,
    HelmetSite,
    HelmetSurvey,
)
from trafficedu.helmets.rules import (
    CountMethod,
    RiderGroup,
    Seat,
    SurveySource,
    SurveyState,
)

SALT = 1917
ROADS = ("arterial", "arterial", "secondary", "branch", "rural")
FIRST_RATE, LAST_RATE = 0.84, 0.955
BETWEEN_SITES = 0.45
"""Standard deviation between sites on the logit scale."""
CELLS = {
    (RiderGroup.DELIVERY, Seat.RIDER): (0.30, 0.25),
    (RiderGroup.OTHER, Seat.RIDER): (0.58, 0.0),
    (RiderGroup.OTHER, Seat.PASSENGER): (0.12, -0.9),
}
"""Group and role -> share of those who pass, and how much more (logit) they wear a helmet than others."""
LEAST_THOUSAND, LARGE_THOUSAND = 15, 30
EVERY_CAMERA_MONTHS = 3
HOURS = (7, 8, 8, 11, 12, 16, 17, 17, 18)


class Helmets:
    """Writes sites and surveys over the whole span."""

    def __init__(self, rows: Rows, places: Places, span: Span, seed: int) -> None:
        self._rows, self._places, self._span, self._chance = rows, places, span, Random(seed + SALT)

    def write(self) -> None:
        """Add one or two sites to each larger town, and count there almost every month."""
        for town in self._places.towns:
            if town.thousand_ebikes < LEAST_THOUSAND:
                continue
            for village in self._places.villages[town.first : town.last + 1][
                : 1 + (town.thousand_ebikes > LARGE_THOUSAND)
            ]:
                self._count_at(village, town.officers)

    def _count_at(self, village: Village, officers: list[int]) -> None:
        chance = self._chance
        site = self._rows.new_id(HelmetSite)
        spot = village.spots[0]
        self._rows.add(
            HelmetSite,
            id=site,
            code=f"YS-{site:03d}",
            name=spot.name,
            area_id=village.id,
            road_class=chance.choice(ROADS),
            latitude=round(spot.latitude, 6),
            longitude=round(spot.longitude, 6),
            active=True,
        )
        bias, busy = chance.gauss(0, BETWEEN_SITES), chance.uniform(60, 190)
        camera = site % 4 == 0
        for place, month in enumerate(self._span.months):
            level = self._level(place) + bias
            if chance.random() < 0.9:
                self._survey(site, number_of(month), busy, level, CountMethod.ON_SITE, chance.choice(officers))
            if camera and place % EVERY_CAMERA_MONTHS == 0:
                self._survey(site, number_of(month), 2 * busy, level - 0.25, CountMethod.VIDEO, None)

    def _level(self, place: int) -> float:
        """Return the usual rate of a month on the logit scale; half of the way is done after a third of the time."""
        share = 1 - exp(-3 * place / max(1, len(self._span.months) - 1))
        rate = FIRST_RATE + (LAST_RATE - FIRST_RATE) * share
        return log(rate / (1 - rate)) + self._chance.gauss(0, 0.12)

    def _survey(self, site: int, first_day: int, busy: float, level: float, method: str, observer: int | None) -> None:
        chance = self._chance
        day = first_day + chance.randrange(27)
        started = start_of(day) + chance.choice(HOURS) * HOUR + chance.randrange(0, 50) * MINUTE
        if started + HOUR > self._span.midnight:
            return
        survey, sheet = self._rows.new_id(HelmetSurvey), self._rows.new_id(HelmetSheet)
        number = new_number("H")
        self._rows.add(
            HelmetSurvey,
            id=survey,
            number=number,
            reference=f"demo-{survey:06d}",
            site_id=site,
            started_utc=moment(started),
            occurred_on=date_of(day),
            minutes=30,
            method=method,
            source=SurveySource.PAGE if method == CountMethod.ON_SITE else SurveySource.FILE,
            state=SurveyState.COUNTED,
            void_reason="",
        )
        self._rows.add(
            HelmetSheet,
            id=sheet,
            survey_id=survey,
            key=f"demo-{survey:06d}",
            observer_id=observer,
            last_event=0,
            started_utc=moment(started),
            ended_utc=moment(started + 30 * MINUTE),
        )
        for (group, role), (share, more) in CELLS.items():
            company = None
            if group == RiderGroup.DELIVERY and method == CountMethod.ON_SITE:
                company = self._places.firms[self._places.any_firm(chance)].company.id
            self._cell(sheet, group, role, company, round(busy * share * chance.uniform(0.6, 1.4)), level + more)

    def _cell(self, sheet: int, group: str, role: str, company: int | None, seen: int, level: float) -> None:
        rate = 1 / (1 + exp(-level))
        drawn = [self._chance.random() for _ in range(seen)]
        unclear = sum(1 for one in drawn if one > 0.985)
        helmeted = sum(1 for one in drawn if one < rate * 0.985)
        self._rows.add(
            HelmetCount,
            sheet_id=sheet,
            group=group,
            role=role,
            company_id=company,
            helmeted=helmeted,
            bare=seen - helmeted - unclear,
            unclear=unclear,
        )
