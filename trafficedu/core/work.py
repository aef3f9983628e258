"""What the function of a job works with and what it leaves. Must not know how jobs are kept or by whom they are run.

A job is one function ``(Work) -> Ending`` and its line in ``trafficedu.wiring.JOBS``.
"""

from __future__ import annotations

import mimetypes
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import IO, Any

from sqlalchemy.orm import Session

from trafficedu.core.actors import Actor


def nothing(_session: Session) -> None:
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
    """

    file: str = ""
    counts: Mapping[str, Any] = field(default_factory=dict)
    write: Callable[[Session], None] = nothing

    @property
    def file_type(self) -> str:
        """The media type of the file, by its name."""
        return mimetypes.guess_type(self.file)[0] or "application/octet-stream"


@dataclass
class Work:
    """One job under way, for the person who asked for it: who that is and what they may was read anew.

    ``session`` is in a reading transaction. ``tell(rows, total)`` says that so many more rows are through, of how many
    in all where that is known; it raises where the job was cancelled or the process is told to stop, and is called at
    least every second or so.
    """

    session: Session
    by: Actor
    now: datetime
    locale: str
    parameters: Mapping[str, Any]
    tell: Callable[..., None]

    @cached_property
    def out(self) -> IO[bytes]:
        """The file to be fetched, empty at first; it has no name and is gone with the process."""
        return tempfile.TemporaryFile()


Function = Callable[[Work], Ending]
