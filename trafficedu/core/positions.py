"""Where something happened, in degrees: the systems points come in, and whether one can be right.

Stored positions are WGS-84, as phones give them. Maps sold in China show GCJ-02, which lies 300 to 600 m beside it.
"""

from __future__ import annotations

import math
from typing import NamedTuple

from trafficedu.core.errors import Refusal
from trafficedu.core.states import Word
from trafficedu.core.text import Message, message


class Datum(Word):
    """The system a point is given in."""

    WGS84 = "wgs84", message("WGS-84 (GPS)")
    GCJ02 = "gcj02", message("GCJ-02 (Amap, Tencent Maps)")


class Box(NamedTuple):
    """A rectangle on the map, in degrees."""

    south: float
    west: float
    north: float
    east: float

    def holds(self, latitude: float, longitude: float) -> bool:
        """Tell whether a point lies in it."""
        return self.south <= latitude <= self.north and self.west <= longitude <= self.east

    @property
    def is_wide(self) -> bool:
        """Whether it is more than a line."""
        return self.south < self.north and self.west < self.east

    def widened(self, margin: float) -> Box:
        """Return it with ``margin`` degrees more on each side."""
        return Box(self.south - margin, self.west - margin, self.north + margin, self.east + margin)


MARGIN = 0.05
"""Degrees beside an area in which a point may still be meant: some 5 km, since outlines and GPS are not exact."""
NULL_ISLAND = Box(-0.01, -0.01, 0.01, 0.01)
"""Where points fall that nobody knew: 0/0 in the Gulf of Guinea."""


def check_position(latitude: float | None, longitude: float | None, surroundings: Box | None = None) -> None:
    """Raise Refusal at ``latitude`` or ``longitude`` for half a position, or one that cannot be meant.

    ``surroundings`` are those of the area the record lies in, where they are known.
    """
    if (latitude is None) != (longitude is None):
        field = "longitude" if longitude is None else "latitude"
        raise Refusal(message("A position needs both latitude and longitude."), field=field, value="")
    if latitude is None or longitude is None:
        return
    if not -90 <= latitude <= 90:
        raise Refusal(message("The latitude must be between -90 and 90."), field="latitude", value=str(latitude))
    if not -180 <= longitude <= 180:
        raise Refusal(message("The longitude must be between -180 and 180."), field="longitude", value=str(longitude))
    if (text := _misplaced(latitude, longitude, surroundings)) is not None:
        raise Refusal(text, field="latitude", value=f"{latitude}, {longitude}")


def _misplaced(latitude: float, longitude: float, surroundings: Box | None) -> Message | None:
    if surroundings is None:
        if not NULL_ISLAND.holds(latitude, longitude):
            return None
        return message("The position 0, 0 lies in the sea off Africa. Leave the position empty where it is not known.")
    around = surroundings.widened(MARGIN)
    if around.holds(latitude, longitude):
        return None
    if around.holds(longitude, latitude):
        return message("Latitude and longitude are swapped: the latitude comes first.")
    return message(
        "This position does not lie in or near the area (latitude %(south)s to %(north)s, longitude %(west)s to "
        "%(east)s). Check it, or leave it empty.",
        **{name: f"{value:.2f}" for name, value in around._asdict().items()},
    )


EARTH = 6371008.8
"""Metres: the mean radius of the Earth (IUGG)."""


def metres_between(one: tuple[float, float], other: tuple[float, float]) -> float:
    """Return how far two points (latitude, longitude) lie apart on a sphere, by the haversine."""
    (north, east), (south, west) = (tuple(math.radians(degree) for degree in point) for point in (one, other))
    half = math.sin((north - south) / 2) ** 2 + math.cos(north) * math.cos(south) * math.sin((east - west) / 2) ** 2
    return 2 * EARTH * math.asin(math.sqrt(min(half, 1.0)))


AXIS, ECCENTRICITY = 6378245.0, 0.00669342162296594323
"""Of the ellipsoid that GCJ-02 is reckoned on (Krasovsky 1940): semi-major axis in metres, eccentricity squared."""
ROUNDS = 6
"""Of the inverse, after which it is off by less than a millimetre."""
DECIMALS = 6
"""A millionth of a degree is 0.1 m."""


def in_wgs84(latitude: float, longitude: float, datum: Datum) -> tuple[float, float]:
    """Return a point in WGS-84, to a tenth of a metre.

    GCJ-02 is WGS-84 moved by a known function of the place; its inverse is found by iteration (a fixed point of
    ``w = g - shift(w)``).
    """
    if datum is Datum.WGS84 or not (abs(latitude) <= 90 and abs(longitude) <= 180):
        return latitude, longitude
    north, east = latitude, longitude
    for _ in range(ROUNDS):
        up, right = _shift(north, east)
        north, east = latitude - up, longitude - right
    return round(north, DECIMALS), round(east, DECIMALS)


def in_gcj02(latitude: float, longitude: float) -> tuple[float, float]:
    """Return a WGS-84 point as maps in China show it."""
    up, right = _shift(latitude, longitude)
    return latitude + up, longitude + right


def _shift(latitude: float, longitude: float) -> tuple[float, float]:
    """Return by how many degrees GCJ-02 lies north and east of WGS-84 at a WGS-84 point."""
    x, y = longitude - 105.0, latitude - 35.0
    both = 20.0 * (math.sin(6 * math.pi * x) + math.sin(2 * math.pi * x))
    north = -100.0 + 2.0 * x + 3.0 * y + 0.2 * y * y + 0.1 * x * y + 0.2 * math.sqrt(abs(x))
    north += (both + _waves(y, (20.0, 1.0), (40.0, 3.0)) + _waves(y, (160.0, 12.0), (320.0, 30.0))) * 2 / 3
    east = 300.0 + x + 2.0 * y + 0.1 * x * x + 0.1 * x * y + 0.1 * math.sqrt(abs(x))
    east += (both + _waves(x, (20.0, 1.0), (40.0, 3.0)) + _waves(x, (150.0, 12.0), (300.0, 30.0))) * 2 / 3
    sine = math.sin(math.radians(latitude))
    w = math.sqrt(1 - ECCENTRICITY * sine * sine)
    metres_north = math.radians(AXIS * (1 - ECCENTRICITY) / w**3)
    metres_east = math.radians(AXIS / w * math.cos(math.radians(latitude)))
    return north / metres_north, east / metres_east


def _waves(degrees: float, *waves: tuple[float, float]) -> float:
    """Return the sum of sines of ``degrees``: (amplitude in metres, half the period in degrees) each."""
    return sum(amplitude * math.sin(degrees * math.pi / half) for amplitude, half in waves)
