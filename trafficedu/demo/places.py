"""Where things happen: towns of different size, villages with their hot spots, stations, companies, e-bikes.

Sizes and positions of towns are rough guesses by hand, good enough for a demonstration; no figure of the
real district is in here. Roads and spots are invented.
"""

from __future__ import annotations

from bisect import bisect
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import accumulate, pairwise
from math import exp
from random import Random
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from trafficedu.areas.models import TOWN, VILLAGE, Area
from trafficedu.companies.models import Company
from trafficedu.core.errors import Refusal
from trafficedu.core.text import message
from trafficedu.demo import names
from trafficedu.demo.care import HURTING, OFFENDING, care_of_town, care_of_village
from trafficedu.stations.models import Station

MAIN = "330109"
"""The shipped district, which comes first in a city."""


@dataclass(frozen=True)
class Spot:
    """A place where violations are seen."""

    name: str
    latitude: float
    longitude: float


@dataclass
class Town:
    """A town with what the history needs of it; ``first`` and ``last`` bound its villages in the list."""

    area: Area
    share: float
    thousand_ebikes: float
    first: int = 0
    last: int = 0
    care: float = 0.0
    officers: list[int] = field(default_factory=list)
    leader: int | None = None


@dataclass(frozen=True)
class Village:
    """A village (or a town without villages) with its hot spots; the first is the hottest."""

    id: int
    town: int
    path: str
    spots: Sequence[Spot]
    care: float = 0.0


@dataclass
class Firm:
    """A company, its share of the couriers, and how it answers."""

    company: Company
    share: float
    punctuality: float
    contact: int | None = None


@dataclass
class Places:
    """All places of the district."""

    root: Area
    towns: list[Town]
    villages: list[Village]
    stations: list[Station]
    firms: list[Firm]
    _summed: list[float]
    _offending: list[float]
    _hurting: list[float]
    _town_shares: list[float]
    _firm_shares: list[float]

    def any_town(self, chance: Random) -> int:
        """Draw a town by how many of its riders are caught."""
        return bisect(self._town_shares, chance.random() * self._town_shares[-1], hi=len(self.towns) - 1)

    def any_village(self, chance: Random, town: int | None = None) -> int:
        """Draw a village by its weight, of one town or of all."""
        return self._drawn(self._summed, chance, town)

    def any_offending(self, chance: Random, town: int) -> int:
        """Draw the village of a violation in a town."""
        return self._drawn(self._offending, chance, town)

    def any_hurting(self, chance: Random) -> int:
        """Draw the village of an accident."""
        return self._drawn(self._hurting, chance, None)

    def _drawn(self, summed: Sequence[float], chance: Random, town: int | None) -> int:
        low, high = 0, len(self.villages) - 1
        if town is not None:
            low, high = self.towns[town].first, self.towns[town].last
        start = summed[low - 1] if low else 0.0
        return bisect(summed, start + chance.random() * (summed[high] - start), low, high)

    def ebike_shares(self, town: int) -> list[float]:
        """Return each village's share of its town's e-bikes: half of them evenly, half by where traffic is."""
        low, high = self.towns[town].first, self.towns[town].last
        start = self._summed[low - 1] if low else 0.0
        weights = [after - before for before, after in pairwise([start, *self._summed[low : high + 1]])]
        return [0.5 / len(weights) + 0.5 * weight / sum(weights) for weight in weights]

    def any_firm(self, chance: Random) -> int:
        """Draw a company by its share."""
        return bisect(self._firm_shares, chance.random() * self._firm_shares[-1], hi=len(self.firms) - 1)


