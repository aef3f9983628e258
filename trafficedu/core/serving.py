"""Gunicorn's configuration: a production server with threads. ``trafficedu serve`` starts it with this module.

Address and port are given on gunicorn's command line; everything else stands here.
"""

from __future__ import annotations

import os
import tempfile
from typing import Any

from prometheus_client import multiprocess

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


def command(host: str, port: int) -> tuple[list[str], dict[str, str]]:
    """Return the arguments that start the server with this Python, and the environment it needs.

    The folder in which the worker processes count together must be named before the metrics library is
    imported: that is why ``serve`` replaces its own process instead of calling gunicorn.
    """
    arguments = ["-m", "gunicorn", "-c", f"python:{__name__}", "-b", f"{host}:{port}", "trafficedu.app:create_app()"]
    return arguments, {"PROMETHEUS_MULTIPROC_DIR": tempfile.mkdtemp(prefix="trafficedu-metrics-")}


def child_exit(_server: Any, worker: Any) -> None:
    """Forget the gauges of a worker that ended."""
    multiprocess.mark_process_dead(worker.pid)  # type: ignore[no-untyped-call]
