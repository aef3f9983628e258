"""Fixtures of the whole suite. Whatever asks for ``app``, ``session`` or ``client`` runs on SQLite and on PostgreSQL.

``app`` is made once for each database, with the reference data in it; each test runs in a transaction that is
rolled back. ``fresh_app`` is a database of its own, for what needs real commits: threads, processes, servers. What is
decided without the database's help (a guard, a token) is marked ``one_database``.
"""

from __future__ import annotations

import gc
import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from functools import cache
from pathlib import Path
from typing import Any

import playwright.sync_api
import pytest
from flask import Flask
from flask.testing import FlaskClient
from jinja2 import FileSystemBytecodeCache
from sqlalchemy import URL, Connection, Engine, event
from sqlalchemy.orm import Session, SessionTransaction, sessionmaker
from werkzeug.routing import Rule
from werkzeug.test import TestResponse

from tests import chromium as machine
from tests import databases
from tests.factories import people
from trafficedu.accounts.models import User
from trafficedu.accounts.queries import find_actor
from trafficedu.app import create_app
from trafficedu.core import passwords, schema
from trafficedu.core.clock import utc_now
from trafficedu.core.database import close_connections, database
from trafficedu.core.encryption import Keyring
from trafficedu.core.job_running import Runner
from trafficedu.core.settings import Settings
from trafficedu.core.transactions import READER, WRITES, is_writing
from trafficedu.wiring.work import JOBS, REFERENCE

DATABASES = ("sqlite", "postgresql")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--db", choices=[*DATABASES, "both"], default="both", help="which database the tests run on")
    parser.addoption("--pictures", action="store_true", help="take screenshots in tests/browser/screenshots")


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Bring the longest files to the front: what comes last leaves the other processes without work."""
    items.sort(key=lambda item: (not item.get_closest_marker("browser"), item.path.parent.name != "house"))


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "database_kind" in metafunc.fixturenames:
        chosen = metafunc.config.getoption("--db")
        kinds = DATABASES if chosen == "both" else (chosen,)
        if metafunc.definition.get_closest_marker("one_database"):
            kinds = kinds[:1]
        metafunc.parametrize("database_kind", kinds, scope="session", indirect=True)


def pytest_collection_finish() -> None:
    """Look for garbage seldom: at the usual pace that takes a fifth of the suite's time, among all that is imported."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 20)


@pytest.fixture(scope="session", autouse=True)
def cheap_hashes() -> Iterator[None]:
    """Hash passwords at the price of those of the factory, in the process of the tests."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(passwords, "_hasher", people.CHEAP)
        yield


@pytest.fixture(scope="session", autouse=True)
def builders() -> Iterator[None]:
    """Compile what builds the addresses of a rule once in a process, not for each of hundreds of applications.

    What Werkzeug compiles is handed its rule when it is called: without defaults it depends on the rule's parts alone.
    """
    made: dict[tuple[Any, ...], Callable[..., tuple[str, str]]] = {}
    compile_builder = Rule._compile_builder

    def once(rule: Rule, append_unknown: bool = True) -> Callable[..., tuple[str, str]]:
        if rule.defaults:
            return compile_builder(rule, append_unknown)
        parts = (rule.rule, *rule._trace, append_unknown)
        if parts not in made:
            made[parts] = compile_builder(rule, append_unknown)
        return made[parts]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Rule, "_compile_builder", once)
        yield


@pytest.fixture(scope="session")
def database_kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="session")
def postgres() -> Iterator[URL]:
    with databases.postgres_server() as url:
        yield url


@pytest.fixture(scope="session")
def chromium() -> Iterator[playwright.sync_api.Browser]:
    """The machine's Chromium, headless; without one the test is skipped by name."""
    if machine.PROGRAM is None:
        pytest.skip("needs a Chromium on the machine (Debian: apt-get install chromium-headless-shell)")
    with machine.started() as browser:
        yield browser


@pytest.fixture(scope="session")
def data_key() -> str:
    return Keyring.generate()


