"""A village, and people of every role around it."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from sqlalchemy.orm import Session

from tests.factories import people, places
from trafficedu.accounts.queries import actor_of
from trafficedu.areas.models import Area
from trafficedu.core.actors import Actor

Acting = Callable[..., Actor]


@pytest.fixture
def village(session: Session) -> Area:
    return places.area(session, places.VILLAGE)


@pytest.fixture
def town(session: Session) -> Area:
    return places.area(session, places.TOWN)


@pytest.fixture
def acting(session: Session, town: Area) -> Acting:
    """Return a new user of a role as an actor; the post is the town unless another is given."""

    def act(role: str, area: Area | None = None) -> Actor:
        return actor_of(people.make_user(session, role, area=area or town))

    return act
