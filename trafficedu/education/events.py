"""What happens to study tasks, as facts for the rooms above."""

from __future__ import annotations

from dataclasses import dataclass

from trafficedu.core.events import Event


@dataclass(frozen=True)
class TaskLeftOut(Event):
    """A study task was waived, withdrawn or joined to another: no figure counts it, what it brought is taken back."""

    task_id: int


@dataclass(frozen=True)
class RiderAbsent(Event):
    """A rider did not come to a seat; noted by the station, or by the worker some hours after the session."""

    booking_id: int
    task_id: int


@dataclass(frozen=True)
class CompletionTakenBack(Event):
    """A sign-off was taken back with a reason: what proved the study proves nothing any more."""

    task_id: int
    reason: str