@pytest.fixture(scope="session")
def make_app(data_key: str, tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Flask]:
    """Build an application on a database URL: without CSRF checks or marks of what a page saw (they have their own
    tests), nothing sent or kept.

    Every application of a process shares the compiled templates: a second of each new one's first pages.
    """
    compiled = FileSystemBytecodeCache(str(tmp_path_factory.mktemp("templates")))

    def make(url: str, **overrides: Any) -> Flask:
        settings = Settings(
            instance=tmp_path_factory.mktemp("instance"),
            database_url=url,
            secret_key="only-for-tests",
            data_key=data_key,
            push_dry_run=True,
        )
        quick = {"TESTING": True, "WTF_CSRF_ENABLED": False, "SEEN_REQUIRED": False, "JOB_WAIT_SECONDS": 0}
        app = create_app(settings, {**quick, **overrides})
        app.jinja_env.bytecode_cache = compiled
        return app

    return make


def load_reference(app: Flask) -> None:
    """Migrate an empty database to the newest schema and load what ``trafficedu init`` loads."""
    with app.app_context():
        schema.upgrade(database().engine)
        with database().sessionmaker(info=WRITES) as session:
            for load in REFERENCE:
                load(session, utc_now())
            session.commit()
        close_connections()


@pytest.fixture(scope="session")
def make_template(
    make_app: Callable[[str], Flask], tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest
) -> Callable[[str], str]:
    """Build the template of a kind of database, once in a process.

    No fixture of a parameter: pytest would take it down at every change from one kind to the other, twice a file.
    """

    @cache
    def make(kind: str) -> str:
        if kind == "sqlite":
            url = f"sqlite:///{tmp_path_factory.mktemp('template') / 'template.sqlite'}"
        else:
            server = request.getfixturevalue("postgres")
            url = databases.create_postgres_database(server).render_as_string(hide_password=False)
        load_reference(make_app(url))
        return url

    return make


@pytest.fixture(scope="session")
def template_url(database_kind: str, make_template: Callable[[str], str]) -> str:
    """A database with schema and reference data that nobody writes to; others are copies of it."""
    return make_template(database_kind)


