"""What happens to study tasks, as facts for the rooms above."""

from __future__ import annotations

from dataclasses import dataclass

from trafficedu.core.events import Event


@dataclass(frozen=True)
class TaskLeftOut(Event):
    """A study task was waived or withdrawn: no figure counts it any more, whatever it brought must be taken back."""

    task_id: int
