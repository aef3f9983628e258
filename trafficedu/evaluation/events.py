"""Facts of the evaluation."""

from __future__ import annotations

from dataclasses import dataclass

from trafficedu.core.events import Event
from trafficedu.core.month import Month


@dataclass(frozen=True)
class RunPublished(Event):
    """The evaluation of ``month`` was published in this version."""

    run_id: int
    month: Month


@dataclass(frozen=True)
class ColourCorrected(Event):
    """A colour that was published is another, better or worse, in a newer version of the same month."""

    result_id: int
    month: Month
    number: int
    before: str


@dataclass(frozen=True)
class ColourWorsened(Event):
    """A published colour is worse than the last one published of the month before."""

    result_id: int
    month: Month
    kind: str
    code: str
    before: str
    after: str
