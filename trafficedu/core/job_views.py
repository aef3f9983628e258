"""A file that a page hands out is made by a background job: the same view runs there, for the same person.

A view marked by :func:`made_by_a_job` checks what was asked for and returns a :class:`File`. In a request that becomes
a job, and the person is led to the file where it is ready in a moment, else to the page of the job. The job opens the
view again at the same address and writes the file: so whatever a page narrows, its file does, and a guard is in one
place. Whoever asks is led there by :func:`lead_to`, whatever kind of job it is.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import KW_ONLY, dataclass, field
from functools import wraps
from typing import IO, Any, TypeVar, cast

import flask_babel
from flask import Response, current_app, request
from sqlalchemy.orm import Session
from werkzeug.exceptions import HTTPException

from trafficedu.core import audit, jobs
from trafficedu.core.access import acting_as, actor
from trafficedu.core.actors import Actor
from trafficedu.core.clock import utc_now
from trafficedu.core.database import session
from trafficedu.core.errors import Missing
from trafficedu.core.text import Message, message
from trafficedu.core.transactions import read_from_replica, read_what_was_written, writing
from trafficedu.core.web import back_to, locale
from trafficedu.core.work import Ending, Work, nothing

View = TypeVar("View", bound=Callable[..., Any])
Tell = Callable[..., None]
PAGE_FILE = "page_file"
"""The kind of a job that writes the file of a page."""
LOOK_SECONDS = 0.05
_IN_A_JOB = "trafficedu.in_a_job"


@dataclass(frozen=True)
class File:
    """A file that is yet to be written.

    Parameters
    ----------
    name
        Its name; the suffix says what it is.
    title
        What the job is called.
    write
        Writes it into a stream, tells of every thousand rows or so, and returns how many rows there are; None for a
        document.
    action, detail
        The audit row: what left the house. "" where that is not audited.
    keep
        Writes what was worked out on the way and is worth keeping, at the end of the job.
    """

    name: str
    title: Message
    write: Callable[[IO[bytes], Tell], int | None]
    _: KW_ONLY
    action: str = ""
    detail: Mapping[str, Any] = field(default_factory=dict)
    keep: Callable[[Session], None] = nothing


def whole(body: Callable[[], bytes]) -> Callable[[IO[bytes], Tell], None]:
    """Return the writing of a document that is made in one piece."""

    def write(out: IO[bytes], tell: Tell) -> None:
        tell(0)
        out.write(body())

    return write


def made_by_a_job(view: View) -> View:
    """Let a background job make the :class:`File` that ``view`` returns; any other answer stays as it is."""

    @wraps(view)
    def asked(**values: Any) -> Any:
        answer = view(**values)
        if not isinstance(answer, File) or request.environ.get(_IN_A_JOB):
            return answer
        address = request.full_path.rstrip("?")
        parameters = {"address": address, "method": request.method}
        return lead_to(PAGE_FILE, answer.title, parameters, [needed_at(request.endpoint or "")])

    return cast(View, asked)


def needed_at(endpoint: str) -> str:
    """Return the permission that opens a view."""
    return str(getattr(current_app.view_functions[endpoint], "permission", ""))


def lead_to(kind: str, title: Message, parameters: Mapping[str, Any], needs: Sequence[str]) -> Response:
    """Ask for a job, wait a moment for it, and lead to its file where that is ready, else to its page."""
    by, language = actor(), locale()
    with writing(session()) as own:
        number = jobs.ask(own, jobs.Asked(kind, title, parameters, tuple(needs)), by, utc_now(), language)
    read_what_was_written(session())
    ready = _ready(number, by, current_app.config["JOB_WAIT_SECONDS"])
    return back_to("transfers.job_file" if ready else "transfers.job", number=number)


def _ready(number: str, by: Actor, seconds: float) -> bool:
    """Wait for a job as long as a page may; tells whether its file is there."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        time.sleep(LOOK_SECONDS)
        job = jobs.find_job(session(), number, by)
        is_open, has_file = job.is_open, job.has_file
        session().rollback()  # the next look is at a new moment, and waiting holds no connection
        if not is_open:
            return has_file
    return False


def write_page_file(work: Work) -> Ending:
    """Write the file of a page into the job's own: the function of the jobs that :func:`made_by_a_job` asks for."""
    read_from_replica(work.session)
    with _opened(work) as file:
        rows = file.write(work.out, work.tell)

    def write(own: Session) -> None:
        file.keep(own)
        if file.action:
            suffix = file.name.rpartition(".")[2]
            audit.write(own, file.action, work.by, rows=rows, format=suffix, **file.detail)

    return Ending(file.name, {} if rows is None else {"rows": rows}, write)


@contextmanager
def _opened(work: Work) -> Iterator[File]:
    """Open the view at the address once more, as whoever asked."""
    address, method = work.parameters["address"], work.parameters["method"]
    with (
        current_app.test_request_context(address, method=method, environ_overrides={_IN_A_JOB: True}),
        acting_as(work.by),
        flask_babel.force_locale(work.locale),
    ):
        work.by.require(needed_at(request.endpoint or ""))
        try:
            yield cast(File, current_app.view_functions[request.endpoint or ""](**(request.view_args or {})))
        except HTTPException as error:
            raise Missing(message("What this file was to be made of is no longer there.")) from error
