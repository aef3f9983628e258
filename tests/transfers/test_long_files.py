"""Long files on SQLite: taken in by slices, and all or nothing whenever the process is killed."""

from __future__ import annotations

import os
import shutil
import signal
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select, update

from tests.conftest import run_jobs
from tests.factories import places
from trafficedu.accounts.queries import find_actor
from trafficedu.areas.models import Area, RegisteredEBikes
from trafficedu.configuration.models import Run
from trafficedu.core import job_queue
from trafficedu.core.actors import SYSTEM
from trafficedu.core.audit import AuditEntry
from trafficedu.core.clock import utc_now
from trafficedu.core.database import close_connections, database, session
from trafficedu.core.errors import Refusal
from trafficedu.core.job_running import Runner
from trafficedu.core.jobs import Job, JobState
from trafficedu.core.services import services_of
from trafficedu.core.text import translate
from trafficedu.core.transactions import writing
from trafficedu.transfers.services import jobs, slices
from trafficedu.transfers.services.importing import Choices, File, Outcome
from trafficedu.wiring.files import IMPORTERS
from trafficedu.wiring.work import JOBS

MONTHS = [f"2025-{month:02d}" for month in range(1, 13)]
_EBIKES = select(func.count()).select_from(RegisteredEBikes)


@pytest.fixture
def sqlite_app(fresh_app: Flask, database_kind: str) -> Iterator[Flask]:
    if database_kind != "sqlite":
        pytest.skip("PostgreSQL has as many writers as there are")
    with fresh_app.app_context():
        yield fresh_app


def long_file(path: Path, *more: str) -> File:
    """Write a file of some two thousand figures."""
    codes = session().scalars(select(Area.code).order_by(Area.code).limit(200)).all()
    lines = [f"{code},{month},{number}" for number, code in enumerate(codes) for month in MONTHS]
    path.write_text("\n".join(["area_code,month,ebikes", *lines, *more]))
    return File("ebikes", IMPORTERS["ebikes"], path, SYSTEM, utc_now())


def bring(app: Flask, file: File, **choices: Any) -> Outcome:
    runner = Runner(app, JOBS, find_actor)
    return jobs.take_own(runner.run_own, session(), file, Choices(**choices))


def known() -> int | None:
    """Return how many figures there are by now."""
    session().rollback()
    return session().scalar(_EBIKES)


def noted() -> tuple[list[bool], list[str]]:
    """Return whether each run succeeded, and the results in the audit trail."""
    runs = session().scalars(select(Run.succeeded).where(Run.kind == "import ebikes")).all()
    audits = session().scalars(select(AuditEntry.result).where(AuditEntry.action == "ebikes:file:import")).all()
    return list(runs), list(audits)


def test_a_long_file_is_taken_in_and_the_second_time_adds_nothing(sqlite_app: Flask, tmp_path: Path) -> None:
    file = long_file(tmp_path / "a.csv")
    assert slices.is_long(session(), file)
    outcome = bring(sqlite_app, file)
    assert (outcome.written, outcome.report.added) == (True, 2400)
    assert known() == 2400
    assert noted() == ([True], ["done"])
    assert session().scalars(select(Job.state)).all() == [JobState.SUCCEEDED]
    assert not list((services_of(session()).settings.instance / "uploads").iterdir())
    again = bring(sqlite_app, file)
    assert (again.report.added, again.report.unchanged) == (0, 2400)


