"""Outlines of areas: read from GeoJSON (RFC 7946), thinned for a screen, drawn as SVG. Must not know any feature.

Outlines are for maps alone. Rings that cross themselves are taken as they are: the even-odd rule fills them too.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from trafficedu.core.errors import Refusal
from trafficedu.core.positions import Box, Datum, in_wgs84
from trafficedu.core.text import Message, message

Ring = Sequence[Sequence[float]]
"""A closed line of points, each longitude and latitude in degrees."""

MOST_BYTES = 20 * 1024 * 1024
MOST_FEATURES = 2_000
MOST_POINTS = 400_000
"""Of a file: some 600 villages of 600 points each, ten times what the finest public outlines of a district have."""
THINNED_DEGREES = 0.0001
"""How far a thinned line may lie beside the one given: some 10 m, a third of a pixel on a wall."""
PIECE = 500
CODE_NAMES = ("code", "adcode", "区划代码", "行政区划代码", "代码", "区划码")
CALLED_NAMES = ("name", "名称", "镇街", "镇街名称", "村社", "村社名称")


MAP_WIDTH = 640.0
"""How many units wide a map is drawn; its page fits it to where it stands."""


@dataclass(frozen=True)
class GivenFile:
    """A file as it came; ``datum`` is the system of its points."""

    name: str
    body: bytes
    datum: Datum


@dataclass(frozen=True)
class Feature:
    """One area of a file: its place there, what it says of its code and name, and its rings in the file's system."""

    position: int
    code: str
    name: str
    rings: Sequence[Ring]

    @property
    def title(self) -> str:
        """What people call it: name, else code, else its place in the file."""
        return self.name or self.code or f"#{self.position}"


def read_features(body: bytes) -> list[Feature]:
    """Return the areas of a GeoJSON FeatureCollection.

    Raises
    ------
    Refusal
        At field ``file``: too large, no FeatureCollection, or an outline that is no closed polygon in degrees.
    """
    if len(body) > MOST_BYTES:
        raise _refused(message("The file is larger than %(megabytes)d MB. Simplify the outlines first.", megabytes=20))
    try:
        collection = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise _refused(NO_COLLECTION) from error
    features = collection.get("features") if isinstance(collection, dict) else None
    if not isinstance(features, list) or not features:
        raise _refused(NO_COLLECTION)
    if len(features) > MOST_FEATURES:
        raise _refused(message("The file has more than %(count)s areas.", count=f"{MOST_FEATURES:,}"))
    read, points = [], 0
    for position, feature in enumerate(features, start=1):
        read.append(_feature(position, feature))
        points += sum(len(ring) for ring in read[-1].rings)
        if points > MOST_POINTS:
            raise _refused(
                message(
                    "The outlines have more than %(count)s points. Simplify the outlines first.",
                    count=f"{MOST_POINTS:,}",
                )
            )
    return read


NO_COLLECTION = message("This is not a GeoJSON FeatureCollection with areas in it.")


def _refused(text: Message) -> Refusal:
    return Refusal(text, field="file")


def _feature(position: int, feature: object) -> Feature:
    given = feature if isinstance(feature, dict) else {}
    properties = given.get("properties")
    said = {str(key).lower(): value for key, value in properties.items()} if isinstance(properties, dict) else {}
    bare = Feature(position, _first(said, CODE_NAMES), _first(said, CALLED_NAMES), ())
    return Feature(position, bare.code, bare.name, _rings(given.get("geometry"), bare))


def _first(properties: Mapping[str, object], names: Iterable[str]) -> str:
    for name in names:
        value = properties.get(name)
        if isinstance(value, (str, int)) and not isinstance(value, bool) and str(value).strip():
            return str(value).strip()[:80]
    return ""


def _rings(geometry: object, of: Feature) -> list[Ring]:
    shape = geometry if isinstance(geometry, dict) else {}
    coordinates = shape.get("coordinates")
    polygons = [coordinates] if shape.get("type") == "Polygon" else coordinates
    if shape.get("type") not in {"Polygon", "MultiPolygon"} or not isinstance(polygons, list):
        raise _broken(of)
    try:
        rings = [[_point(point) for point in ring] for polygon in polygons for ring in polygon]
    except (TypeError, ValueError, IndexError, KeyError, OverflowError) as error:
        raise _broken(of) from error
    if not rings or any(len(ring) < 4 or ring[0] != ring[-1] for ring in rings) or not any(map(_surface, rings)):
        raise _broken(of)
    return list(rings)


def _broken(of: Feature) -> Refusal:
    return _refused(
        message(
            "The outline of %(name)s (area %(position)d of the file) is not a closed polygon in degrees, the "
            "longitude of each point first.",
            name=of.title,
            position=of.position,
        )
    )


def _point(point: Sequence[float]) -> list[float]:
    """Return a point to five decimals of a degree, about a metre; ValueError outside the globe or for no number."""
    longitude, latitude = float(point[0]), float(point[1])
    if not (-180 <= longitude <= 180 and -90 <= latitude <= 90):
        raise ValueError(point)
    return [round(longitude, 5), round(latitude, 5)]


