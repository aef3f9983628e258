"""What happens to violations, as facts for the rooms above."""

from __future__ import annotations

from dataclasses import dataclass, field

from trafficedu.core.events import Event


@dataclass(frozen=True)
class ViolationEstablished(Event):
    """A violation counts, its rider is known and it is not history: it opens a task and a notice.

    Published when such a record is made, when a camera record is confirmed, and when the rider of a confirmed
    one becomes known. Handlers may see the same violation twice and must do their work once. ``waits``: whether it may
    be a second record of one offence, which nobody is told of yet; None where that was not looked up.
    """

    violation_id: int
    waits: bool | None = field(default=None, compare=False)


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
class ViolationSigned(Event):
    """The person of a record signed on the screen, or refused to; papers say which."""

    violation_id: int


@dataclass(frozen=True)
class ViolationVoided(Event):
    """A violation was found wrong and left every figure; its task and notice must be taken back."""

    violation_id: int


@dataclass(frozen=True)
class ReviewReopened(Event):
    """A confirmation was taken back at once: the record waits for its review again, and what followed is taken back.

    Confirmed once more, :class:`ViolationEstablished` brings it about anew. A handler that finds that somebody has
    acted on it refuses, and the confirmation stands.
    """

    violation_id: int


@dataclass(frozen=True)
class ToldApart(Event):
    """A record that might have been a second one of an offence is none, or the other one was voided: it is told now."""

    violation_id: int


@dataclass(frozen=True)
class ObjectionDecided(Event):
    """An objection was decided, for the rider or not: the company that raised it is told."""

    objection_id: int
