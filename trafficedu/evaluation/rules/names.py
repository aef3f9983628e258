"""The words for colours, kinds of target and dimensions."""

from __future__ import annotations

from trafficedu.core.text import message

COLOUR_NAMES = {
    "green": message("green"),
    "blue": message("blue"),
    "yellow": message("yellow"),
    "orange": message("orange"),
    "red": message("red"),
    "grey": message("grey"),
}
"""COLOUR -> word, best first; grey is not enough data."""
KIND_NAMES = {
    "district": message("district"),
    "town": message("town"),
    "village": message("village"),
    "company": message("company"),
}
TAB_NAMES = {
    "district": message("Districts"),
    "town": message("Towns"),
    "village": message("Villages"),
    "company": message("Companies"),
}
DIMENSION_NAMES = {
    "points": message("Safety-management points"),
    "violations": message("Violations"),
    "education": message("Safety education"),
    "helmets": message("Helmet wearing"),
    "trend": message("Accident trend"),
    "feedback": message("On-time answers"),
}
