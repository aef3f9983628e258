from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from trafficedu.areas.rules import AreaFacts, Exposed, carried, check_one_top, check_place, check_successor, exposure
from trafficedu.core.errors import Refusal
from trafficedu.core.month import Month

DISTRICT = AreaFacts("1", "区", "district", "", date(2020, 1, 1))
TOWN = AreaFacts("11", "镇", "town", "1", date(2021, 1, 1), date(2024, 12, 31))
VILLAGE = AreaFacts("111", "村", "village", "11", date(2021, 1, 1), date(2023, 1, 1))
NOVEMBER = Month(2026, 11)


@pytest.mark.parametrize(
    ("new", "before", "parent", "field"),
    [
        (VILLAGE, None, None, "parent_code"),
        (VILLAGE, None, DISTRICT, "parent_code"),
        (DISTRICT, None, TOWN, "parent_code"),
        (replace(VILLAGE, level="town"), VILLAGE, DISTRICT, "level"),
        (VILLAGE, replace(VILLAGE, parent_code="12"), TOWN, "parent_code"),
        (replace(VILLAGE, valid_to=date(2020, 12, 31)), None, TOWN, "valid_to"),
        (replace(VILLAGE, valid_from=date(2020, 12, 31)), None, TOWN, "valid_from"),
        (replace(VILLAGE, valid_to=None), None, TOWN, "valid_to"),
        (replace(VILLAGE, valid_to=date(2025, 1, 1)), None, TOWN, "valid_to"),
    ],
)
def test_a_place_that_cannot_stand_is_refused_at_its_field(
    new: AreaFacts, before: AreaFacts | None, parent: AreaFacts | None, field: str
) -> None:
    with pytest.raises(Refusal) as refused:
        check_place(new, before, parent)
    assert refused.value.field == field


CITY = AreaFacts("0", "市", "city", "", date(2000, 1, 1))
PROVINCE = AreaFacts("00", "省", "province", "", date(2000, 1, 1))


@pytest.mark.parametrize(
    ("area", "parent"), [(CITY, PROVINCE), (DISTRICT, CITY), (DISTRICT, PROVINCE), (CITY, None), (PROVINCE, None)]
)
def test_a_tree_begins_with_a_district_a_city_or_a_province(area: AreaFacts, parent: AreaFacts | None) -> None:
    check_place(replace(area, parent_code=parent.code if parent else ""), None, parent)
    check_place(area, area, parent)  # what was the top may get a parent


@pytest.mark.parametrize(("area", "parent"), [(TOWN, CITY), (CITY, DISTRICT), (PROVINCE, CITY), (CITY, CITY)])
def test_no_area_lies_in_one_of_its_own_or_a_lower_level(area: AreaFacts, parent: AreaFacts) -> None:
    with pytest.raises(Refusal):
        check_place(replace(area, valid_to=None), None, parent)


def test_a_tree_has_one_top_on_each_day() -> None:
    former = replace(DISTRICT, code="2", valid_to=date(2019, 12, 31))
    check_one_top(DISTRICT, [former, DISTRICT, TOWN])
    with pytest.raises(Refusal) as refused:
        check_one_top(DISTRICT, [replace(former, valid_to=date(2020, 1, 1))])
    assert refused.value.field == "parent_code"


def test_a_place_as_long_as_its_parent_stands() -> None:
    check_place(replace(VILLAGE, valid_to=TOWN.valid_to), VILLAGE, TOWN)
    check_place(DISTRICT, None, None)


@pytest.mark.parametrize(
    ("successor", "others", "field"),
    [
        ("9", {}, "successor"),
        ("11", {"11": TOWN}, "successor"),
        ("112", {"112": replace(VILLAGE, code="112")}, "successor"),
        ("112", {"112": replace(VILLAGE, code="112", valid_to=date(2025, 1, 1), successor="111")}, "successor"),
        ("111", {"111": replace(VILLAGE, valid_to=date(2025, 1, 1))}, "successor"),
    ],
)
def test_a_successor_is_known_alike_alive_and_never_leads_back(
    successor: str, others: dict[str, AreaFacts], field: str
) -> None:
    area = replace(VILLAGE, successor=successor)
    with pytest.raises(Refusal) as refused:
        check_successor(area, {"111": area} | others)
    assert refused.value.field == field


def test_only_what_ends_has_a_successor() -> None:
    living = replace(VILLAGE, valid_to=None, successor="112")
    with pytest.raises(Refusal) as refused:
        check_successor(living, {"112": replace(VILLAGE, code="112", valid_to=None)})
    assert refused.value.field == "valid_to"
    check_successor(replace(living, valid_to=date(2022, 1, 1)), {"112": replace(VILLAGE, code="112", valid_to=None)})


@pytest.mark.parametrize(
    ("month", "expected"),
    [
        (Month(2025, 10), None),
        (Month(2025, 11), 100),
        (Month(2026, 11), 100),
        (Month(2026, 12), None),
        (Month(2027, 1), 200),
    ],
)
def test_a_figure_is_carried_forward_twelve_months_and_never_back(month: Month, expected: int | None) -> None:
    assert carried({Month(2025, 11): 100, Month(2027, 1): 200}, month) == expected


def exposed(path: str, ebikes: int | None = None, *, evaluated: bool = True) -> Exposed:
    return Exposed(path, evaluated, {} if ebikes is None else {NOVEMBER: ebikes})


def test_an_own_figure_wins_over_the_sum_below() -> None:
    areas = [exposed("1/", 500), exposed("1/11/", 100), exposed("1/12/", 200)]
    assert exposure(areas, NOVEMBER)["1/"] == 500


def test_sums_climb_two_levels() -> None:
    areas = [exposed("1/"), exposed("1/11/"), exposed("1/11/111/", 3), exposed("1/11/112/", 4), exposed("1/12/", 5)]
    assert exposure(areas, NOVEMBER) == {"1/": 12, "1/11/": 7, "1/11/111/": 3, "1/11/112/": 4, "1/12/": 5}


def test_a_missing_figure_makes_the_sum_unknown_unless_the_area_is_not_evaluated() -> None:
    assert exposure([exposed("1/"), exposed("1/11/", 1), exposed("1/12/")], NOVEMBER)["1/"] is None
    assert exposure([exposed("1/"), exposed("1/11/", 1), exposed("1/12/", evaluated=False)], NOVEMBER)["1/"] == 1
