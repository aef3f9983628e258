from __future__ import annotations

import pytest
from sqlalchemy.orm import Session

from tests.factories.education import District, make_district, make_rider
from trafficedu.riders.models import Rider


@pytest.fixture
def district(session: Session) -> District:
    return make_district(session)


@pytest.fixture
def rider(session: Session, district: District) -> Rider:
    return make_rider(session, district.a)
