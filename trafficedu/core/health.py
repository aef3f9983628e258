"""For machines that ask after the service: alive, ready, and its metrics. No person reads these pages."""

from __future__ import annotations

import hmac
import os
import time
from typing import Any

import prometheus_client
from flask import Blueprint, Flask, Response, abort, g, request
from prometheus_client import CollectorRegistry, multiprocess
from sqlalchemy import Connection
from sqlalchemy.exc import SQLAlchemyError

from trafficedu.core import keys, schema
from trafficedu.core.access import open_to_all
from trafficedu.core.database import database, session
from trafficedu.core.lanes import kerb
from trafficedu.core.services import services_of
from trafficedu.core.settings import is_loopback
from trafficedu.core.storage import FolderStore
from trafficedu.core.text import Message

probes = Blueprint("health", __name__)
METHODS = frozenset({"GET", "HEAD", "OPTIONS", "POST"})
"""Methods that are counted by name: a stranger may invent others without end, and each would be a series."""
ANSWERS = prometheus_client.Histogram(
    "trafficedu_answer_seconds", "Time to answer, by route", ["method", "route", "status"]
)


@probes.get("/healthz")
@open_to_all("a load balancer has no account")
@kerb
def alive() -> Response:
    """Say that the process answers; asks nothing of the database."""
    return _plain("alive")


@probes.get("/readyz")
@open_to_all("a load balancer has no account")
@kerb
def ready() -> Response:
    """Say whether the database answers, has the schema this version needs, and belongs to the keys and files here."""
    own = services_of(session())
    try:
        with database().engine.connect() as connection:
            revision = schema.current(connection)
            if revision != schema.head():
                return _plain(f"the schema is at {revision}, needed is {schema.head()}: run trafficedu init", 503)
            wrong = keys.fault(connection, own.keyring) or _lost_folder(connection)
    except SQLAlchemyError:
        return _plain("the database does not answer", 503)
    return _plain("ready") if wrong is None else _plain(str(wrong), 503)


def _lost_folder(connection: Connection) -> Message | None:
    """Return what is wrong with a folder of evidence. A bucket is not asked: without it all else goes on."""
    store = services_of(session()).evidence
    return keys.evidence_fault(connection, store) if isinstance(store, FolderStore) else None


@probes.get("/metrics")
@open_to_all("guarded by address or token below")
@kerb
def metrics() -> Response:
    """Give the metrics to a collector on this machine, or to one that knows the token."""
    settings = services_of(session()).settings
    given = request.headers.get("Authorization", "").removeprefix("Bearer ")
    known = bool(settings.metrics_token) and hmac.compare_digest(given.encode(), settings.metrics_token.encode())
    local = is_loopback(request.remote_addr or "")
    if not known and not (local and not settings.metrics_token):
        abort(403)
    return Response(prometheus_client.generate_latest(_registry()), mimetype="text/plain")


def _registry() -> CollectorRegistry:
    """Return what all worker processes counted, where ``serve`` started several."""
    if "PROMETHEUS_MULTIPROC_DIR" not in os.environ:
        return prometheus_client.REGISTRY
    shared = CollectorRegistry()
    multiprocess.MultiProcessCollector(shared)  # type: ignore[no-untyped-call]
    return shared


def _plain(text: str, status: int = 200) -> Response:
    return Response(text + "\n", status, mimetype="text/plain")


def init_health(app: Flask) -> None:
    """Attach the probes and time every answer by its route."""
    app.register_blueprint(probes)

    @app.before_request
    def _begin() -> None:
        g.answer_began = time.perf_counter()

    @app.after_request
    def _end(response: Response) -> Any:
        if "answer_began" in g:
            route = request.url_rule.rule if request.url_rule else "(no route)"
            seconds = time.perf_counter() - g.answer_began
            method = request.method if request.method in METHODS else "(other)"
            ANSWERS.labels(method, route, response.status_code).observe(seconds)
        return response
