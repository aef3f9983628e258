"""Answer times of the overview and the first screens in a district of a million violations, against ten thousand.

    .venv/bin/python -m tests.benchmarks.overview --database postgresql

Two demo districts of 24 months on one server, the larger one a copied smaller one (``growing``), both evaluated for the
last two months. The same pages are asked for in turn, first of the one, then of the other; the 95th percentiles are
compared. The first answer of each page after a start is printed apart. ``--violations 200000`` is a quick look.
"""

from __future__ import annotations

import argparse
import os
import statistics
import sys
import tempfile
import time
from pathlib import Path

from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import text

from tests import databases
from tests.benchmarks.growing import grow
from tests.conftest import load_reference
from trafficedu.accounts.rules import Role
from trafficedu.app import create_app
from trafficedu.core.clock import local_date, utc_now
from trafficedu.core.database import database
from trafficedu.core.encryption import Keyring
from trafficedu.core.month import Month
from trafficedu.core.settings import Settings
from trafficedu.core.transactions import WRITES
from trafficedu.demo.accounts import PASSWORD, USERNAMES
from trafficedu.demo.plan import Plan
from trafficedu.demo.services import load_demo
from trafficedu.evaluation.services.runs import evaluate
from trafficedu.figures import FIGURES
from trafficedu.settled.services import settle_due

SMALL, MONTHS = 10_000, 24
PAGES = [
    (Role.ANALYST, "/overview?first={first}&last={last}"),
    (Role.ANALYST, "/screen"),
    (Role.ANALYST, "/"),
    (Role.LEADER, "/overview?first={first}&last={last}"),
    (Role.LEADER, "/screen"),
    (Role.LEADER, "/"),
    (Role.GRID, "/overview?first={first}&last={last}"),
]


def build(url: str, folder: Path, violations: int) -> Flask:
    """Make a district of so many violations in an empty database, evaluated for its last two months."""
    settings = Settings(
        instance=folder, database_url=url, secret_key="only-for-benchmarks", data_key=Keyring.generate()
    )
    app = create_app(settings, {"WTF_CSRF_ENABLED": False})
    load_reference(app)
    with app.app_context(), database().sessionmaker(info=WRITES) as session:
        now = utc_now()
        load_demo(session, Plan(SMALL, MONTHS), now)
        session.commit()
        made = grow(session, violations)
        last = Month.of(local_date(now)) - 1
        for month in (last - 1, last):
            evaluate(session, month, utc_now())
            session.commit()
        session.commit()
        began = time.perf_counter()
        months = settle_due(session, now, FIGURES, most=sys.maxsize)
        print(f"{months} months settled in {time.perf_counter() - began:.1f} s", flush=True)  # noqa: T201
        with database().engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.execute(text("ANALYZE"))
    print(f"{made} violations in {url.rsplit('/', 1)[-1]}", flush=True)  # noqa: T201 - a benchmark
    return app


def signed_in(app: Flask, role: Role) -> FlaskClient:
    """Return a browser signed in as one of the demo's users."""
    client = app.test_client()
    answer = client.post("/sign-in", data={"username": USERNAMES[role], "password": PASSWORD})
    assert answer.status_code in (302, 303), answer.status_code
    return client


def timed(browser: FlaskClient, address: str) -> float:
    """Return how many milliseconds an answer took."""
    began = time.perf_counter()
    answer = browser.get(address)
    took = time.perf_counter() - began
    assert answer.status_code == 200, answer.status_code
    return 1000 * took


def p95(times: list[float]) -> float:
    """Return the 95th percentile."""
    return statistics.quantiles(times, n=20)[-1]


def compare(small: Flask, large: Flask, requests: int) -> None:
    """Print for each page the first answers, the 95th percentiles and their ratio."""
    last = Month.of(local_date(utc_now())) - 1
    period = {"first": str(last - (MONTHS - 1)), "last": str(last)}
    for role, page in PAGES:
        address = page.format(**period)
        browsers = [signed_in(app, role) for app in (small, large)]
        first = [timed(one, address) for one in browsers]
        times: tuple[list[float], list[float]] = ([], [])
        for _ in range(requests):
            for kept, browser in zip(times, browsers, strict=True):
                kept.append(timed(browser, address))
        few, many = p95(times[0]), p95(times[1])
        print(  # noqa: T201
            f"{role.value:10} {page.split('?')[0]:10} first {first[0]:6.0f} / {first[1]:6.0f} ms"
            f"   p95 {few:6.1f} / {many:6.1f} ms   ratio {many / few:.2f}",
            flush=True,
        )


def main() -> None:
    """Run on the database named on the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--database", choices=["sqlite", "postgresql"], default="postgresql")
    parser.add_argument("--violations", type=int, default=1_000_000)
    parser.add_argument("--requests", type=int, default=60)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        os.environ["TRAFFICEDU_INSTANCE"] = name
        if options.database == "sqlite":
            urls = [f"sqlite:///{folder / 'small.sqlite'}", f"sqlite:///{folder / 'large.sqlite'}"]
            _run(urls, folder, options)
            return
        with databases.postgres_server(durable=True) as server:
            made = [databases.create_postgres_database(server) for _ in range(2)]
            _run([one.render_as_string(hide_password=False) for one in made], folder, options)


def _run(urls: list[str], folder: Path, options: argparse.Namespace) -> None:
    small, large = (build(url, folder, size) for url, size in zip(urls, (SMALL, options.violations), strict=True))
    compare(small, large, options.requests)


if __name__ == "__main__":
    main()
