"""Outlines of areas: read from GeoJSON, looked at, kept, taken back, drawn; nonsense is refused whole."""

from __future__ import annotations

import io
import json
import re
from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from tests.conftest import Browser
from tests.factories import places
from tests.factories.violations import make_violation
from trafficedu.accounts.models import User
from trafficedu.areas.imports.outlines import take_back, take_outlines, try_outlines
from trafficedu.areas.models import AreaBoundary, AreaExtent, OutlineImport
from trafficedu.areas.queries import outlines as known
from trafficedu.areas.queries import tree
from trafficedu.areas.queries.extents import RememberedSurroundings, surroundings_of
from trafficedu.areas.rules import OutlinesState, check_outline
from trafficedu.core import outlines
from trafficedu.core.actors import SYSTEM
from trafficedu.core.clock import utc_now
from trafficedu.core.errors import Refusal, Stale
from trafficedu.core.outlines import GivenFile, draw_outlines, extent_of, prepared, read_features
from trafficedu.core.positions import Box, Datum, in_gcj02
from trafficedu.core.text import translate

SQUARE = [[120.2, 30.0], [120.4, 30.0], [120.4, 30.2], [120.2, 30.2], [120.2, 30.0]]
"""Within the rectangle shipped for Xiaoshan."""
PARIS = [[2.2, 48.8], [2.5, 48.8], [2.5, 49.0], [2.2, 49.0], [2.2, 48.8]]
NOW = utc_now()


def collection(*features: tuple[dict[str, Any], Any]) -> dict[str, Any]:
    rows = [{"type": "Feature", "properties": said, "geometry": shape} for said, shape in features]
    return {"type": "FeatureCollection", "features": rows}


def polygon(*rings: Any) -> dict[str, Any]:
    return {"type": "Polygon", "coordinates": list(rings)}


def file_of(collected: Any, datum: Datum = Datum.WGS84) -> GivenFile:
    return GivenFile("outlines.geojson", json.dumps(collected).encode(), datum)


def moved(ring: list[list[float]], east: float) -> list[list[float]]:
    return [[x + east, y] for x, y in ring]


def test_holes_and_several_parts_belong_to_one_area() -> None:
    parts = {"type": "MultiPolygon", "coordinates": [[SQUARE, SQUARE], [SQUARE]]}
    (feature,) = read_features(file_of(collection(({"adcode": 330109, "名称": "萧山区"}, parts))).body)
    assert (feature.code, feature.name, len(feature.rings)) == ("330109", "萧山区", 3)


@pytest.mark.parametrize(
    "wrong",
    [
        b"{",
        b"[]",
        b"[" * 100_000,
        b'{"type": "FeatureCollection", "features": []}',
        *(
            json.dumps(collection(({"code": "7"}, shape))).encode()
            for shape in (
                None,
                {"type": "Point", "coordinates": [120, 30]},
                {"type": "MultiPolygon", "coordinates": {"0": [[SQUARE]]}},
                polygon(SQUARE[:-1]),
                polygon([[120, 30], [121, 95], [121, 31], [120, 30]]),
                polygon([["east", 30], [121, 30], [121, 31], ["east", 30]]),
                polygon([[120, 30], [121, 31], [122, 32], [120, 30]]),
                polygon([[float("nan"), 30], [121, 30], [121, 31], [float("nan"), 30]]),
                polygon([[13_380_000, 3_500_000], [13_390_000, 3_500_000], [13_390_000, 3_600_000], [1, 2]]),
                polygon(),
            )
        ),
    ],
    ids=lambda body: body[:40].decode(),
)
def test_what_is_no_outline_is_refused(wrong: bytes) -> None:
    with pytest.raises(Refusal) as refused:
        read_features(wrong)
    assert refused.value.field == "file"


def test_files_beyond_all_measure_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    body = file_of(collection(({"code": "1"}, polygon(SQUARE)), ({"code": "2"}, polygon(SQUARE)))).body
    for limit, most in (("MOST_BYTES", 100), ("MOST_FEATURES", 1), ("MOST_POINTS", 9)):
        with monkeypatch.context() as smaller:
            smaller.setattr(outlines, limit, most)
            with pytest.raises(Refusal):
                read_features(body)
    assert len(read_features(body)) == 2


