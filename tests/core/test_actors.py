"""How far somebody sees: the condition of a query, and the same asked of a path."""

from __future__ import annotations

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from tests.factories.education import District, make_area, make_district, make_station
from trafficedu.areas.models import Area
from trafficedu.areas.queries.tree import lies_in
from trafficedu.core.actors import NOTHING, Scope
from trafficedu.stations.models import Station

EVERYTHING = Scope(everything=True)


@pytest.fixture
def district(session: Session) -> District:
    return make_district(session)


def test_a_post_in_an_area_sees_it_and_what_lies_below(session: Session, district: District) -> None:
    town = district.a.parent
    assert town is not None
    scope = Scope(area_path=town.path)
    tree = session.scalars(select(Area)).all()
    below = {area.path for area in tree if area.path == town.path or area.parent_id == town.id}
    assert len(below) > 1
    assert set(session.scalars(select(Area.path).where(scope.condition(area=Area.path)))) == below
    assert set(session.scalars(select(Area.path).where(scope.condition(area=lies_in(Area.id))))) == below
    assert {area.path for area in tree if scope.covers(area.path)} == below


def test_signs_of_the_database_in_a_path_stand_for_themselves(session: Session, district: District) -> None:
    town = district.a.parent
    assert town is not None
    odd, other = make_area(session, "village", town), make_area(session, "village", town)
    odd.path, other.path = f"{town.path}1_%/", f"{town.path}1x3/"
    session.flush()
    own = Scope(area_path=odd.path).condition(area=Area.path)
    assert session.scalars(select(Area.path).where(own)).all() == [odd.path]


def test_a_station_sees_its_own_and_a_company_its_own(session: Session, district: District) -> None:
    own, other = make_station(session, district.a), make_station(session, district.a)
    for scope, kind in ((Scope(station_id=own.id), "station"), (Scope(company_id=own.id), "company")):
        for bound in (Station.id, lambda key: Station.id == key):
            condition = scope.condition(**{kind: bound})
            assert session.scalars(select(Station.id).where(condition, Station.id.in_([own.id, other.id]))).all() == [
                own.id
            ]
        assert not scope.covers(district.a.path)


def test_who_sees_everything_and_who_sees_nothing(session: Session, district: District) -> None:
    count = len(session.scalars(select(Area.id)).all())
    assert len(session.scalars(select(Area.id).where(EVERYTHING.condition())).all()) == count > 0
    assert EVERYTHING.covers(district.a.path)
    for scope in (NOTHING, Scope(area_path=""), Scope(station_id=1), Scope(company_id=1)):
        assert session.scalars(select(Area.id).where(scope.condition(area=Area.path))).all() == []
        assert not scope.covers(district.a.path)
