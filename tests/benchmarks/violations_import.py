"""How fast violations are imported, against the fastest plain load of the same rows into the same database.

    python -m tests.benchmarks.violations_import --rows 200000 --database sqlite:////tmp/bench.sqlite

The plain load takes rows that are ready (PostgreSQL: COPY; SQLite: executemany in one transaction, both with
the table's indexes and constraints); the import reads the CSV, validates, registers riders, and writes. The
database must be empty or absent; nothing is kept in it.
"""

from __future__ import annotations

import argparse
import csv
import random
import resource
import sys
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session
from stdnum.iso7064 import mod_11_2

from trafficedu.app import create_app
from trafficedu.areas.models import VILLAGE, Area
from trafficedu.core import bulk, schema
from trafficedu.core.actors import SYSTEM
from trafficedu.core.clock import utc_now
from trafficedu.core.database import database
from trafficedu.core.reading import read_rows
from trafficedu.core.settings import load_settings
from trafficedu.core.transactions import WRITES
from trafficedu.riders.models import Rider
from trafficedu.violations.imports.files import COLUMNS, IMPORTER
from trafficedu.violations.models.records import Violation
from trafficedu.wiring.work import REFERENCE

KINDS = ("2004", "2007", "2009", "2019", "ZJ-HELMET")
BEGIN = datetime(2021, 9, 1, tzinfo=UTC)
MINUTES = 4 * 365 * 24 * 60


def write_file(path: Path, rows: int, riders: int, areas: list[str], seed: int) -> None:
    """Write a plausible file: each rider has about ``rows / riders`` violations over four years."""
    chance = random.Random(seed)
    people = []
    for number in range(riders):
        body = f"999999{1960 + number % 45}{1 + number % 12:02d}{1 + number % 28:02d}{number // 540 % 1000:03d}"
        people.append((body + mod_11_2.calc_check_digit(body), f"骑手{number:06d}", f"138{number:08d}"))
    people = list({person[0]: person for person in people}.values())
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(COLUMNS.names)
        for number in range(rows):
            who = chance.randrange(len(people))
            identity, name, phone = people[who]
            occurred = BEGIN + timedelta(minutes=chance.randrange(MINUTES))
            fine = chance.choice(("", "20", "30", "50"))
            writer.writerow(
                (
                    f"B-{number:07d}",
                    occurred.strftime("%Y-%m-%dT%H:%M:%S+08:00"),
                    chance.choice(areas),
                    f"市心路{number % 997}号路口",
                    "30.17" + str(number % 100),
                    "120.26" + str(number % 100),
                    chance.choice(KINDS),
                    f"杭州A{who % 100000:05d}",
                    "rider",
                    "identity_card",
                    identity,
                    name,
                    phone,
                    "",
                    "field",
                    "fine" if fine else "warning",
                    fine,
                    f"警官{number % 300}",
                    "",
                )
            )


def plain_load(session: Session) -> float:
    """Take the imported rows out and put them back by the database's fastest plain way; return the seconds."""
    table: Any = Violation.__table__
    ready = [dict(row._mapping) for row in session.execute(select(table))]
    session.execute(delete(Violation))
    session.commit()
    begun = time.perf_counter()
    bulk.load(session, table, ready)
    session.commit()
    return time.perf_counter() - begun


def main() -> None:
    """Measure and print one line for each load, and the ratio."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--riders", type=int, default=0, help="default: a quarter of the rows")
    parser.add_argument("--database", default="", help="SQLAlchemy URL; default: a SQLite file that is deleted")
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        url = given.database or f"sqlite:///{folder}/bench.sqlite"
        app = create_app(load_settings({"TRAFFICEDU_INSTANCE": folder, "TRAFFICEDU_DATABASE_URL": url}))
        with app.app_context():
            schema.upgrade(database().engine)
            with database().sessionmaker(info=WRITES) as session:
                for load in REFERENCE:
                    load(session, utc_now())
                session.commit()
                if session.scalar(select(func.count()).select_from(Violation)):
                    sys.exit("the database is not empty")
                areas = list(session.scalars(select(Area.code).where(Area.level == VILLAGE)))
                path = Path(folder) / "violations.csv"
                write_file(path, given.rows, given.riders or given.rows // 4, areas, given.seed)
                begun = time.perf_counter()
                rows = read_rows(path, COLUMNS)
                report = IMPORTER.run(session, rows, SYSTEM, utc_now(), skip_errors=False, progress=lambda _done: None)
                session.commit()
                imported = time.perf_counter() - begun
                memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
                if report.refused:
                    sys.exit(f"refused: {report.refused[0]}")
                riders = session.scalar(select(func.count()).select_from(Rider))
                loaded = plain_load(session)
    say = sys.stdout.write
    say(f"{url.split(':', 1)[0]}: {given.rows} rows, {riders} riders registered\n")
    say(f"import      {imported:8.1f} s  {given.rows / imported:9.0f} rows/s  {memory:.0f} MiB at most\n")
    say(f"plain load  {loaded:8.1f} s  {given.rows / loaded:9.0f} rows/s\n")
    say(f"ratio       {loaded / imported:8.2f}\n")


if __name__ == "__main__":
    main()
