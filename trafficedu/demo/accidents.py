"""Accidents: by season, size of town and hour, about 8 % fewer each year, some of them fatal.

Draws from a chance of its own, so that the rest of the history stays what it was. The number of accidents does
not depend on the number of violations asked for: a district has as many as it has. All figures are invented; the
fatal ones of two years differ about as much as chance lets such small counts differ.
"""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Mapping, Sequence
from datetime import date
from math import exp
from random import Random

from sqlalchemy import select
from sqlalchemy.orm import Session

from trafficedu.accidents.models import Accident, AccidentKind, AccidentRider
from trafficedu.accidents.rules import AccidentRole, AccidentState, Helmet, Responsibility, Severity
from trafficedu.core.numbers import new_number
from trafficedu.demo import seasons
from trafficedu.demo.people import Person
from trafficedu.demo.places import Places, Village
from trafficedu.demo.plan import DAY, HOUR, MINUTE, Span, date_of, day_of, moment, number_of, start_of
from trafficedu.demo.rows import Rows
from trafficedu.violations.models import ViolationKind

SALT = 2011
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
HELMETS = {
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


class Accidents:
    """Draws the accidents of a month and writes them, each with what is known of it by now."""

    def __init__(self, session: Session, rows: Rows, places: Places, span: Span, seed: int) -> None:
        self._rows, self._places, self._span = rows, places, span
        versions = session.scalars(select(ViolationKind).order_by(ViolationKind.valid_from))
        self._kinds = {kind.code: (kind.id, kind.valid_from) for kind in versions}
        self._chance = Random(seed + SALT)
        self._years = 0.0
        self._progress = 1.0

    def write_month(self, month: date, riders: Sequence[Person]) -> None:
        """Add the accidents of ``month``; some of ``riders``, known and about that month, were in them."""
        first, days = number_of(month), monthrange(month.year, month.month)[1]
        lived = min(days, self._span.today - first)
        if lived <= 0:
            return
        self._years = (self._span.today - first) / 365.25
        self._progress = (first - self._span.first_day) / max(1, self._span.today - self._span.first_day)
        level = (1 - FALL) ** -(self._years - 0.5) * BY_MONTH[month.month - 1] * lived / days / 12
        level *= self._chance.gammavariate(SPREAD, 1 / SPREAD)
        for severity, a_year in A_YEAR.items():
            for _ in range(self._poisson(a_year * level)):
                self._happen(severity, True, first, lived, riders)
            for _ in range(self._poisson(a_year * level * OTHERS)):
                self._happen(severity, False, first, lived, ())

    def _poisson(self, mean: float) -> int:
        """Draw a count (Knuth's product of uniforms; the means here are below a hundred)."""
        limit, product, count = exp(-mean), self._chance.random(), 0
        while product > limit:
            product *= self._chance.random()
            count += 1
        return count

    def _happen(self, severity: Severity, ebike: bool, first: int, lived: int, riders: Sequence[Person]) -> None:
        chance = self._chance
        village = self._places.villages[self._places.any_village(chance)]
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

    def _facts(self, severity: Severity, ebike: bool, village: Village, occurred: int) -> dict[str, object]:
        chance = self._chance
        killed = (1 + (chance.random() < 0.06)) if severity == Severity.FATAL else 0
        hurt = {
            Severity.FATAL: (0, 0, 1, 1, 2),
            Severity.SERIOUS: (1, 1, 1, 2),
            Severity.SLIGHT: (1, 1, 1, 1, 2, 2, 3),
            Severity.DAMAGE: (0,),
        }[severity]
        later = int(severity == Severity.SERIOUS and chance.random() < 0.03)
        first, last = HELMETS[severity]
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
        self, facts: Mapping[str, object], village: Village, occurred: int, reason: str, duplicate_of: int | None
    ) -> int:
        chance, number = self._chance, self._rows.new_id(Accident)
        officers = self._places.towns[village.town].officers
        recorded = min(occurred + chance.randrange(20, 6 * 60) * MINUTE, self._span.midnight)
        voided = bool(reason or duplicate_of)
        settled = min(recorded + chance.randrange(DAY // HOUR, 20 * 24) * HOUR, self._span.midnight)
        self._rows.add(
            Accident,
            id=number,
            number=new_number("A"),
            occurred_utc=moment(occurred),
            occurred_on=date_of(day_of(occurred)),
            area_id=village.id,
            state=AccidentState.VOIDED if voided else AccidentState.RECORDED,
            state_reason=reason,
            told_apart=False,
            duplicate_of_id=duplicate_of or None,
            recorded_by_id=chance.choice(officers),
            recorded_utc=moment(recorded),
            voided_by_id=chance.choice(officers) if voided else None,
            voided_utc=moment(settled) if voided else None,
            **facts,
        )
        return number

    def _involve(self, accident: int, facts: Mapping[str, object], occurred: int) -> None:
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
