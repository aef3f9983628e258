"""What happens to violations, as facts for the rooms above."""

from __future__ import annotations

from dataclasses import dataclass

from trafficedu.core.events import Event


@dataclass(frozen=True)
class ViolationEstablished(Event):
    """A violation counts, its rider is known and it is not history: it opens a task and a notice.

    Published when such a record is made, when a camera record is confirmed, and when the rider of a confirmed
    one becomes known. Handlers may see the same violation twice and must do their work once.
    """

    violation_id: int


@dataclass(frozen=True)
class ViolationCorrected(Event):
    """What a record says happened was corrected; its person stayed. Who was told of it is told again."""

    violation_id: int
    fields: frozenset[str]
    """The ``CorrectedField`` words of what is another by now."""


@dataclass(frozen=True)
class CompanySettled(Event):
    """Another company answers for a violation than before, none any more, or it is open again which one.

    ``taken_back``: because a decision was taken back.
    """

    violation_id: int
    taken_back: bool = False


@dataclass(frozen=True)
class ViolationVoided(Event):
    """A violation was found wrong and left every figure; its task and notice must be taken back."""

    violation_id: int
