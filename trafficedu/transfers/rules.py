"""What the kinds of table are called."""

from __future__ import annotations

from trafficedu.core.text import message

KIND_NAMES = {
    "areas": message("areas"),
    "ebikes": message("registered e-bikes"),
    "riders": message("riders"),
    "companies": message("companies"),
    "stations": message("stations"),
    "violations": message("violations"),
    "accidents": message("accidents"),
    "helmets": message("helmet counts"),
    "points": message("safety-management points"),
    "coverage": message("reported months"),
    "questions": message("quiz questions"),
    "indicators": message("indicators for the village-safety evaluation"),
}
"""The kinds of the command line's contract; one that is not wired yet is not offered."""

LONGEST_SOURCE = 60
"""Letters of the name of a source."""

DECIDE = "transfers:correction:decide"
"""Who decides between a source and a correction, for the kinds he imports."""
