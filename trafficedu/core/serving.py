"""Gunicorn's configuration: a production server with threads. ``trafficedu serve`` runs it with this module.

Address and port are given; everything else stands here. ``gunicorn -c python:trafficedu.core.serving`` reads it too.
"""

from __future__ import annotations

import gc
import os
import tempfile
from typing import Any

from flask import Flask
from gunicorn.app.base import BaseApplication
from prometheus_client import multiprocess, values

workers = int(os.environ.get("WEB_CONCURRENCY", "2"))
worker_class = "gthread"
threads = 8
timeout = 120
graceful_timeout = 20
max_requests = 20_000
max_requests_jitter = 2_000
loglevel = "warning"
accesslog = None
control_socket_disable = True
worker_tmp_dir = "/dev/shm" if os.path.isdir("/dev/shm") else None  # noqa: S108 - heartbeats belong in memory


def child_exit(_server: Any, worker: Any) -> None:
    """Forget the gauges of a worker that ended."""
    multiprocess.mark_process_dead(worker.pid)  # type: ignore[no-untyped-call]


def post_worker_init(_worker: Any) -> None:
    """Leave what is loaded for good out of every later collection: a tenth of a request's time (docs/benchmarks.md)."""
    gc.collect()
    gc.freeze()


class _Server(BaseApplication):  # type: ignore[misc]
    """Gunicorn within this process, for an application that is loaded already: its workers are forks of it."""

    def __init__(self, app: Flask, address: str) -> None:
        self.app, self.address = app, address
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


def serve(app: Flask, host: str, port: int) -> None:
    """Serve ``app`` until the process is told to stop. Its database connections are closed: workers open their own.

    The program is imported once, here, and not again by the server: that halves the time to the first page. The
    worker processes count together in a folder that the metrics library is told of before anything is counted.
    """
    os.environ["PROMETHEUS_MULTIPROC_DIR"] = tempfile.mkdtemp(prefix="trafficedu-metrics-")
    values.ValueClass = values.get_value_class()  # type: ignore[no-untyped-call]
    _Server(app, f"[{host}]:{port}" if ":" in host else f"{host}:{port}").run()