def test_a_square_on_the_ground_is_drawn_narrower_than_its_degrees() -> None:
    """At 30.1 degrees a degree of longitude is cos(30.1) = 0.865 of one of latitude: 100 wide is 115.6 high."""
    drawn, height = draw_outlines({"7": [SQUARE]}, 100.0)
    assert height == pytest.approx(115.6, abs=0.05)
    assert drawn["7"].path.startswith("M0.0 115.6L100.0 115.6")
    assert (drawn["7"].x, drawn["7"].y) == pytest.approx((50.0, 57.8), abs=0.1)


def test_lines_are_thinned_to_ten_metres_and_corners_stay() -> None:
    """A point .00005 degrees beside a straight line goes, one .0002 beside it stays; so do the four corners."""
    (ring,) = prepared(
        [[[120.2, 30.0], [120.3, 30.00005], [120.4, 30.0], [120.4, 30.2], [120.3, 30.2002], *SQUARE[3:]]], Datum.WGS84
    )
    assert ring == [[120.2, 30.0], [120.4, 30.0], [120.4, 30.2], [120.3, 30.2002], [120.2, 30.2], [120.2, 30.0]]


def test_outlines_as_chinese_maps_have_them_are_put_where_they_are() -> None:
    """GCJ-02 and back: within a metre, where the two lie some 500 m (.005 degrees) apart."""
    shifted = [[round(x, 6), round(y, 6)] for y, x in (in_gcj02(y, x) for x, y in SQUARE)]
    assert abs(shifted[0][0] - SQUARE[0][0]) > 0.003
    (ring,) = prepared([shifted], Datum.GCJ02)
    assert ring == [pytest.approx(point, abs=1e-5) for point in SQUARE]


def test_areas_are_found_by_code_by_twelve_digits_and_by_name(session: Session) -> None:
    town, other = places.area(session, places.TOWN), places.area(session, places.OTHER_TOWN)
    body = collection(
        ({"code": f"{town.code}000"}, polygon(SQUARE)),
        ({"name": other.name}, polygon(SQUARE)),
        ({"name": "巴黎"}, polygon(PARIS)),
        ({}, polygon(SQUARE)),
    )
    tried = try_outlines(session, file_of(body), SYSTEM, NOW)
    assert [row["code"] for row in tried.outlines] == [town.code, other.code]
    assert [row["name"] for row in tried.left_out] == ["巴黎", "#4"]
    assert known.count_outlines(session) == 0, "only tried"
    with pytest.raises(Refusal) as refused:
        try_outlines(session, file_of(collection(({"name": "巴黎"}, polygon(PARIS)))), SYSTEM, NOW)
    assert "巴黎" in translate(refused.value.text, "zh")


def test_outlines_of_another_place_are_refused(session: Session) -> None:
    """Paris; the district's neighbour across the river; and the right place with longitude and latitude swapped."""
    beside = [[120.12, 30.13], [120.24, 30.13], [120.24, 30.24], [120.12, 30.24], [120.12, 30.13]]
    swapped = [[y, x] for x, y in SQUARE]
    for code, ring, said in (
        (places.TOWN, PARIS, "another place"),
        (places.DISTRICT, PARIS, "another place"),
        (places.DISTRICT, beside, "another place"),
        (places.TOWN, swapped, "longitude of each point first"),
    ):
        with pytest.raises(Refusal) as refused:
            try_outlines(session, file_of(collection(({"code": code}, polygon(ring)))), SYSTEM, NOW)
        assert said in translate(refused.value.text, "en")
    assert session.scalar(select(func.count()).select_from(OutlineImport)) == 0


