"""Use cases that change accidents: recorded and corrected, voided and told apart, riders linked."""

from trafficedu.accidents.services.closing import mark_duplicate, tell_apart, void
from trafficedu.accidents.services.people import link_rider, unlink_rider
from trafficedu.accidents.services.recording import NewAccident, correct, record

__all__ = [
    "NewAccident",
    "correct",
    "link_rider",
    "mark_duplicate",
    "record",
    "tell_apart",
    "unlink_rider",
    "void",
]
