"""A city of three small districts under a province, for tests of whatever must be right at any depth."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy.orm import Session

from tests.factories.education import District, make_area, make_district
from trafficedu.areas.models import Area


@dataclass(frozen=True)
class City:
    """A province with one city of three districts; each is a :class:`~tests.factories.education.District`."""

    province: Area
    city: Area
    districts: tuple[District, District, District]


def make_city(session: Session) -> City:
    """Add the areas and stations of :class:`City`, under codes of their own."""
    province = make_area(session, "province", name="测试省")
    city = make_area(session, "city", province, "测试市")
    return City(
        province, city, (make_district(session, city), make_district(session, city), make_district(session, city))
    )