def lay_out(session: Session, chance: Random, seed: int) -> Places:
    """Read the areas and add stations and companies.

    Raises
    ------
    Refusal
        There are no areas: the reference data is not loaded.
    """
    areas = session.scalars(select(Area).where(Area.valid_to.is_(None)).order_by(Area.code)).all()
    areas = sorted(areas, key=lambda area: not area.code.startswith(MAIN))  # the documented accounts are in the first
    root = next((area for area in areas if area.parent_id is None), None)
    if root is None or not any(area.level == TOWN for area in areas):
        raise Refusal(message("There are no areas yet. Run first: trafficedu init"))
    towns = [Town(area, **_sizes(area.code, "share", "thousand_ebikes")) for area in areas if area.level == TOWN]
    villages: list[Village] = []
    weights: list[float] = []
    for place, town in enumerate(towns):
        own = [area for area in areas if area.level == VILLAGE and area.parent_id == town.area.id] or [town.area]
        drawn = [chance.gammavariate(0.8, 1) + 0.08 for _ in own]
        town.first, town.last = len(villages), len(villages) + len(own) - 1
        town.care = care_of_town(town.area.code)
        villages += [_village(area, place, town.area.code, chance, seed) for area in own]
        weights += [town.share * weight / sum(drawn) for weight in drawn]
    return Places(
        root,
        towns,
        villages,
        _stations(session, towns, villages, {area.id: area.name for area in areas}, chance),
        _firms(session, chance),
        list(accumulate(weights)),
        list(accumulate(_by_care(weights, villages, OFFENDING))),
        list(accumulate(_by_care(weights, villages, HURTING))),
        list(accumulate(town.share * exp(-OFFENDING * town.care) for town in towns)),
        list(accumulate(company["share"] for company in names.INVENTED["companies"])),
    )


def _sizes(code: str, *wanted: str) -> dict[str, Any]:
    """Return what is known of a town; one that is new to the demo is of a middling size, without a station."""
    towns = names.INVENTED["towns"]
    return {name: towns.get(code, towns["elsewhere"])[name] for name in wanted}


def _by_care(weights: Sequence[float], villages: Sequence[Village], effect: float) -> list[float]:
    """Return the weights of the villages where care makes fewer by so much."""
    return [weight * exp(-effect * village.care) for weight, village in zip(weights, villages, strict=True)]


def _village(area: Area, town: int, town_code: str, chance: Random, seed: int) -> Village:
    latitude, longitude = _sizes(town_code, "latitude", "longitude").values()
    latitude, longitude = latitude + chance.gauss(0, 0.011), longitude + chance.gauss(0, 0.013)
    spots = [
        Spot(names.spot(chance, area.name), latitude + chance.gauss(0, 0.0025), longitude + chance.gauss(0, 0.003))
        for _ in range(chance.randint(2, 5))
    ]
    return Village(area.id, town, area.path, spots, care_of_village(seed, area.code, town_code))


def _stations(
    session: Session, towns: Sequence[Town], villages: Sequence[Village], called: dict[int, str], chance: Random
) -> list[Station]:
    """Add the stations: in the first village of each larger town, the second of a town somewhere else in it."""
    stations: list[Station] = []
    for town in towns:
        count, seats = _sizes(town.area.code, "stations", "seats").values()
        own = villages[town.first : town.last + 1]
        for which in range(count):
            village = own[which * len(own) // 2]
            short = names.short_village(called[village.id])
            name = town.area.name.removesuffix("街道").removesuffix("镇")
            stations.append(
                Station(
                    code=f"DEMO{len(stations) + 1:02d}",
                    name=f"{name}{short if which else ''}交治站",
                    area_id=village.id,
                    address=f"{town.area.name}{called[village.id]}{names.road(chance)}{chance.randint(1, 300)}号",
                    phone=f"154{chance.randrange(10**8):08d}",
                    latitude=round(village.spots[0].latitude, 6),
                    longitude=round(village.spots[0].longitude, 6),
                    seats=seats,
                )
            )
    session.add_all(stations)
    session.flush()
    return stations


def _firms(session: Session, chance: Random) -> list[Firm]:
    firms = [
        Firm(
            Company(
                code=one["code"],
                name=one["name"],
                contact_name=names.person(chance),
                contact_phone=f"154{chance.randrange(10**8):08d}",
            ),
            one["share"],
            one["punctuality"],
        )
        for one in names.INVENTED["companies"]
    ]
    session.add_all(firm.company for firm in firms)
    session.flush()
    return firms
