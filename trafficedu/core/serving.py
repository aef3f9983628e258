"""Gunicorn's configuration: a production server with threads. ``trafficedu serve`` runs it with this module.

Address and port are given; everything else stands here. ``gunicorn -c python:trafficedu.core.serving`` reads it too.
"""

from __future__ import annotations

import ctypes
import gc
import os
import signal
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

import flask_babel
from flask import Flask
from gunicorn.app.base import BaseApplication
from gunicorn.arbiter import Arbiter
from prometheus_client import multiprocess, values
from sqlalchemy.orm import configure_mappers

from trafficedu.core import logs
from trafficedu.core.lanes import THREADS
from trafficedu.core.templates import load_all
from trafficedu.core.text import LOCALES, translations

workers = int(os.environ.get("WEB_CONCURRENCY", "2"))
worker_class = "gthread"
threads = THREADS
timeout = 120
graceful_timeout = 20
max_requests = 20_000
max_requests_jitter = 2_000
loglevel = "warning"
accesslog = None
control_socket_disable = True
JOBS_STOP_SECONDS = 15
GARBAGE = 10_000, 20, 20
"""After how many new objects, and rounds of the younger, garbage is looked for: docs/adr/0025."""
MALLOC = {"M_ARENA_MAX": (-8, 1), "M_MMAP_THRESHOLD": (-3, 128 * 1024), "M_TRIM_THRESHOLD": (-1, 256 * 1024)}
"""What glibc's allocator is told: the numbers of ``malloc.h`` and their values."""
TURN_SECONDS = 0.000_5
"""How long a thread may compute while another one waits to; Python's own number is ten times as long."""
worker_tmp_dir = "/dev/shm" if os.path.isdir("/dev/shm") else None  # noqa: S108 - heartbeats belong in memory


def child_exit(_server: Any, worker: Any) -> None:
    """Forget the gauges of a worker that ended."""
    multiprocess.mark_process_dead(worker.pid)  # type: ignore[no-untyped-call]


def when_ready(_server: Any) -> None:
    """Before the first fork: have the processes share what is loaded, and give back what is free (docs/adr/0027).

    Looking for garbage writes to every object it looks through, so that what is loaded is left out of it for good; the
    rest is looked through seldom.
    """
    save_memory()
    configure_mappers()
    gc.set_threshold(*GARBAGE)
    gc.collect()
    gc.freeze()


def load_words(app: Flask) -> None:
    """Load what pages say, and how they write days and numbers, in every language."""
    with app.app_context():
        for language in LOCALES:
            translations(language)
            with flask_babel.force_locale(language):
                flask_babel.gettext("Name")
                flask_babel.format_datetime(datetime(2000, 1, 1, tzinfo=UTC))


def save_memory() -> None:
    """Have glibc keep one arena instead of one for each thread, and give back what is large, or free at its end.

    The thresholds grow by themselves unless they are set. Other libraries of C have no such settings.
    """
    with suppress(OSError, AttributeError):
        mallopt = ctypes.CDLL(None).mallopt
        for name, value in MALLOC.values():
            mallopt(name, value)


def post_worker_init(_worker: Any) -> None:
    """Trace crashes, and let threads take turns often.

    A thread that comes back from the database asks for the interpreter, which another one keeps for up to this long: a
    record comes back twenty times.
    """
    logs.trace_crashes()
    sys.setswitchinterval(TURN_SECONDS)


class _Arbiter(Arbiter):  # type: ignore[misc]
    """Gunicorn's master process, which keeps one process more: the one that runs jobs, a fork like the workers."""

    def __init__(self, server: _Server) -> None:
        self.beside = server.beside
        self.beside_pid = 0
        super().__init__(server)

    def manage_workers(self) -> None:
        """Look after all processes, once a second: the one beside is started anew when it has died."""
        super().manage_workers()
        if not self.beside_pid or not _lives(self.beside_pid):
            self.beside_pid = self._start_beside()

    def _start_beside(self) -> int:
        master = os.getpid()
        pid = os.fork()
        if pid:
            return pid
        status = 1
        try:
            for listener in self.LISTENERS:
                listener.close()
            self.beside(master)
            status = 0
        finally:
            os._exit(status)

    def stop(self, graceful: bool = True) -> None:
        """Stop all processes; the one beside gives back what it has in hand."""
        if self.beside_pid:
            _tell(self.beside_pid, signal.SIGTERM)
        super().stop(graceful)
        until = time.monotonic() + JOBS_STOP_SECONDS
        while self.beside_pid and _lives(self.beside_pid):
            if time.monotonic() > until:
                _tell(self.beside_pid, signal.SIGKILL)
            time.sleep(0.05)


def _lives(pid: int) -> bool:
    """Tell whether a child of this process lives, and take its end where it does not."""
    try:
        return os.waitpid(pid, os.WNOHANG) == (0, 0)
    except ChildProcessError:  # gunicorn takes the end of every child
        return False


def _tell(pid: int, what: signal.Signals) -> None:
    with suppress(ProcessLookupError):
        os.kill(pid, what)


class _Server(BaseApplication):  # type: ignore[misc]
    """Gunicorn within this process, for an application that is loaded already: its workers are forks of it."""

    def __init__(self, app: Flask, address: str, beside: Callable[[int], None]) -> None:
        self.app, self.address, self.beside = app, address, beside
        super().__init__()

    def load_config(self) -> None:
        """Take everything that stands in this module."""
        for name, value in globals().items():
            if name in self.cfg.settings:
                self.cfg.set(name, value)
        self.cfg.set("bind", self.address)

    def load(self) -> Flask:
        """Return what every worker serves."""
        return self.app

    def run(self) -> None:
        """Run until told to stop."""
        _Arbiter(self).run()


def serve(app: Flask, host: str, port: int, beside: Callable[[int], None]) -> None:
    """Serve ``app`` until the process is told to stop.

    The program is imported once, here, and not again by the server: that halves the time to the first page, and the
    processes share it. This one never connects to the database, so that none begins with what a library of the driver
    left in it (``core.apart``). It loads every template and all words, so that no process has to. The
    worker processes count together in a folder that the metrics library is told of before anything is counted.
    ``beside`` is what one process more does beside them (it is given the id of its parent): jobs.
    """
    os.environ["PROMETHEUS_MULTIPROC_DIR"] = tempfile.mkdtemp(prefix="trafficedu-metrics-")
    values.ValueClass = values.get_value_class()  # type: ignore[no-untyped-call]
    load_all(app)
    load_words(app)
    _Server(app, f"[{host}]:{port}" if ":" in host else f"{host}:{port}", beside).run()
