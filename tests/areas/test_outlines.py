"""Outlines of areas: read from GeoJSON, kept, drawn; nonsense is refused whole."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from sqlalchemy.orm import Session

from tests.conftest import Browser
from tests.factories import places
from trafficedu.accounts.models import User
from trafficedu.areas.queries import tree
from trafficedu.areas.queries.extents import RememberedSurroundings, surroundings_of
from trafficedu.areas.rules import draw_outlines, outlines_of
from trafficedu.core.errors import Refusal
from trafficedu.core.positions import Box

SQUARE = [[120.0, 30.0], [120.2, 30.0], [120.2, 30.2], [120.0, 30.2], [120.0, 30.0]]


def collection(*features: tuple[str, Any]) -> dict[str, Any]:
    rows = [{"type": "Feature", "properties": {"code": code}, "geometry": shape} for code, shape in features]
    return {"type": "FeatureCollection", "features": rows}


def polygon(*rings: Any) -> dict[str, Any]:
    return {"type": "Polygon", "coordinates": list(rings)}


def test_holes_and_several_parts_belong_to_one_area() -> None:
    parts = {"type": "MultiPolygon", "coordinates": [[SQUARE, SQUARE], [SQUARE]]}
    assert {code: len(rings) for code, rings in outlines_of(collection(("7", parts))).items()} == {"7": 3}


@pytest.mark.parametrize(
    "wrong",
    [
        [],
        {"type": "FeatureCollection", "features": []},
        collection(("", polygon(SQUARE))),
        collection(("7", None)),
        collection(("7", {"type": "Point", "coordinates": [120, 30]})),
        collection(("7", polygon(SQUARE[:-1]))),
        collection(("7", polygon([[120, 30], [121, 95], [121, 31], [120, 30]]))),
        collection(("7", polygon([["east", 30], [121, 30], [121, 31], ["east", 30]]))),
    ],
)
def test_what_is_no_outline_is_refused(wrong: Any) -> None:
    with pytest.raises(Refusal) as refused:
        outlines_of(wrong)
    assert refused.value.field == "file"


def test_a_square_on_the_ground_is_drawn_narrower_than_its_degrees() -> None:
    """At 30.1 degrees a degree of longitude is cos(30.1) = 0.865 of one of latitude: 100 wide is 115.6 high."""
    drawn, height = draw_outlines({"7": [SQUARE]}, 100.0)
    assert height == pytest.approx(115.6, abs=0.05)
    assert drawn["7"].path.startswith("M0.0 115.6L100.0 115.6")
    assert (drawn["7"].x, drawn["7"].y) == pytest.approx((50.0, 57.8), abs=0.1)


def test_outlines_are_taken_in_whole_and_replaced(
    session: Session, client: Browser, make_user: Callable[..., User]
) -> None:
    client.sign_in(make_user("administrator"))

    def send(body: Any) -> Any:
        file = (io.BytesIO(json.dumps(body).encode()), "outlines.geojson")
        return client.post("/areas/outlines?lang=en", data={"file": file})

    refused = send(collection((places.TOWN, polygon(SQUARE)), ("nowhere", polygon(SQUARE))))
    assert refused.status_code == 422
    assert "nowhere" in refused.text
    assert tree.count_outlines(session) == 0
    assert send("{").status_code == 422
    for _ in range(2):
        assert send(collection((places.TOWN, polygon(SQUARE)))).status_code == 303
    root = tree.root(session)
    assert root is not None
    assert list(tree.outlines_below(session, root, date(2026, 10, 1))) == [places.TOWN]
    town, beside = root.path + f"{places.TOWN}/", root.path + "330109002/"
    assert surroundings_of(session, town + "330109001001/") == Box(30.0, 120.0, 30.2, 120.2)
    assert (
        surroundings_of(session, beside) == RememberedSurroundings(session).of(beside) != surroundings_of(session, town)
    )
    assert RememberedSurroundings(session).of(town + "330109001001/") == Box(30.0, 120.0, 30.2, 120.2)
