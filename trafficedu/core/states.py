"""Closed lists of words a record may carry, and which act leads from state to state. Must not know any feature."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Generic, Self, TypeVar, overload

from trafficedu.core.errors import Stale
from trafficedu.core.text import Message, message

UNNAMED = Message("")
CHANGED = message("Someone else changed this record while you were editing. Check what it says now and try again.")


class Word(StrEnum):
    """A word of a closed list: what the database keeps, what pages call it and, for a state, the tone of its badge.

    A member is written ``PENDING = "pending", message("waiting for review"), "open"``. The tone is ``""`` (grey),
    ``open`` (outlined), ``done`` (tick) or ``problem`` (dark). ``core.orm.word`` makes the column that keeps one.
    """

    label: Message
    tone: str

    def __new__(cls, value: str, label: Message = UNNAMED, tone: str = "") -> Self:
        """Keep name and tone beside the value."""
        member = str.__new__(cls, value)
        member._value_, member.label, member.tone = value, label, tone
        return member


class Lateness(Word):
    """What something is, beside its state, once its day has passed."""

    OVERDUE = "overdue", message("overdue"), "problem"


class Activity(Word):
    """Whether something kept for what is past may still be chosen."""

    ACTIVE = "active", message("active")
    DEACTIVATED = "deactivated", message("deactivated"), "problem"

    @classmethod
    def of(cls, active: bool) -> Activity:
        """Return the word for a row's mark ``active``."""
        return cls.ACTIVE if active else cls.DEACTIVATED


class StateIs:
    """Whether the ``state`` of a record is one of some: ``is_open = StateIs(TaskState.OPEN)`` in its class.

    ``of`` is the column, where it is another one.
    """

    def __init__(self, *states: Word, of: str = "state") -> None:
        self._states, self._of = states, of

    @overload
    def __get__(self, record: None, owner: type) -> Self: ...
    @overload
    def __get__(self, record: object, owner: type) -> bool: ...
    def __get__(self, record: Any, owner: type) -> Self | bool:
        """Tell it of a record."""
        return self if record is None else getattr(record, self._of) in self._states


Act = TypeVar("Act", bound=StrEnum)
State = TypeVar("State", bound=StrEnum)


@dataclass(frozen=True)
class Transitions(Generic[Act, State]):
    """ACT -> (the states it may be taken from, the state it leads to; None: the state stays).

    ``stale`` is what somebody reads whose act comes too late because the state is another by now.
    """

    table: Mapping[Act, tuple[Collection[State], State | None]]
    stale: Message = CHANGED

    def may(self, act: Act, state: State) -> bool:
        """Tell whether ``act`` may be taken from ``state``."""
        return state in self.table[act][0]

    def require(self, act: Act, state: State) -> None:
        """Raise Stale where ``act`` may not be taken from ``state``."""
        if not self.may(act, state):
            raise Stale(self.stale)

    def after(self, act: Act, state: State) -> State:
        """Return the state ``act`` leads to from ``state``; raise Stale where it may not be taken from there."""
        self.require(act, state)
        return self.table[act][1] or state
