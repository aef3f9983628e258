"""How many pictures a record has, how large, how they are named by the phone that took them. Pure."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

MOST_PHOTOS = 6
"""Standing photos of a record; one that was taken back makes room."""
MOST_TAKEN_BACK = 30
"""Photos that a record ever had, the standing ones among them."""
MOST_BYTES = 20 << 20
"""Of a photo as it is sent: what a phone's camera writes at most; a browser with scripts sends a hundredth of it."""
MOST_SIGNATURE_BYTES = 1 << 20
KEY = re.compile(r"[A-Za-z0-9_-]{16,64}")
"""What a phone names a picture by when it is taken."""
LONGEST_KEY = 70
LONGEST_REASON = 200
SMALL_SIDE = 320
"""Pixels of a picture beside others on a page."""
CHECKED_AGAIN = timedelta(days=1)
"""How often each part of the store is compared with what records name."""
LEFT_ALONE = timedelta(days=1)
"""How long a file may lie in the store before a record has to name it: its transaction may still be running."""
PARTS = tuple(f"{number:02x}" for number in range(256))
"""The parts of the store: the first two digits of a key."""
MISSING_KEPT = 5
"""Of a part, how many keys are kept that records name and the store has not; the rest is counted."""
_PLAUSIBLE = datetime(2000, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC)


def said_by_phone(text: str) -> datetime | None:
    """Return the moment a phone wrote in ISO 8601 with its zone; None for anything else, and what no clock says."""
    try:
        moment = datetime.fromisoformat(text.strip())
    except ValueError:
        return None
    if moment.tzinfo is None or not _PLAUSIBLE[0] <= moment <= _PLAUSIBLE[1]:
        return None
    return moment.astimezone(UTC)
