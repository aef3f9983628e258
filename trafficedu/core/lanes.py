"""Two lanes: what is done at the kerb never waits behind pages that are read at a desk.

A server process has many cheap threads and lets few requests of desks run at once; a few more wait, each for some
seconds and without a connection to the database, and the rest are told at once that the service is busy. A file that is
sent moves to where others wait, for it only takes a thread; where no room is left there it keeps its place until it is
through. What is marked :func:`kerb` passes, and while there is any in a process, desks of the same process stand still
between two statements: one interpreter serves both. How long one statement may take is set here too, for either lane.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextvars import ContextVar
from typing import Any, AnyStr, TypeVar

import prometheus_client
from flask import Flask, Response, current_app, g, request
from sqlalchemy import Engine, event
from werkzeug.exceptions import ServiceUnavailable

from trafficedu.core import connections
from trafficedu.core.settings import Settings

View = TypeVar("View", bound=Callable[..., Any])

THREADS = 32
"""Of a server process; one that waits costs a stack of some kilobytes."""
KERB_THREADS = 12
"""How many of them no request of a desk is ever in, running or waiting."""
LONG_SECONDS = 1.0
"""How long a page of a desk has taken when another one may begin beside it."""
STANDS_STILL_SECONDS = 0.05
"""How long a desk waits for the kerb before one statement, at most: a street full of officers never stops it."""
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


class Crossing:
    """Who is at the kerb in this process, and the desks that let them pass."""

    def __init__(self) -> None:
        self._change = threading.Condition()
        self._passing = 0

    def enter(self) -> None:
        """Have desks stand still at their next statement."""
        with self._change:
            self._passing += 1

    def leave(self) -> None:
        """Let them go on when nobody else is at the kerb."""
        with self._change:
            self._passing -= 1
            if not self._passing:
                self._change.notify_all()

    def step_aside(self) -> Callable[[], None]:
        """Let them go on while an answer is only sent: however slowly it is read, it asks the database nothing."""
        self.leave()
        return lambda: None

    def let_pass(self, patience: float = STANDS_STILL_SECONDS) -> None:
        """Wait until nobody is at the kerb, at most ``patience`` seconds."""
        if self._passing:
            with self._change:
                self._change.wait_for(lambda: not self._passing, patience)


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
    """The places for desks in one process: few run at once, ``beside`` more are in a thread and do not compute.

    One page runs, and one more, up to ``places``, whenever the last to begin has been at it for :data:`LONG_SECONDS`:
    pages that compute gain nothing from company, for one interpreter serves them and the kerb, and one that waits for
    its database holds up nobody. The others wait in line up to ``patience`` seconds, or their answer is being sent.
    So desks are never in more threads than ``places`` and ``beside``, whoever reads how slowly.
    """

    def __init__(self, places: int, beside: int, patience: float) -> None:
        self._lock = threading.Lock()
        self._places, self._beside, self._patience = places, max(0, beside), patience
        self._running, self._last_began = 0, 0.0
        self._line: deque[threading.Condition] = deque()

    def enter(self) -> bool:
        """Take a place, if need be after waiting in line; tells whether there was one."""
        with self._lock:
            if not self._line and self._take():
                return True
            if not self._beside:
                return False
            self._beside -= 1
            began, mine = time.monotonic(), threading.Condition(self._lock)
            self._line.append(mine)
            try:
                return self._wait(mine, began + self._patience)
            finally:
                self._line.remove(mine)
                self._call()
                self._beside += 1
                WAITED.observe(time.monotonic() - began)

    def _take(self) -> bool:
        if self._running and (self._running >= self._places or self._until_long() > 0):
            return False
        self._running += 1
        self._last_began = time.monotonic()
        return True

    def _until_long(self) -> float:
        return self._last_began + LONG_SECONDS - time.monotonic()

    def _wait(self, mine: threading.Condition, until: float) -> bool:
        while (left := until - time.monotonic()) > 0:
            first = self._line[0] is mine
            if first and self._take():
                return True
            long = self._until_long() if first and self._running < self._places else left
            mine.wait(min(left, max(long, 0.001)))
        return False

    def _call(self) -> None:
        """Let the first in line look whether there is a place."""
        if self._line:
            self._line[0].notify()

    def leave(self) -> None:
        """Give the place back."""
        with self._lock:
            self._running -= 1
            self._call()

    def step_aside(self) -> Callable[[], None] | None:
        """Give the place to another and send beside it; returns how one leaves then, None where there is no room."""
        with self._lock:
            if not self._beside:
                return None
            self._beside -= 1
        self.leave()
        return self._leave_aside

    def _leave_aside(self) -> None:
        with self._lock:
            self._beside += 1


_crossing = Crossing()
_at_desk: ContextVar[bool] = ContextVar("at_desk", default=False)


def stand_still_for_the_kerb(engine: Engine) -> None:
    """Have desks let the kerb pass before each of their statements by ``engine``."""

    @event.listens_for(engine, "before_cursor_execute")
    def _let_pass(*_execution: Any) -> None:
        if _at_desk.get():
            _crossing.let_pass()


def init_lanes(app: Flask, settings: Settings) -> None:
    """Let every request of ``app`` pass its lane before anything else is asked, such as who it is."""
    places = max(1, min(settings.desk_requests, THREADS - KERB_THREADS))
    desk = Desk(places, THREADS - KERB_THREADS - places, settings.desk_wait_seconds)

    @app.before_request
    def _enter() -> None:
        if request.endpoint is None or request.endpoint == "static":
            return
        if getattr(current_app.view_functions[request.endpoint], "kerb", False):
            _crossing.enter()
            g.place, limit = Place("kerb", _crossing.leave, _crossing.step_aside), settings.kerb_limit_seconds
        elif desk.enter():
            g.place, limit = Place("desk", desk.leave, desk.step_aside), settings.desk_limit_seconds
            _at_desk.set(True)
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
        _at_desk.set(False)
        if "place" in g:
            g.pop("place").leave()
