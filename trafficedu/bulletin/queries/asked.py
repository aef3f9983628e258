"""What a bulletin is asked for: handed through the queries that gather it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import Any, Generic, TypeVar, cast

from sqlalchemy.orm import Session

from trafficedu.areas.models import Area
from trafficedu.core.actors import Actor
from trafficedu.core.month import Month
from trafficedu.evaluation.queries.claims import Observer
from trafficedu.evaluation.services.results import TrendResult

Keep = Callable[[Session], None]
Value = TypeVar("Value")


@dataclass(frozen=True, eq=False)
class Gathered(Generic[Value]):
    """What a paper says, and what keeps the results that were fitted for it: for a transaction that may write."""

    data: Value
    keeps: Sequence[Keep]

    def keep(self, session: Session) -> None:
        """Store them; the caller commits."""
        for one in self.keeps:
            one(session)


class Fitted(dict[str, Any]):
    """What is the same in both languages of a paper, and in all papers of an issue, and takes long: worked out once."""

    def once(self, name: str, work_out: Callable[[], Value]) -> Value:
        """Return what ``name`` stands for, worked out the first time."""
        if name not in self:
            self[name] = work_out()
        return cast(Value, self[name])


@dataclass(frozen=True, eq=False)
class Asked:
    """An area in the scope of ``by``, its parts at the end of the month, the month, and the moment.

    ``keeps`` collects what stores the results that had to be fitted for it, so that they need not be again.
    """

    session: Session
    by: Actor
    area: Area
    parts: Sequence[Area]
    month: Month
    now: datetime
    keeps: list[Keep] = field(default_factory=list)

    @cached_property
    def observer(self) -> Observer:
        """Who reads what may be said of the area."""
        return Observer(self.session, self.area, self.by, self.now)

    def taken(self, answer: TrendResult) -> dict[str, Any]:
        """Return the figures of a result, and remember to keep it where it was fitted just now."""
        if answer.keep is not None:
            self.keeps.append(answer.keep)
        return answer.payload
