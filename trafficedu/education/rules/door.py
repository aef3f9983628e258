"""What may come of it when somebody stands at the door, what a code says, and the code that changes. Pure."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum, auto

from trafficedu.core.numbers import LENGTH, is_number, normalise
from trafficedu.core.states import Word
from trafficedu.core.text import message

STEP_SECONDS = 15
"""For how long the code on a station's screen is the same."""
TOLERATED_STEPS = 1
"""How many codes ago still count: a phone needs some seconds to read one and to open its page."""
PROVING = timedelta(minutes=5)
"""How long somebody who scanned the code in time may take to say who they are."""
NONCE = r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"
"""How a device names a tap: a random UUID."""
MOST_AHEAD = timedelta(days=3660)
"""A difference of two clocks beyond this is no difference but nonsense."""


class Outcome(Word):
    """What came of it, in the words that fill the screen; the tone is its colour: done, open (to do), problem."""

    DONE = "done", message("Checked in"), "done"
    LATE_SEATED = "late", message("Checked in, came late"), "done"
    SEATED = "seated", message("Seated and checked in"), "done"
    HERE = "here", message("Already here"), "open"
    CONFIRM = "confirm", message("Compare the document"), "open"
    OTHER_SESSION = "session", message("Other session"), "problem"
    OTHER_STATION = "station", message("Other station"), "problem"
    OTHER_DAY = "day", message("Other day"), "problem"
    NO_TASK = "none", message("No open study"), "problem"
    NO_SEAT = "full", message("No seat free"), "problem"
    NOT_SEATED = "barred", message("Not seated here"), "problem"
    EARLY = "early", message("Too early"), "problem"
    LATE = "too_late", message("Too late"), "problem"
    CERTIFICATE = "paper", message("Not this code"), "problem"
    SEVERAL = "several", message("Several riders fit"), "open"
    UNKNOWN = "unknown", message("Not known"), "problem"

    @property
    def is_in(self) -> bool:
        """Whether the rider is checked in now, by this or before."""
        return self in {Outcome.DONE, Outcome.LATE_SEATED, Outcome.SEATED, Outcome.HERE}


class Shown(StrEnum):
    """What somebody shows at the door, or says."""

    RECEIPT = auto()
    TASK = auto()
    DOCUMENT = auto()
    SCREEN = auto()
    OTHER = auto()
    WORDS = auto()


@dataclass(frozen=True)
class Code:
    """What was read or typed: ``text`` is the number, or the words."""

    kind: Shown
    text: str


_NUMBER = re.compile(rf"(?<![0-9A-Z])[VTCD][0-9A-Z]{{{LENGTH - 1}}}(?![0-9A-Z])")
_KINDS = {"V": Shown.RECEIPT, "T": Shown.TASK, "C": Shown.DOCUMENT, "D": Shown.DOCUMENT}
_ADDRESS = re.compile(r"^[A-Z][A-Z0-9+.-]*://|^WEIXIN:|^WWW\.", re.IGNORECASE)


def read_code(text: str) -> Code:
    """Return what a scanner's or a person's text is: an address in a code, a number alone, or words.

    A number counts only with a right check character: words may look like one.
    """
    plain = unicodedata.normalize("NFKC", text).strip()
    capitals = plain.upper()
    if "/IN/" in capitals and _ADDRESS.match(plain):
        return Code(Shown.SCREEN, "")
    typed = normalise(plain)
    for number in [typed, *_NUMBER.findall(capitals)]:
        if number[:1] in _KINDS and is_number(number, number[0]):
            return Code(_KINDS[number[0]], number)
    if _ADDRESS.match(plain):
        return Code(Shown.OTHER, "")
    return Code(Shown.WORDS, plain)


def step_of(moment: datetime) -> int:
    """Return the number of the stretch of :data:`STEP_SECONDS` that a moment lies in, counted from 1970."""
    return int(moment.astimezone(UTC).timestamp()) // STEP_SECONDS


def is_fresh(step: int, now: datetime) -> bool:
    """Tell whether the code of a stretch still counts: that of now, or one :data:`TOLERATED_STEPS` back."""
    return 0 <= step_of(now) - step <= TOLERATED_STEPS


def seconds_left(now: datetime) -> int:
    """Return after how many seconds the code on the screen is another one."""
    return STEP_SECONDS - int(now.timestamp()) % STEP_SECONDS


def put_right(device: datetime, difference: timedelta, now: datetime) -> datetime:
    """Return when something was, by the server's clock: the device's moment less what its clock was ahead.

    ``difference`` is device minus server, as the device last knew it **before** the tap: a clock that was set wrong
    later says nothing about the tap. Never after ``now``.
    """
    return min(device - difference, now)
