"""Facts of the evaluation."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from trafficedu.core.events import Event


@dataclass(frozen=True)
class RunPublished(Event):
    """The evaluation of ``month`` was published in this version."""

    run_id: int
    month: date


@dataclass(frozen=True)
class ColourWorsened(Event):
    """A published colour is worse than the last one published of the month before."""

    result_id: int
    month: date
    kind: str
    code: str
    before: str
    after: str
