"""What a bulletin is asked for: handed through the queries that gather it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from trafficedu.areas.models import Area
from trafficedu.core.actors import Actor
from trafficedu.core.month import Month
from trafficedu.evaluation.services.results import TrendResult

Keep = Callable[[Session], None]


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

    def taken(self, answer: TrendResult) -> dict[str, Any]:
        """Return the figures of a result, and remember to keep it where it was fitted just now."""
        if answer.keep is not None:
            self.keeps.append(answer.keep)
        return answer.payload
