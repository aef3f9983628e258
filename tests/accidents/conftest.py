from __future__ import annotations

import pytest
from sqlalchemy.orm import Session

from tests.factories import people, violations
from tests.factories.officers import acting, district, officer, officer_user
from trafficedu.accounts.queries import actor_of
from trafficedu.core.actors import Actor

__all__ = ["acting", "district", "officer", "officer_user"]


@pytest.fixture
def supervisor(session: Session, district: violations.District) -> Actor:
    return actor_of(people.make_user(session, "supervisor", area_id=district.town.id))
