"""Fixtures: a small district and people who work in it. A feature's ``conftest`` takes those that it needs."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from sqlalchemy.orm import Session

from tests.factories import people, violations
from trafficedu.accounts.models import User
from trafficedu.accounts.queries import actor_of
from trafficedu.areas.models import Area
from trafficedu.core.actors import Actor

Acting = Callable[[str, Area], Actor]


@pytest.fixture
def district(session: Session) -> violations.District:
    made = violations.make_district(session)
    session.commit()
    return made


@pytest.fixture
def acting(session: Session) -> Acting:
    """Make a user of a role with a post in an area, and return what services take."""

    def make(role: str, area: Area) -> Actor:
        return actor_of(people.make_user(session, role, area_id=area.id))

    return make


@pytest.fixture
def officer_user(session: Session, district: violations.District) -> User:
    user = people.make_user(session, "officer", area_id=district.town.id)
    session.commit()
    return user


@pytest.fixture
def officer(officer_user: User) -> Actor:
    return actor_of(officer_user)