def test_nobody_goes_on_reading_while_a_long_file_is_written(
    sqlite_app: Flask, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What a slice wrote can leave SQLite's log at once; else it grows with the file, and each read searches it."""
    file, left = long_file(tmp_path / "a.csv"), list[int]()
    path = database().engine.url.database
    assert path is not None
    cut = slices.in_slices

    def watched(own: Any, rows: Iterator[Any]) -> Iterator[list[Any]]:
        for batch in cut(own, rows):
            with closing(sqlite3.connect(path)) as other:
                _, logged, moved = other.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchone()
            left.append(logged - moved)
            yield batch

    monkeypatch.setattr(slices, "in_slices", watched)
    session().scalar(_EBIKES)  # the command has looked something up by now
    assert bring(sqlite_app, file).report.added == 2400
    assert len(left) > 2
    assert set(left) == {0}


def test_one_refused_line_keeps_a_long_file_out_unless_it_may_be_skipped(sqlite_app: Flask, tmp_path: Path) -> None:
    file = long_file(tmp_path / "a.csv", "nowhere,2025-01,1")
    outcome = bring(sqlite_app, file)
    assert outcome.stopped
    assert [row.column for row in outcome.report.refused] == ["area_code"]
    assert known() == 0
    assert noted() == ([False], ["failed"])
    outcome = bring(sqlite_app, file, skip_errors=True)
    assert (outcome.written, outcome.report.added, len(outcome.report.refused)) == (True, 2400, 1)
    assert known() == 2400


def test_trying_a_long_file_tells_what_would_be_and_writes_nothing(sqlite_app: Flask, tmp_path: Path) -> None:
    file = long_file(tmp_path / "a.csv", "nowhere,2025-01,1")
    begun = _state_of(sqlite_app)
    left = services_of(session()).settings.instance / ".copy-left"
    left.write_text("of a process that was killed")
    os.utime(left, (0, 0))
    outcome = slices.try_file(session(), file, Choices(dry_run=True, skip_errors=True), lambda _rows: None)
    assert (outcome.written, outcome.report.added, len(outcome.report.refused)) == (False, 2400, 1)
    assert _state_of(sqlite_app) == begun
    assert not list(left.parent.glob(".copy-*"))


def _state_of(app: Flask) -> Any:
    """Return what changes with every commit of anybody."""
    session().rollback()
    path = database().engine.url.database
    assert path is not None
    return Path(path).read_bytes(), Path(f"{path}-wal").read_bytes() if Path(f"{path}-wal").exists() else b""


def killed_once(app: Flask, file: File, reached: Callable[[sqlite3.Connection], bool]) -> int:
    """Take a file in by another process, which is killed when the database has ``reached`` a state; count its rows."""
    session().close()
    close_connections()
    child = os.fork()
    if child == 0:
        try:
            bring(app, file)
        finally:
            os._exit(0)
    path = database().engine.url.database
    looking = sqlite3.connect(f"file:{path}?mode=ro", uri=True, timeout=5)
    until = time.monotonic() + 60
    while not reached(looking):
        assert time.monotonic() < until, "never reached"
        time.sleep(0.002)
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    count: int = looking.execute("SELECT count(*) FROM registered_ebikes").fetchone()[0]
    looking.close()
    return count


def _take_up_again(app: Flask) -> int:
    """Let another process find, a while later, that the first fell silent."""
    with writing(session()) as own:
        job_queue.take_back(own, utc_now() + job_queue.SILENT + timedelta(seconds=1))
    return run_jobs(app)


def test_killed_while_it_writes_a_file_is_finished_by_another_process(sqlite_app: Flask, tmp_path: Path) -> None:
    def some(looking: sqlite3.Connection) -> bool:
        return bool(looking.execute("SELECT count(*) > 100 FROM registered_ebikes").fetchone()[0])

    left = killed_once(sqlite_app, long_file(tmp_path / "a.csv"), some)
    assert 0 < left < 2400
    assert _take_up_again(sqlite_app) == 1
    assert known() == 2400
    assert noted() == ([True], ["done"])
    job = session().scalars(select(Job)).one()
    assert (job.state, job.counts["added"], job.counts["refused"]) == (JobState.SUCCEEDED, 2400, 0)


def test_what_is_refused_only_when_a_file_is_finished_is_listed(sqlite_app: Flask, tmp_path: Path) -> None:
    """Another process finishes the file, and in between the area of its last rows was given another code."""

    def begun(looking: sqlite3.Connection) -> bool:
        return bool(looking.execute("SELECT count(*) FROM registered_ebikes").fetchone()[0])

    file = long_file(tmp_path / "a.csv")
    last = file.path.read_text().splitlines()[-1].partition(",")[0]
    assert killed_once(sqlite_app, file, begun) <= 2400 - len(MONTHS)
    with writing(session()) as own:
        own.execute(update(Area).where(Area.code == last).values(code="gone"))
    assert _take_up_again(sqlite_app) == 1
    job = session().scalars(select(Job)).one()
    assert (job.state, job.counts["added"], job.counts["refused"]) == (JobState.SUCCEEDED, 2388, 12)
    assert {row.column for row in jobs.refused_lines(session(), job.counts)} == {"area_code"}
    assert known() == 2388


def test_killed_before_it_writes_a_file_leaves_nothing(sqlite_app: Flask, tmp_path: Path) -> None:
    def begun(looking: sqlite3.Connection) -> bool:
        return bool(looking.execute("SELECT count(*) FROM job").fetchone()[0])

    assert killed_once(sqlite_app, long_file(tmp_path / "a.csv"), begun) == 0
    assert _take_up_again(sqlite_app) == 0
    assert known() == 0
    assert session().scalars(select(Job.state)).all() == [JobState.FAILED]


def test_others_write_between_two_slices(sqlite_app: Flask, tmp_path: Path) -> None:
    """A slice never holds the write lock for long, however long the file is."""
    waits: list[float] = []
    file = long_file(tmp_path / "a.csv")
    session().close()
    close_connections()
    child = os.fork()
    if child == 0:
        try:
            bring(sqlite_app, file)
        finally:
            os._exit(0)
    writer = sqlite3.connect(str(database().engine.url.database), timeout=20, isolation_level=None)
    while os.waitpid(child, os.WNOHANG) == (0, 0):
        begun = time.monotonic()
        writer.execute("BEGIN IMMEDIATE")
        waits.append(time.monotonic() - begun)
        writer.execute("COMMIT")
        time.sleep(0.01)
    writer.close()
    assert known() == 2400
    assert max(waits) < 2


def test_the_place_of_a_short_file_is_one_transaction(sqlite_app: Flask, tmp_path: Path) -> None:
    path = places.write_csv(tmp_path / "a.csv", ("area_code", "month", "ebikes"), [])
    assert not slices.is_long(session(), File("ebikes", IMPORTERS["ebikes"], path, SYSTEM, utc_now()))


def test_a_disk_without_room_for_a_copy_is_said_before_anything_is_done(
    sqlite_app: Flask, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    full = shutil.disk_usage(tmp_path)._replace(free=12_400_000)
    monkeypatch.setattr(shutil, "disk_usage", lambda _path: full)
    file = long_file(tmp_path / "a.csv")
    with pytest.raises(Refusal) as refused:
        slices.try_file(session(), file, Choices(dry_run=True), lambda _rows: None)
    said = refused.value.text
    assert said.params["free"] == "12"
    assert int(str(said.params["needed"])) > 300
    assert "副本" in translate(said, "zh")
    assert not list(services_of(session()).settings.instance.glob(".copy-*"))