def extent_of(rings: Iterable[Ring]) -> Box:
    """Return the rectangle that an outline fills."""
    points = [point for ring in rings for point in ring]
    longitudes, latitudes = [point[0] for point in points], [point[1] for point in points]
    return Box(min(latitudes), min(longitudes), max(latitudes), max(longitudes))


def prepared(rings: Sequence[Ring], datum: Datum) -> list[list[list[float]]]:
    """Return rings thinned, in WGS-84; one that vanishes when thinned is left out unless it is the only one."""
    thin = [_thinned(ring, THINNED_DEGREES) for ring in rings]
    largest: Ring = sorted(rings, key=_surface)[-1]
    kept: Sequence[Ring] = [ring for ring in thin if len(ring) >= 4] or [largest]
    return [[_moved(point, datum) for point in ring] for ring in kept]


def _moved(point: Sequence[float], datum: Datum) -> list[float]:
    latitude, longitude = in_wgs84(point[1], point[0], datum)
    return [round(longitude, 5), round(latitude, 5)]


def _thinned(ring: Ring, tolerance: float) -> list[Sequence[float]]:
    """Return a closed ring without the points that lie within ``tolerance`` degrees of the line of the others.

    Douglas and Peucker (1973), without recursion, in pieces of :data:`PIECE` points: the worst of lines takes that
    many steps a point. The ring is also cut where it is farthest from its beginning.
    """
    far = max(range(len(ring)), key=lambda place: math.dist(ring[0], ring[place]))
    kept = {*range(0, len(ring), PIECE), far, len(ring) - 1}
    parts = list(pairwise(sorted(kept)))
    while parts:
        first, last = parts.pop()
        place, distance = first, tolerance
        for between in range(first + 1, last):
            beside = _beside(ring[between], ring[first], ring[last])
            if beside > distance:
                place, distance = between, beside
        if place != first:
            kept.add(place)
            parts += [(first, place), (place, last)]
    return [ring[place] for place in sorted(kept)]


def _beside(point: Sequence[float], begin: Sequence[float], end: Sequence[float]) -> float:
    """Return how far a point lies from the straight piece between two others."""
    along, up = end[0] - begin[0], end[1] - begin[1]
    length = along * along + up * up
    share = ((point[0] - begin[0]) * along + (point[1] - begin[1]) * up) / length if length else 0.0
    share = min(max(share, 0.0), 1.0)
    return math.dist(point[:2], (begin[0] + share * along, begin[1] + share * up))


@dataclass(frozen=True)
class Drawn:
    """An outline as SVG: the data of its path, and the point in its largest ring where a label fits."""

    path: str
    x: float
    y: float


def draw_outlines(outlines: Mapping[str, Sequence[Ring]], width: float = MAP_WIDTH) -> tuple[dict[str, Drawn], float]:
    """Return outlines on one flat picture ``width`` units wide, and the picture's height.

    Longitudes are shortened by the cosine of the middle latitude (equirectangular projection): over a district
    the error is far below the width of a line. Points closer than half a unit to the one before are left out.
    """
    points = [point for rings in outlines.values() for ring in rings for point in ring]
    if not points:
        return {}, 0.0
    south, west, north, east = extent_of([points])
    squeeze = math.cos(math.radians((south + north) / 2))
    scale = width / max((east - west) * squeeze, 1e-9)

    def place(ring: Ring) -> list[tuple[float, float]]:
        return _spaced([((x - west) * squeeze * scale, (north - y) * scale) for x, y in ring])

    drawn = {}
    for code, rings in outlines.items():
        placed = [place(ring) for ring in rings]
        drawn[code] = Drawn("".join(_path(ring) for ring in placed), *_middle(max(placed, key=_surface)))
    return drawn, round((north - south) * scale, 1)


def _spaced(ring: Sequence[tuple[float, float]]) -> list[tuple[float, float]]:
    kept = [ring[0]]
    for point in ring[1:-1]:
        if math.dist(point, kept[-1]) >= 0.5:
            kept.append(point)
    return kept


def _path(ring: Sequence[tuple[float, float]]) -> str:
    return "M" + "L".join(f"{x:.1f} {y:.1f}" for x, y in ring) + "Z"


def _surface(ring: Sequence[Sequence[float]]) -> float:
    """Return twice the area of a ring (the shoelace formula), without its sign."""
    return abs(sum(x * after_y - after_x * y for (x, y), (after_x, after_y) in _sides(ring)))


def _sides(ring: Sequence[Sequence[float]]) -> Iterator[tuple[Sequence[float], Sequence[float]]]:
    return zip(ring, [*ring[1:], ring[0]], strict=True)


def _middle(ring: Sequence[tuple[float, float]]) -> tuple[float, float]:
    """Return the middle of a ring's corners: good enough for a label, and never far outside."""
    return round(sum(x for x, _ in ring) / len(ring), 1), round(sum(y for _, y in ring) / len(ring), 1)
