"""A demo district for the tests of a module, which names its ``PLAN`` and its ``NOW``."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from flask import Flask
from sqlalchemy.orm import Session

from trafficedu.core.database import database
from trafficedu.demo.services import load_demo


@pytest.fixture(scope="module")
def built(shared_app: Flask, request: pytest.FixtureRequest) -> Iterator[Flask]:
    """The shared application with the demo district in it, undone after this module's tests."""
    with shared_app.extensions["sqlalchemy"].test_isolation():
        with shared_app.app_context(), database().sessionmaker() as session:
            load_demo(session, request.module.PLAN, request.module.NOW)
            session.commit()
        yield shared_app


@pytest.fixture
def demo(built: Flask) -> Iterator[Session]:
    with built.app_context():
        maker = database().sessionmaker
    with maker() as session:
        yield session
