"""Time to evaluate 36 months of a district, and one month again, from a generated database.

``.venv/bin/python -m tests.benchmarks.evaluation [violations] [database url]``: makes the demo district with 12,000
violations over 66 months in an empty database (default: SQLite in a temporary folder), copies it until there are as
many violations as wanted (default 1,000,000), then evaluates the 36 last full months one after the other, each
in a transaction of its own, and the last of them again. The figures are in docs/benchmarks.md.
"""

from __future__ import annotations

import sys
import tempfile
import time
from pathlib import Path

from tests.benchmarks.growing import grow
from tests.conftest import load_reference
from trafficedu.app import create_app
from trafficedu.core.clock import local_date, utc_now
from trafficedu.core.database import database
from trafficedu.core.encryption import Keyring
from trafficedu.core.month import Month
from trafficedu.core.settings import Settings
from trafficedu.core.transactions import WRITES
from trafficedu.demo.plan import Plan
from trafficedu.demo.services import load_demo
from trafficedu.evaluation.queries.runs import latest_run, results_of
from trafficedu.evaluation.services.checking import check_month
from trafficedu.evaluation.services.runs import evaluate

MONTHS, HISTORY, MADE = 36, 66, 12_000


def main() -> None:
    """Make the database, evaluate, print the times in seconds."""
    violations = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000
    with tempfile.TemporaryDirectory() as folder:
        url = sys.argv[2] if len(sys.argv) > 2 else f"sqlite:///{folder}/benchmark.sqlite"
        settings = Settings(
            instance=Path(folder), database_url=url, secret_key="only-for-benchmarks", data_key=Keyring.generate()
        )
        app = create_app(settings)
        load_reference(app)
        with app.app_context(), database().sessionmaker(info=WRITES) as session:
            now = utc_now()
            load_demo(session, Plan(min(MADE, violations), HISTORY), now)
            session.commit()
            counted = grow(session, violations)
            last = Month.of(local_date(now)) - 1
            began, cpu = time.perf_counter(), time.process_time()
            for back in reversed(range(MONTHS)):
                evaluate(session, last - back, utc_now())
                session.commit()
            took("36 months, the fit included", began, cpu)
            began, cpu = time.perf_counter(), time.process_time()
            evaluate(session, last, utc_now())
            session.commit()
            took("one month again", began, cpu)
            began, cpu = time.perf_counter(), time.process_time()
            check_month(session, last, utc_now())
            took("one month checked", began, cpu)
            run = latest_run(session, last)
            assert run is not None
            print("targets", len(results_of(session, run)), "violations", counted)  # noqa: T201 - a benchmark


def took(what: str, began: float, cpu: float) -> None:
    """Print wall and processor time."""
    print(f"{what}: {time.perf_counter() - began:.1f} s ({time.process_time() - cpu:.1f} s processor)")  # noqa: T201


if __name__ == "__main__":
    main()
