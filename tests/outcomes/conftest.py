from __future__ import annotations

import pytest
from sqlalchemy.orm import Session

from tests.factories.education import District, make_district


@pytest.fixture
def district(session: Session) -> District:
    return make_district(session)
