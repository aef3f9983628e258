"""Structured logs: one JSON object a line, without personal data.

A request is logged by its route's pattern, never by its address: a path or a query may hold a number, a
plate or a name. Exceptions are logged by type and place, not by their text, which may quote a value.
"""

from __future__ import annotations

import faulthandler
import logging
import sys
import time
import traceback
import uuid
from typing import Any

from flask import Flask, Response, g, request
from pythonjsonlogger.json import JsonFormatter

logger = logging.getLogger("trafficedu")


class QuietTraceback(JsonFormatter):
    """Formats an exception as its type and the code it passed through; its text stays out."""

    def formatException(self, ei: Any) -> str:  # noqa: N802 - the name is logging's
        """Return ``Type at file:line in function`` for each frame of the project."""
        kind, error, _ = ei
        frames = [
            f"{frame.filename.rsplit('/', 1)[-1]}:{frame.lineno} in {frame.name}"
            for frame in traceback.extract_tb(error.__traceback__)
        ]
        return f"{kind.__name__} at " + " < ".join(reversed(frames[-8:]))


def configure_logging(level: int = logging.INFO) -> None:
    """Send JSON lines to standard error, and where every thread was if the process crashes; call once a process."""
    trace_crashes()
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(QuietTraceback("%(asctime)s %(levelname)s %(name)s %(message)s"))
    logger.handlers[:] = [handler]
    logger.setLevel(level)
    logger.propagate = False


def trace_crashes() -> None:
    """Write to standard error where every thread was when a fault below Python ends the process."""
    if sys.__stderr__ is not None:
        faulthandler.enable(sys.__stderr__)


def init_logs(app: Flask) -> None:
    """Log each request once, with a request id that the answer carries too."""

    @app.before_request
    def _begin() -> None:
        g.request_id, g.began = uuid.uuid4().hex[:12], time.perf_counter()

    @app.after_request
    def _end(response: Response) -> Response:
        if "request_id" in g:
            response.headers["X-Request-Id"] = g.request_id
            route = request.url_rule.rule if request.url_rule else "(no route)"
            logger.info(
                "request",
                extra={
                    "request_id": g.request_id,
                    "method": request.method,
                    "route": route,
                    "status": response.status_code,
                    "milliseconds": round((time.perf_counter() - g.began) * 1000, 1),
                },
            )
        return response
