"""How many months a fit takes and gives, and when the night's computing runs."""

from __future__ import annotations

from datetime import datetime, time

from trafficedu.core.clock import SHANGHAI, local

HORIZON = 12
MOST_MONTHS = 120
SHORT_MONTHS = 24
LEAST_MONTHS = 3
"""Below this nothing is fitted: not even a mean would say anything."""
NIGHT_BEGINS, NIGHT_ENDS = time(1), time(5)


def night_of(now: datetime) -> datetime | None:
    """Return when the night's computing began (Shanghai), None outside of it."""
    here = local(now)
    if not NIGHT_BEGINS <= here.time() < NIGHT_ENDS:
        return None
    return datetime.combine(here.date(), NIGHT_BEGINS, SHANGHAI)
