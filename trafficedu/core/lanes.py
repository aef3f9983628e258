"""Two lanes: what is done at the kerb never waits behind pages that are read at a desk.

A server process has many cheap threads and lets few requests of desks run at once; a few more wait, each for some
seconds and without a connection to the database, and the rest are told at once that the service is busy. A file that is
sent moves to where others wait, for it only takes a thread; where no room is left there it keeps its place until it is
through. What is marked :func:`kerb` passes. How long one statement may take is set here too, for either lane.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Iterator
from typing import Any, AnyStr, TypeVar

import prometheus_client
from flask import Flask, Response, current_app, g, request
from werkzeug.exceptions import ServiceUnavailable

from trafficedu.core import connections
from trafficedu.core.settings import Settings

View = TypeVar("View", bound=Callable[..., Any])

THREADS = 32
"""Of a server process; one that waits costs a stack of some kilobytes."""
KERB_THREADS = 12
"""How many of them no request of a desk is ever in, running or waiting."""
RETRY_SECONDS = 5
"""After how long a browser that was turned away may ask again."""

WAITED = prometheus_client.Histogram(
    "trafficedu_desk_wait_seconds", "Time that pages of desks waited for a place", buckets=(0.01, 0.1, 0.5, 1, 2, 4, 8)
)
REFUSED = prometheus_client.Counter(
    "trafficedu_desk_refused", "Pages of desks turned away because all places were taken"
)
RUNNING = prometheus_client.Gauge(
    "trafficedu_requests_running", "Requests being served, by lane", ["lane"], multiprocess_mode="livesum"
)


def kerb(view: View) -> View:
    """Mark a view that somebody stands at the kerb with, or at the door of a study: it never waits for desks."""
    view.kerb = True  # type: ignore[attr-defined]
    return view


class Place:
    """What a request takes of its lane; given back once, however often it is said.

    ``aside`` moves to another place where there is one, and returns how that is given back; else None.
    """

    def __init__(
        self, lane: str, leave: Callable[[], None], aside: Callable[[], Callable[[], None] | None] = lambda: None
    ) -> None:
        self.lane, self._leave, self._aside, self._taken = lane, leave, aside, True
        RUNNING.labels(lane).inc()

    def step_aside(self) -> None:
        """Let another run: from here on the answer is only sent."""
        self._leave = self._aside() or self._leave

    def leave(self) -> None:
        """Give it back."""
        if self._taken:
            self._taken = False
            RUNNING.labels(self.lane).dec()
            self._leave()

    def kept_for(self, pieces: Iterable[AnyStr]) -> Iterator[AnyStr]:
        """Yield the pieces of an answer, and give the place back when the last one is sent, or nobody wants it."""
        try:
            yield from pieces
        finally:
            self.leave()


class Desk:
    """The places for desks in one process: ``places`` run at once, ``beside`` more are in a thread and do not compute.

    Those wait up to ``patience`` seconds for a place, or their answer is being sent. So desks are never in more threads
    than the two together, whoever reads how slowly.
    """

    def __init__(self, places: int, beside: int, patience: float) -> None:
        self._free = threading.BoundedSemaphore(places)
        self._beside = threading.BoundedSemaphore(beside) if beside > 0 else None
        self._patience = patience

    def enter(self) -> bool:
        """Take a place, if need be after waiting; tells whether there was one."""
        if self._free.acquire(blocking=False):
            return True
        if self._beside is None or not self._beside.acquire(blocking=False):
            return False
        began = time.monotonic()
        try:
            return self._free.acquire(timeout=self._patience)
        finally:
            self._beside.release()
            WAITED.observe(time.monotonic() - began)

    def leave(self) -> None:
        """Give the place back."""
        self._free.release()

    def step_aside(self) -> Callable[[], None] | None:
        """Give the place to another and send beside it; returns how one leaves then, None where there is no room."""
        if self._beside is None or not self._beside.acquire(blocking=False):
            return None
        self._free.release()
        return self._beside.release


def init_lanes(app: Flask, settings: Settings) -> None:
    """Let every request of ``app`` pass its lane before anything else is asked, such as who it is."""
    places = max(1, min(settings.desk_requests, THREADS - KERB_THREADS))
    desk = Desk(places, THREADS - KERB_THREADS - places, settings.desk_wait_seconds)

    @app.before_request
    def _enter() -> None:
        if request.endpoint is None or request.endpoint == "static":
            return
        if getattr(current_app.view_functions[request.endpoint], "kerb", False):
            g.place, limit = Place("kerb", lambda: None), settings.kerb_limit_seconds
        elif desk.enter():
            g.place, limit = Place("desk", desk.leave, desk.step_aside), settings.desk_limit_seconds
        else:
            REFUSED.inc()
            raise ServiceUnavailable(retry_after=RETRY_SECONDS)
        connections.LIMIT.set(limit)

    @app.after_request
    def _keep_while_sending(response: Response) -> Response:
        """Keep a place while a file is sent: that takes a thread for as long as whoever fetches it reads."""
        if "place" in g and response.is_streamed and not response.direct_passthrough:
            place = g.pop("place")
            place.step_aside()
            response.response = place.kept_for(response.response)
            response.call_on_close(place.leave)
        return response

    @app.teardown_request
    def _leave(_error: BaseException | None) -> None:
        connections.LIMIT.set(0)
        if "place" in g:
            g.pop("place").leave()
