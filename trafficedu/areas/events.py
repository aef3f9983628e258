"""What other features hear about the tree of areas."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from trafficedu.core.events import Event
from trafficedu.core.positions import Box


@dataclass(frozen=True)
class TreeGrewUpwards(Event):
    """What was the top of the tree has a parent now: everything recorded so far lies in one more area."""


@dataclass(frozen=True)
class OutlinesTried(Event):
    """A file says where areas lie, by path; whoever knows better raises Refusal at ``file``."""

    outlines: Mapping[str, Box]
    names: Mapping[str, str]