def test_west_of_ninety_degrees_swapped_coordinates_are_told_from_another_place() -> None:
    """Kashgar lies at 39.5 N, 76 E, so that both are latitudes; what lies around it is known."""
    kashgar = Box(39.3, 75.7, 39.7, 76.3)
    swapped = Box(75.8, 39.4, 76.2, 39.6)
    for own, around in ((kashgar, None), (None, kashgar)):
        with pytest.raises(Refusal) as refused:
            check_outline("喀什", swapped, own, around)
        assert "swapped" in translate(refused.value.text, "en")
        check_outline("喀什", Box(39.35, 75.75, 39.65, 76.25), own, around)


def test_where_nothing_is_known_of_a_district_its_records_are_asked(session: Session) -> None:
    """Five records of a town at 30.16, 120.26, and no rectangle known: what leaves most of them outside is refused."""
    for extent in session.scalars(select(AreaExtent)):
        session.delete(extent)
    village = places.area(session, places.VILLAGE)
    for _ in range(5):
        make_violation(session, village, latitude=30.16, longitude=120.26)
    with pytest.raises(Refusal) as refused:
        try_outlines(session, file_of(collection(({"code": places.DISTRICT}, polygon(PARIS)))), SYSTEM, NOW)
    assert "5 of the latest 5 records" in translate(refused.value.text, "en")
    try_outlines(session, file_of(collection(({"code": places.DISTRICT}, polygon(SQUARE)))), SYSTEM, NOW)


def test_a_file_taken_back_leaves_what_was_there_before(session: Session) -> None:
    town = places.area(session, places.TOWN)

    def take(ring: Any) -> OutlineImport:
        tried = try_outlines(session, file_of(collection(({"code": town.code}, polygon(ring)))), SYSTEM, NOW)
        take_outlines(session, tried, SYSTEM, NOW)
        return tried

    first, second = take(SQUARE), take(moved(SQUARE, 0.1))
    with pytest.raises(Stale):
        take_back(session, first, SYSTEM, NOW)
    take_back(session, second, SYSTEM, NOW)
    assert known.outline_of(session, town) == [SQUARE]
    assert surroundings_of(session, town.path) == extent_of([SQUARE])
    take_back(session, first, SYSTEM, NOW)
    assert (known.outline_of(session, town), second.state) == (None, OutlinesState.BACK)
    assert session.get(AreaExtent, town.id) is None
    with pytest.raises(Stale):
        take_outlines(session, first, SYSTEM, NOW)


def test_an_administrator_looks_before_taking_and_may_take_back(
    session: Session, client: Browser, make_user: Callable[..., User]
) -> None:
    client.sign_in(make_user("administrator"))

    def send(body: Any, datum: str = "wgs84") -> Any:
        file = (io.BytesIO(body if isinstance(body, bytes) else json.dumps(body).encode()), "边界.geojson")
        return client.post("/areas/outlines?lang=en", data={"file": file, "datum": datum})

    assert send(b"{").status_code == 422
    assert send(collection(({"code": places.TOWN}, polygon(SQUARE))), "").status_code == 422
    sent = send(collection(({"code": places.TOWN}, polygon(SQUARE)), ({"code": "nowhere"}, polygon(SQUARE))))
    assert sent.status_code == 303
    page = client.get(sent.location)
    assert "nowhere" in page.text
    assert page.text.count("<path") == 1
    assert known.count_outlines(session) == 0
    (take,) = re.findall(r'action="([^"]+/take)"', page.text)
    assert client.post(take).status_code == 303
    root = tree.root(session)
    assert root is not None
    assert list(known.outlines_below(session, root, date(2026, 10, 1))) == [places.TOWN]
    town, beside = root.path + f"{places.TOWN}/", root.path + "330109002/"
    square = Box(30.0, 120.2, 30.2, 120.4)
    assert surroundings_of(session, town + "330109001001/") == square
    assert (
        surroundings_of(session, beside) == RememberedSurroundings(session).of(beside) != surroundings_of(session, town)
    )
    assert RememberedSurroundings(session).of(town + "330109001001/") == square
    (back,) = re.findall(r'action="([^"]+/take-back)"', client.get(sent.location).text)
    assert client.post(back).status_code == 303
    assert session.scalar(select(func.count()).select_from(AreaBoundary)) == 0
