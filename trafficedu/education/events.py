"""What happens to study tasks, as facts for the rooms above."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from trafficedu.core.events import Event


@dataclass(frozen=True)
class TaskLeftOut(Event):
    """A study task was waived, withdrawn or joined to another: no figure counts it, what it brought is taken back."""

    task_id: int


@dataclass(frozen=True)
class CertificateIssued(Event):
    """A study was signed off, and its certificate issued."""

    certificate_id: int
    task_id: int


@dataclass(frozen=True)
class CheckedIn(Event):
    """A rider came to a session and begins to study there."""

    booking_id: int
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


@dataclass(frozen=True)
class SeatGiven(Event):
    """A task got a seat: a rider who had none knows now when and where to come."""

    booking_id: int
    task_id: int


@dataclass(frozen=True)
class SeatMoved(Event):
    """A task has another seat than before: the rider comes to another session than ``left_session_id``."""

    booking_id: int
    task_id: int
    left_session_id: int


@dataclass(frozen=True)
class SeatGivenUp(Event):
    """A rider, or somebody for the rider, gave a seat up and has no other one."""

    booking_id: int
    task_id: int


@dataclass(frozen=True)
class SessionHeld(Event):
    """A session is on the calendar."""

    session_id: int


@dataclass(frozen=True)
class SessionMoved(Event):
    """A session begins at another time than ``before_utc``; those with a seat keep it.

    ``riders_choose``: they are asked to choose another session where the new time does not suit them.
    """

    session_id: int
    before_utc: datetime
    riders_choose: bool


@dataclass(frozen=True)
class SessionCancelled(Event):
    """A session does not take place; ``waiting``: tasks that got no other seat. The others' :class:`SeatMoved` came."""

    session_id: int
    reason: str
    waiting: tuple[int, ...]
