from __future__ import annotations

import pytest
from sqlalchemy.orm import Session

from tests.education.crowd import address, clerks, crowded
from tests.factories import people
from tests.factories.education import District, make_district, make_rider
from trafficedu.accounts.queries import actor_of
from trafficedu.core.actors import Actor
from trafficedu.riders.models import Rider

__all__ = ["address", "clerks", "crowded"]


@pytest.fixture
def district(session: Session) -> District:
    return make_district(session)


@pytest.fixture
def rider(session: Session, district: District) -> Rider:
    return make_rider(session, district.a)


@pytest.fixture
def staff(session: Session, district: District) -> Actor:
    return actor_of(people.make_user(session, "station", station_id=district.at_a.id))
