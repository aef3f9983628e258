"""The days from one to another, both included, on which something holds. Standard library only.

Tables that hold from a day to a day take :class:`trafficedu.core.orm.Valid`, which says the same in SQL.
"""

from __future__ import annotations

from datetime import date
from typing import NamedTuple


class Validity(NamedTuple):
    """From ``first`` to ``last``, both included; without a last day, until further notice."""

    first: date
    last: date | None = None

    def holds_on(self, day: date) -> bool:
        """Tell whether ``day`` is one of these days."""
        return self.first <= day and not self.ended_before(day)

    def ended_before(self, day: date) -> bool:
        """Tell whether the last day lies before ``day``."""
        return self.last is not None and self.last < day

    def overlaps(self, other: Validity) -> bool:
        """Tell whether the two share a day."""
        return not self.ended_before(other.first) and not other.ended_before(self.first)
