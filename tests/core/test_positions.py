"""Positions: what cannot be meant is refused, GCJ-02 becomes WGS-84."""

from __future__ import annotations

import math

import pytest

from trafficedu.core.errors import Refusal
from trafficedu.core.positions import Box, Datum, check_position, in_gcj02, in_wgs84

XIAOSHAN = Box(29.84, 120.07, 30.30, 120.70)


class TestPosition:
    def test_none_and_a_whole_one_are_taken(self) -> None:
        check_position(None, None)
        check_position(-90.0, 180.0)

    @pytest.mark.parametrize(
        ("latitude", "longitude", "field"),
        [
            (30.0, None, "longitude"),
            (None, 120.0, "latitude"),
            (91.0, 120.0, "latitude"),
            (float("nan"), 120.0, "latitude"),
            (30.0, float("inf"), "longitude"),
        ],
    )
    def test_half_a_position_or_none_on_earth_is_refused(
        self, latitude: float | None, longitude: float | None, field: str
    ) -> None:
        with pytest.raises(Refusal) as caught:
            check_position(latitude, longitude)
        assert caught.value.field == field

    @pytest.mark.parametrize("position", [(30.17, 120.27), (29.80, 120.03), (30.34, 120.74)])
    def test_what_lies_in_or_near_its_area_is_taken(self, position: tuple[float, float]) -> None:
        check_position(*position, XIAOSHAN)

    @pytest.mark.parametrize(
        ("position", "said"),
        [
            ((0.0, 0.0), "does not lie in or near"),
            ((31.23, 121.47), "does not lie in or near"),
            ((29.78, 120.27), "does not lie in or near"),
        ],
    )
    def test_what_lies_elsewhere_is_refused(self, position: tuple[float, float], said: str) -> None:
        with pytest.raises(Refusal) as caught:
            check_position(*position, XIAOSHAN)
        assert (caught.value.field, said in str(caught.value.text)) == ("latitude", True)

    def test_swapped_degrees_are_told_apart(self) -> None:
        west_of_greenwich = Box(10.0, -5.0, 12.0, -3.0)
        with pytest.raises(Refusal) as caught:
            check_position(-4.0, 11.0, west_of_greenwich)
        assert "swapped" in str(caught.value.text)

    def test_nobody_s_position_is_refused_where_nothing_is_known_of_the_area(self) -> None:
        with pytest.raises(Refusal):
            check_position(0.0, 0.0)
        check_position(48.85, 2.35)


class TestDatum:
    def test_gcj_02_lies_beside_wgs_84_as_published(self) -> None:
        """Tiananmen, the example of many a library: some 530 m east and 156 m north."""
        north, east = in_gcj02(39.907333, 116.391083)
        assert (north, east) == pytest.approx((39.908734, 116.397324), abs=2e-6)

    @pytest.mark.parametrize("place", [(30.17, 120.27), (29.84, 120.7), (18.25, 109.5), (45.75, 126.63)])
    def test_there_and_back_is_the_same_place_to_a_tenth_of_a_metre(self, place: tuple[float, float]) -> None:
        moved = in_gcj02(*place)
        assert 200 < math.dist(moved, place) * 111_000 < 800
        assert in_wgs84(*moved, Datum.GCJ02) == pytest.approx(place, abs=1e-6)
        assert in_wgs84(*place, Datum.WGS84) == place
