"""What other features hear about the tree of areas."""

from __future__ import annotations

from dataclasses import dataclass

from trafficedu.core.events import Event


@dataclass(frozen=True)
class TreeGrewUpwards(Event):
    """What was the top of the tree has a parent now: everything recorded so far lies in one more area."""
