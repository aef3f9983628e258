"""What happens to riders, as facts for the rooms above."""

from __future__ import annotations

from dataclasses import dataclass

from trafficedu.core.events import Event


@dataclass(frozen=True)
class EngagementsChanged(Event):
    """The days on which companies engage these riders became others: who answers for them may have become known."""

    rider_ids: tuple[int, ...]


@dataclass(frozen=True)
class LegalBasisRecorded(Event):
    """An engagement got (or changed) its legal basis: notices held for want of one can go out."""

    engagement_id: int


@dataclass(frozen=True)
class HomeVillageRecorded(Event):
    """A rider already known got a home village, another one, or none any more: who looks after the rider changes."""

    rider_id: int
