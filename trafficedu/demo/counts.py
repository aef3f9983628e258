"""What is counted beside the violations: e-bikes, patrols, surveys of helmets, accidents. All figures are invented."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from math import exp, log, sqrt
from random import Random
from typing import Any

from sqlalchemy import select

from trafficedu.accidents.models import Accident, AccidentKind, AccidentRider
from trafficedu.accidents.rules import AccidentRole, AccidentState, Helmet, Responsibility, Severity
from trafficedu.areas.models import RegisteredEBikes
from trafficedu.core.month import Month
from trafficedu.demo import seasons
from trafficedu.demo.care import WEARING
from trafficedu.demo.people import Person
from trafficedu.demo.places import Town, Village
from trafficedu.demo.plan import DAY, HOUR, MINUTE, date_of, day_of, number_of, start_of
from trafficedu.demo.rows import Teller, World
from trafficedu.helmets.models import HelmetCount, HelmetSheet, HelmetSite, HelmetSurvey
from trafficedu.helmets.rules import CountMethod, HeadState, RiderGroup, Seat, SurveySource, tally
from trafficedu.patrols.models import Patrol
from trafficedu.violations.models.records import ViolationKind

MONTHLY_GROWTH = 0.0035

PATROL_HOURS = (7, 8, 10, 14, 16, 17, 19)
COUNTED_SHARE, STOPS_PER_HOUR = 0.8, 7.0

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
LEAST_THOUSAND, LARGE_THOUSAND = 15, 23
LATE_MONTHS = 14
"""Since when there is more than one site in a town."""
EVERY_CAMERA_MONTHS = 3
SURVEY_HOURS = (7, 8, 8, 11, 12, 16, 17, 17, 18)

A_YEAR = {Severity.FATAL: 22.0, Severity.SERIOUS: 78.0, Severity.SLIGHT: 430.0, Severity.DAMAGE: 340.0}
"""Accidents with an e-bike in the last year."""
FALL = 0.08
"""By how much they fall each year."""
OTHERS = 0.12
"""Accidents without an e-bike, for each with one."""
BY_MONTH = (0.88, 0.72, 0.92, 0.98, 1.02, 1.10, 1.02, 0.98, 1.04, 1.10, 1.14, 1.10)
"""January to December: few around the Spring Festival, more in the rains of June and in the dark of autumn."""
SPREAD = 30
"""Shape of the gamma by which one month is better or worse than the season says."""
HELMETS_WORN = {
    Severity.FATAL: (0.38, 0.60),
    Severity.SERIOUS: (0.50, 0.74),
    Severity.SLIGHT: (0.64, 0.86),
    Severity.DAMAGE: (0.70, 0.90),
}
"""Severity -> share of riders with a helmet in the first and in the last month."""
RESPONSIBILITIES = dict[str, float](zip(Responsibility, (16, 22, 20, 16, 18, 8), strict=True))
KINDS = {"2004": 22, "2007": 26, "2009": 20, "NM-CROSS": 8, "NM-YIELD": 14, "NM-SPEED": 6, "ZJ-CARRY": 4}
HELMET_KIND = "ZJ-HELMET"
WITH_KIND, WITH_POSITION, WITH_RIDER = 0.66, 0.8, 0.45
TWICE, VOIDED_SHARE, OPEN_DAYS = 0.012, 0.008, 60
REASON = "经核实系车辆故障，未发生交通事故，撤销该记录。"


class EBikes(Teller):
    """Registers e-bikes, in villages once a year."""

    def write(self) -> None:
        """Add the e-bikes registered in each town in each month, growing a little unevenly."""
        months = self._span.months
        for place, town in enumerate(self._places.towns):
            own = self._places.villages[town.first : town.last + 1]
            shares = self._places.ebike_shares(place)
            size = town.thousand_ebikes * 1000 * (1 + MONTHLY_GROWTH) ** -len(months)
            for month in months:
                size *= 1 + MONTHLY_GROWTH * max(0.0, self._chance.gauss(1, 0.4))
                self._rows.add(RegisteredEBikes, area_id=town.area.id, month=month, ebikes=round(size))
                if month in {months[0], Month(month.year, 1)}:
                    for village, share in zip(own, shares, strict=True):
                        if village.id != town.area.id:
                            ebikes = round(size * share)
                            self._rows.add(RegisteredEBikes, area_id=village.id, month=month, ebikes=ebikes)


class Patrols(Teller):
    """The officers of each town are out a few times a month, more in the towns with more e-bikes."""

    SALT = 4027

    def write(self) -> None:
        """Add the patrols of every town and month, up to midnight."""
        for month in self._span.months:
            for town in self._places.towns:
                for _one in range(self._chance.randint(3, 4 + min(12, int(town.thousand_ebikes / 6)))):
                    self._patrol(town, number_of(month.first))

    def _patrol(self, town: Town, first_day: int) -> None:
        chance = self._chance
        day = first_day + chance.randrange(28)
        started = start_of(day) + chance.choice(PATROL_HOURS) * HOUR + chance.randrange(0, 40) * MINUTE
        minutes = chance.randrange(60, 220)
        officer = chance.choice(town.officers)
        village = self._places.villages[chance.randint(town.first, town.last)]
        counted = chance.random() < COUNTED_SHARE
        stops = round(minutes / 60 * STOPS_PER_HOUR * chance.uniform(0.4, 1.6)) if counted else None
        if started + minutes * MINUTE > self._span.midnight:
            return
        self._rows.add(
            Patrol,
            officer_id=officer,
            area_id=village.id if chance.random() < 0.7 else town.area.id,
            started_utc=started,
            ended_utc=started + minutes * MINUTE,
            minutes=minutes,
            stops=stops,
        )


class Helmets(Teller):
    """Counting sites and surveys of helmets: a rate that rises and flattens just below the target.

    Sites differ more than riders do, as real ones do: without that no interval would need a design effect.
    """

    SALT = 1917

    def write(self) -> None:
        """Add sites to each larger town, and count there almost every month; most have three, the third came late."""
        late = max(len(self._span.months) - LATE_MONTHS, 0)
        for town in self._places.towns:
            if town.thousand_ebikes >= LEAST_THOUSAND:
                sites = 3 if town.thousand_ebikes > LARGE_THOUSAND else 2
                for place, village in enumerate(self._places.villages[town.first : town.last + 1][:sites]):
                    self._count_at(village, town.officers, late if place else 0)

    def _count_at(self, village: Village, officers: list[int], since: int) -> None:
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
        )
        care = self._places.towns[village.town].care
        bias, busy = chance.gauss(WEARING * care, BETWEEN_SITES), chance.uniform(60, 190)
        camera = site % 4 == 0
        for place, month in enumerate(self._span.months[since:], since):
            level = self._level(place) + bias
            if chance.random() < 0.9:
                self._survey(site, number_of(month.first), busy, level, CountMethod.ON_SITE, chance.choice(officers))
            if camera and place % EVERY_CAMERA_MONTHS == 0:
                self._survey(site, number_of(month.first), 2 * busy, level - 0.25, CountMethod.VIDEO, None)

    def _level(self, place: int) -> float:
        """Return the usual rate of a month on the logit scale; half of the way is done after a third of the time."""
        share = 1 - exp(-3 * place / max(1, len(self._span.months) - 1))
        rate = FIRST_RATE + (LAST_RATE - FIRST_RATE) * share
        return log(rate / (1 - rate)) + self._chance.gauss(0, 0.12)

    def _survey(self, site: int, first_day: int, busy: float, level: float, method: str, observer: int | None) -> None:
        chance = self._chance
        day = first_day + chance.randrange(27)
        started = start_of(day) + chance.choice(SURVEY_HOURS) * HOUR + chance.randrange(0, 50) * MINUTE
        if started + HOUR > self._span.midnight:
            return
        survey = self._rows.new_id(HelmetSurvey)
        reference = f"demo-{survey:06d}"
        cells = [self._cell(method, cell, busy * share, level + more) for cell, (share, more) in CELLS.items()]
        self._rows.add(
            HelmetSurvey,
            id=survey,
            reference=reference,
            reference_year=date_of(day).year,
            site_id=site,
            started_utc=started,
            occurred_on=day,
            minutes=30,
            method=method,
            source=SurveySource.PAGE if method == CountMethod.ON_SITE else SurveySource.FILE,
            observers=1,
            **{tally(group, role, head): n for group, role, _, heads in cells for head, n in heads.items()},
        )
        sheet = self._rows.add(
            HelmetSheet,
            survey_id=survey,
            key=reference,
            observer_id=observer,
            started_utc=started,
            ended_utc=started + 30 * MINUTE,
        )
        for group, role, company, heads in cells:
            self._rows.add(HelmetCount, sheet_id=sheet, group=group, role=role, company_id=company, **heads)

    def _cell(
        self, method: str, cell: tuple[RiderGroup, Seat], riders: float, level: float
    ) -> tuple[RiderGroup, Seat, int | None, dict[HeadState, int]]:
        """Return group, seat, company and the heads of about so many riders."""
        chance, company = self._chance, None
        if cell[0] == RiderGroup.DELIVERY and method == CountMethod.ON_SITE:
            company = self._places.firms[self._places.any_firm(chance)].company.id
        seen = round(riders * chance.uniform(0.6, 1.4))
        rate = 1 / (1 + exp(-level))
        unclear = self._of(seen, 0.015)
        helmeted = self._of(seen - unclear, rate)
        heads = {HeadState.HELMETED: helmeted, HeadState.BARE: seen - helmeted - unclear, HeadState.UNCLEAR: unclear}
        return *cell, company, heads

    def _of(self, number: int, share: float) -> int:
        """Draw how many of so many: a rounded normal with the mean and the variance of the binomial."""
        drawn = self._chance.gauss(number * share, sqrt(number * share * (1 - share)))
        return min(max(round(drawn), 0), number)


class Accidents(Teller):
    """Accidents by season, size of town and hour, about 8 % fewer each year, some of them fatal.

    Their number does not depend on the number of violations asked for: a district has as many as it has. The fatal
    ones of two years differ about as much as chance lets such small counts differ.
    """

    SALT = 2011

    def __init__(self, world: World) -> None:
        super().__init__(world)
        versions = world.session.scalars(select(ViolationKind).order_by(ViolationKind.valid_from))
        self._kinds = {kind.code: (kind.id, kind.valid_from) for kind in versions}
        self._years = 0.0
        self._progress = 1.0
        self._numbers = Random(world.seed + self.SALT + 1)  # how many draws one takes depends on the riders known

    def write_month(self, month: Month, riders: Sequence[Person]) -> None:
        """Add the accidents of ``month``; some of ``riders``, known and about that month, were in them."""
        first, days = number_of(month.first), month.last.day
        lived = min(days, self._span.today - first)
        if lived <= 0:
            return
        self._years = (self._span.today - first) / 365.25
        self._progress = (first - self._span.first_day) / max(1, self._span.today - self._span.first_day)
        level = (1 - FALL) ** -(self._years - 0.5) * BY_MONTH[month.number - 1] * lived / days / 12
        level *= self._numbers.gammavariate(SPREAD, 1 / SPREAD)
        for severity, a_year in A_YEAR.items():
            for _ in range(self._poisson(a_year * level)):
                self._happen(severity, True, first, lived, riders)
            for _ in range(self._poisson(a_year * level * OTHERS)):
                self._happen(severity, False, first, lived, ())

    def _poisson(self, mean: float) -> int:
        """Draw a count (Knuth's product of uniforms; the means here are below a hundred)."""
        limit, product, count = exp(-mean), self._numbers.random(), 0
        while product > limit:
            product *= self._numbers.random()
            count += 1
        return count

    def _happen(self, severity: Severity, ebike: bool, first: int, lived: int, riders: Sequence[Person]) -> None:
        chance = self._chance
        village = self._places.villages[self._places.any_hurting(chance)]
        who = "courier" if chance.random() < 0.4 else "local"
        occurred = start_of(first + chance.randrange(lived)) + seasons.second_of_day(chance, who) // MINUTE * MINUTE
        facts = self._facts(severity, ebike, village, occurred)
        voided = chance.random() < VOIDED_SHARE
        one = self._write(facts, village, occurred, REASON if voided else "", None)
        self._involve(one, facts, occurred)
        if ebike and riders and severity != Severity.DAMAGE and chance.random() < WITH_RIDER:
            self._rows.add(AccidentRider, accident_id=one, rider_id=chance.choice(riders).id, role=AccidentRole.RIDER)
        if not voided and chance.random() < TWICE:
            again = min(occurred + chance.randrange(5, 80) * MINUTE, self._span.midnight - MINUTE)
            settled = day_of(occurred) < self._span.today - OPEN_DAYS
            second = self._write({**facts, "latitude": None, "longitude": None}, village, again, "", one * settled)
            self._involve(second, facts, again)

    def _facts(self, severity: Severity, ebike: bool, village: Village, occurred: int) -> dict[str, Any]:
        chance = self._chance
        killed = (1 + (chance.random() < 0.06)) if severity == Severity.FATAL else 0
        hurt = {
            Severity.FATAL: (0, 0, 1, 1, 2),
            Severity.SERIOUS: (1, 1, 1, 2),
            Severity.SLIGHT: (1, 1, 1, 1, 2, 2, 3),
            Severity.DAMAGE: (0,),
        }[severity]
        later = int(severity == Severity.SERIOUS and chance.random() < 0.03)
        first, last = HELMETS_WORN[severity]
        helmet = Helmet.YES if chance.random() < first + (last - first) * self._progress else Helmet.NO
        spot = chance.choice(village.spots)
        placed = chance.random() < WITH_POSITION
        return {
            "place": spot.name,
            "latitude": round(spot.latitude, 6) if placed else None,
            "longitude": round(spot.longitude, 6) if placed else None,
            "severity": severity,
            "killed": killed,
            "killed_30_days": killed + later if day_of(occurred) + 30 < self._span.today else None,
            "injured": chance.choice(hurt),
            "ebike_involved": ebike,
            "rider_helmet": helmet if ebike and chance.random() >= 0.07 else Helmet.UNKNOWN,
            "responsibility": self._one_of(RESPONSIBILITIES) if ebike else Responsibility.UNKNOWN,
        }

    def _one_of(self, weights: Mapping[str, float]) -> str:
        return self._chance.choices(list(weights), list(weights.values()))[0]

    def _write(
        self, facts: Mapping[str, Any], village: Village, occurred: int, reason: str, duplicate_of: int | None
    ) -> int:
        chance = self._chance
        officers = self._places.towns[village.town].officers
        recorded = min(occurred + chance.randrange(20, 6 * 60) * MINUTE, self._span.midnight)
        voided = bool(reason or duplicate_of)
        settled = min(recorded + chance.randrange(DAY // HOUR, 20 * 24) * HOUR, self._span.midnight)
        return self._rows.add(
            Accident,
            occurred_utc=occurred,
            area_id=village.id,
            state=AccidentState.VOIDED if voided else AccidentState.RECORDED,
            state_reason=reason,
            duplicate_of_id=duplicate_of or None,
            recorded_by_id=chance.choice(officers),
            recorded_utc=recorded,
            voided_by_id=chance.choice(officers) if voided else None,
            voided_utc=settled if voided else None,
            **facts,
        )

    def _involve(self, accident: int, facts: Mapping[str, Any], occurred: int) -> None:
        """Add the kinds of violation involved that were in force that day."""
        if not facts["ebike_involved"]:
            return
        codes = {self._one_of(KINDS)} if self._chance.random() < WITH_KIND else set()
        if facts["rider_helmet"] == Helmet.NO:
            codes.add(HELMET_KIND)
        day = date_of(day_of(occurred))
        for code in sorted(codes):
            kind_id, valid_from = self._kinds.get(code, (0, date.max))
            if valid_from <= day:
                self._rows.add(AccidentKind, accident_id=accident, kind_id=kind_id)
