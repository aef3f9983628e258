"""What the function of a job works with and what it leaves. Must not know by whom it is run.

A job is one function ``(Work) -> Ending`` and its line in ``trafficedu.wiring.work.JOBS``.
"""

from __future__ import annotations

import mimetypes
import tempfile
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import IO, Any

from sqlalchemy.orm import Session

from trafficedu.core.actors import Actor
from trafficedu.core.job_queue import Order
from trafficedu.core.jobs import opened_parameters


def nothing(*_given: Any) -> None:
    """Write nothing."""


@dataclass(frozen=True)
class Ending:
    """How a job ends well.

    Parameters
    ----------
    file
        The name of the file that was written into ``Work.out``; "" where there is none to fetch.
    counts
        What the job did, for its page: numbers and codes.
    write
        What is written in the transaction that ends the job: the audit row of an export, or all that an import
        brings. Whoever cancels the job before that, or kills its process, finds nothing written.
    afterwards
        What is done once that is committed and cannot be undone, such as deleting a file.
    """

    file: str = ""
    counts: Mapping[str, Any] = field(default_factory=dict)
    write: Callable[[Session], None] = nothing
    afterwards: Callable[[], None] = nothing

    @property
    def file_type(self) -> str:
        """The media type of the file, by its name."""
        return mimetypes.guess_type(self.file)[0] or "application/octet-stream"


@dataclass
class Work:
    """One job under way, for the person who asked for it: who that is and what they may was read anew.

    ``session`` is in a reading transaction. ``tell(rows, total)`` says that so many more rows are through, of how many
    in all where that is known; it raises where the job was cancelled or the process is told to stop, and is called at
    least every second or so. ``apart()`` opens a transaction that writes and is committed at its end, for work that
    does not fit into the one that ends the job.
    """

    session: Session
    by: Actor
    now: datetime
    order: Order
    tell: Callable[..., None]
    apart: Callable[[], AbstractContextManager[Session]]

    @cached_property
    def parameters(self) -> Mapping[str, Any]:
        """What was asked for; raises Refusal where it cannot be decrypted, which ends this one job."""
        return opened_parameters(self.session, self.order.number, self.order.parameters)

    @property
    def locale(self) -> str:
        """The language of the asker."""
        return self.order.locale

    @cached_property
    def out(self) -> IO[bytes]:
        """The file to be fetched, empty at first; it has no name and is gone with the process."""
        return tempfile.TemporaryFile()

    def close(self) -> None:
        """Let go of the file."""
        if "out" in self.__dict__:
            self.out.close()


Function = Callable[[Work], Ending]