@pytest.fixture
def fresh_url(database_kind: str, template_url: str, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[str]:
    """A copy of the template, for one test."""
    if database_kind == "sqlite":
        copy = tmp_path / "fresh.sqlite"
        shutil.copy(template_url.removeprefix("sqlite:///"), copy)
        yield f"sqlite:///{copy}"
        return
    server = request.getfixturevalue("postgres")
    made = databases.create_postgres_database(server, template_url.rsplit("/", 1)[-1])
    yield made.render_as_string(hide_password=False)
    databases.drop_postgres_database(server, made)


@pytest.fixture
def fresh_app(fresh_url: str, make_app: Callable[[str], Flask]) -> Iterator[Flask]:
    """An application on a database of its own; commits are real."""
    app = make_app(fresh_url)
    yield app
    with app.app_context():
        close_connections()


@pytest.fixture(scope="session")
def copy_template(
    make_template: Callable[[str], str], tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest
) -> Callable[[str], str]:
    """Copy the template of a kind of database, for more than one test."""

    def copy(kind: str) -> str:
        template = make_template(kind)
        if kind == "sqlite":
            copied = tmp_path_factory.mktemp("copy") / "copy.sqlite"
            shutil.copy(template.removeprefix("sqlite:///"), copied)
            return f"sqlite:///{copied}"
        made = databases.create_postgres_database(request.getfixturevalue("postgres"), template.rsplit("/", 1)[-1])
        return made.render_as_string(hide_password=False)

    return copy


@pytest.fixture(scope="session")
def make_shared_app(
    copy_template: Callable[[str], str], make_app: Callable[[str], Flask]
) -> Iterator[Callable[[str], Flask]]:
    """Build the application of a kind of database, once in a process; see ``make_template``."""
    made: dict[str, Flask] = {}

    def make(kind: str) -> Flask:
        if kind not in made:
            made[kind] = make_app(copy_template(kind))
            _read_where_it_writes(made[kind])
        return made[kind]

    yield make
    for app in made.values():
        with app.app_context():
            close_connections()


def _read_where_it_writes(app: Flask) -> None:
    """Let those who read use the connection of those who write: what a test wrote is seen by that one alone."""
    with app.app_context():
        maker = database().sessionmaker
        maker.configure(info={**maker.kw["info"], READER: None})


@pytest.fixture(scope="session")
def shared_app(database_kind: str, make_shared_app: Callable[[str], Flask]) -> Flask:
    """The application whose database no test may write to for good."""
    return make_shared_app(database_kind)


@contextmanager
def declared_in_savepoints(engine: Engine, maker: sessionmaker[Session]) -> Iterator[None]:
    """Hold a session that reads to reading although its transaction is a savepoint in one that is rolled back.

    PostgreSQL lets go of that with the savepoint by itself; SQLite has to be told.
    """
    kept: list[bool] = []

    def declare(session: Session, _transaction: SessionTransaction, connection: Connection) -> None:
        if connection.dialect.name == "sqlite":
            connection.connection.dbapi_connection.keep_from_writing(not is_writing(session))  # type: ignore[union-attr]
        elif not is_writing(session):
            connection.exec_driver_sql("SET TRANSACTION READ ONLY")

    def note(connection: Connection, _name: str) -> None:
        kept.append(connection.connection.dbapi_connection.kept_from_writing)  # type: ignore[union-attr]

    def put_back(connection: Connection, _name: str, _context: None) -> None:
        connection.connection.dbapi_connection.keep_from_writing(kept.pop())  # type: ignore[union-attr]

    listeners: list[tuple[Any, str, Any]] = [(maker, "after_begin", declare)]
    if engine.dialect.name == "sqlite":
        listeners += [(engine, "savepoint", note)]
        listeners += [(engine, end, put_back) for end in ("release_savepoint", "rollback_savepoint")]
    with ExitStack() as listening:
        for target, name, listener in listeners:
            event.listen(target, name, listener)
            listening.callback(event.remove, target, name, listener)
        yield


@pytest.fixture
def app(shared_app: Flask) -> Iterator[Flask]:
    """The application, in a transaction that is rolled back after the test.

    No application context stays open: it would carry one request's user and language into the next.
    """
    with shared_app.app_context():
        engine, maker = database().engine, database().sessionmaker
    pool = engine.pool
    with shared_app.extensions["sqlalchemy"].test_isolation(), declared_in_savepoints(engine, maker):
        yield shared_app
    assert engine.pool is pool, "disposed of the shared engine: its connection in use is lost; take fresh_app"


@pytest.fixture
def session(app: Flask) -> Iterator[Session]:
    """A session for services and queries; flushes are seen by the test only."""
    with app.app_context():
        maker = database().sessionmaker
    with maker(info=WRITES) as session:
        yield session


class Browser(FlaskClient):
    """A test client that can sign in as a user without typing the password."""

    def sign_in(self, user: User) -> Browser:
        """Open a session for ``user``."""
        with self.session_transaction() as cookie:
            cookie["_user_id"] = f"{user.id}:{user.session_stamp}"
            cookie["_fresh"] = True
        return self

    def fetch(self, path: str, method: str = "POST", **given: Any) -> TestResponse:
        """Ask for a file, let the queue of jobs run, and fetch it; the page of the job where it made none.

        An answer that asks for no job is returned as it is.
        """
        asked = self.open(path, method=method, buffered=True, **given)
        place = asked.headers.get("Location", "")
        if asked.status_code != 303 or not place.startswith("/jobs/"):
            return asked
        run_jobs(self.application)
        page = self.get(place)
        return self.get(f"{place}/file", buffered=True) if f'{place}/file"' in page.text else page


def run_jobs(app: Flask) -> int:
    """Run the jobs that wait, as the process beside the pages does; returns how many."""
    return Runner(app, JOBS, find_actor, pulse_seconds=0).run_waiting()


@pytest.fixture
def client(app: Flask) -> Browser:
    """Somebody's browser, not signed in."""
    app.test_client_class = Browser
    client = app.test_client()
    assert isinstance(client, Browser)
    return client


@pytest.fixture
def make_user(session: Session) -> Callable[..., User]:
    """Create a user of a role, committed, with the post the role needs (see ``factories.people``)."""

    def make(role: str, **post: Any) -> User:
        user = people.make_user(session, role, **post)
        session.commit()
        return user

    return make
