"""Facts about what is covered that higher features react to."""

from __future__ import annotations

from dataclasses import dataclass

from trafficedu.core.events import Event
from trafficedu.core.month import Month


@dataclass(frozen=True)
class SourceFellSilent(Event):
    """A source that reported stopped: nothing of a figure from an area since ``last``; published once for a stop.

    ``figure`` is a word of ``rules.FigureKind``.
    ``area_id`` is a reporting unit's, or the district's where none of its units reports any more.
    """

    figure: str
    area_id: int
    last: Month


@dataclass(frozen=True)
class NilReportContradicted(Event):
    """There are records of a month that somebody said to be without any; published once for each such mark."""

    figure: str
    area_id: int
    month: Month
