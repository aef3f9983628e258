"""Figures, evaluations and papers read from the replica; who is asking, and all that is written, does not."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import URL, make_url, select, text
from sqlalchemy.exc import DBAPIError

from tests import databases
from tests.conftest import Browser, run_jobs
from tests.factories.people import make_user
from trafficedu.app import create_app
from trafficedu.areas.models import Area
from trafficedu.configuration.models import Run
from trafficedu.core.clock import today, utc_now
from trafficedu.core.database import REPLICA, close_connections, database
from trafficedu.core.month import Month
from trafficedu.core.settings import Settings
from trafficedu.core.tables import insert_row
from trafficedu.core.transactions import WRITES, read_from_replica, writing

WHERE = text("SELECT current_database()")


@pytest.fixture
def replicated(
    fresh_url: str, database_kind: str, data_key: str, tmp_path: Path, request: pytest.FixtureRequest
) -> Iterator[Flask]:
    """An application with a second database that stands for the replica: a copy, which nothing follows up."""
    if database_kind == "sqlite":
        pytest.skip("a file has no replica")
    server: URL = request.getfixturevalue("postgres")
    template = make_url(fresh_url).database or ""
    copy = databases.create_postgres_database(server, template)
    url = copy.render_as_string(hide_password=False)
    app = create_app(Settings(tmp_path, fresh_url, "only-for-tests", data_key, replica_url=url), {"TESTING": True})
    yield app
    with app.app_context():
        close_connections()
    databases.drop_postgres_database(server, copy)


def names(app: Flask) -> tuple[Any, Any]:
    with app.app_context():
        return tuple(database().engines[name].url.database for name in ("default", REPLICA))  # type: ignore[return-value]


def test_a_session_reads_from_it_only_while_it_was_chosen_and_nothing_is_written(replicated: Flask) -> None:
    primary, replica = names(replicated)
    with replicated.app_context(), database().sessionmaker() as session:
        assert session.scalar(WHERE) == primary
        read_from_replica(session)
        assert session.scalar(WHERE) == replica
        with pytest.raises(DBAPIError, match="read-only"):
            insert_row(session, Run, kind="test", started_utc=utc_now())
        session.rollback()
        with writing(session):
            assert session.scalar(WHERE) == primary
            insert_row(session, Run, kind="test", started_utc=utc_now())
        assert session.scalar(select(Run.id)) is None  # nothing follows this copy up
        assert session.scalar(WHERE) == replica


def test_without_one_it_is_the_database_itself(session: Any) -> None:
    bound = session.get_bind()
    read_from_replica(session)
    assert session.get_bind() is bound


@pytest.fixture
def analyst(replicated: Flask) -> Browser:
    """The browser of an analyst of the district."""
    with replicated.app_context(), database().sessionmaker(info=WRITES) as session:
        district = session.scalars(select(Area).where(Area.parent_id.is_(None))).one()
        user = make_user(session, "analyst", area_id=district.id)
        session.commit()
        token = f"{user.id}:{user.session_stamp}"
    replicated.test_client_class = Browser
    client = replicated.test_client()
    with client.session_transaction() as cookie:
        cookie["_user_id"], cookie["_fresh"] = token, True
    assert isinstance(client, Browser)
    return client


@pytest.fixture
def asked(replicated: Flask, analyst: Browser) -> Callable[[str], set[str]]:
    """Open an address as an analyst and return the databases that were asked."""
    with replicated.app_context():
        engines = dict(database().engines)

    def open_at(address: str) -> set[str]:
        for engine in engines.values():
            engine.dispose()
        assert analyst.get(address).status_code == 200, address
        return {name for name, engine in engines.items() if engine.pool.checkedin()}  # type: ignore[attr-defined]

    return open_at


def test_the_command_room_reads_from_it_and_the_rest_does_not(asked: Callable[[str], set[str]]) -> None:
    for address in ("/overview", "/screen", "/evaluation", "/evaluation/trends", "/bulletin"):
        assert asked(address) == {"default", REPLICA}, address
    for address in ("/violations", "/messages"):
        assert asked(address) == {"default"}, address


@pytest.mark.parametrize(("address", "said"), [("/evaluation/trends", "正在计算趋势"), ("/screen", "正在计算预警")])
def test_a_fit_is_waited_for_in_the_database_itself(
    replicated: Flask, analyst: Browser, address: str, said: str
) -> None:
    page = analyst.get(address).text
    assert said in page
    waits = {"HX-Request": "true"}
    assert analyst.get(address, headers=waits).status_code == 204
    assert run_jobs(replicated) == 1
    assert analyst.get(address, headers=waits).headers["HX-Refresh"] == "true"
    assert said not in analyst.get(address).text
    assert run_jobs(replicated) == 0


def test_a_file_is_waited_for_in_the_database_itself(replicated: Flask, analyst: Browser) -> None:
    """The page was made from the replica, which does not know the job yet."""
    replicated.config["JOB_WAIT_SECONDS"] = 0.1
    with replicated.app_context(), database().sessionmaker() as session:
        code = session.scalars(select(Area.code).where(Area.parent_id.is_(None))).one()
    answer = analyst.get(f"/bulletin/{Month.of(today()) - 1}/{code}.pdf")
    assert answer.status_code == 303
    assert answer.headers["Location"].startswith("/jobs/")
