"""A demo district for the tests of a module, which names its ``PLAN`` and its ``NOW``."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import datetime
from functools import cache

import pytest
from flask import Flask
from sqlalchemy.orm import Session

from trafficedu.core.database import database
from trafficedu.core.transactions import WRITES
from trafficedu.demo.plan import Plan
from trafficedu.demo.services import load_demo


@pytest.fixture(scope="module")
def built(shared_app: Flask, request: pytest.FixtureRequest) -> Iterator[Flask]:
    """The shared application with the demo district in it, undone after this module's tests."""
    with shared_app.extensions["sqlalchemy"].test_isolation():
        with shared_app.app_context(), database().sessionmaker(info=WRITES) as session:
            load_demo(session, request.module.PLAN, request.module.NOW)
            session.commit()
        yield shared_app


@pytest.fixture
def demo(built: Flask) -> Iterator[Session]:
    with built.app_context():
        maker = database().sessionmaker
    with maker(info=WRITES) as session:
        yield session


@pytest.fixture(scope="session")
def elsewhere(
    make_app: Callable[[str], Flask], copy_template: Callable[[str], str]
) -> Iterator[Callable[[Plan, datetime], Session]]:
    """Return a session on a SQLite file with the demo of another plan or hour: both databases are compared with it."""
    with ExitStack() as opened:

        @cache
        def load(plan: Plan, now: datetime) -> Session:
            with make_app(copy_template("sqlite")).app_context():
                opened.callback(database().engine.dispose)
                session = opened.enter_context(database().sessionmaker(info=WRITES))
            load_demo(session, plan, now)
            return session

        yield load
