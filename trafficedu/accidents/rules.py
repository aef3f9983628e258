"""What a record of an accident may say, and when two records look like one. Pure, time passed in.

Killed are those who died within 7 days: the national counting rule, by which the severity goes. Those who died
within 30 days, as other countries count, are kept apart and are often known only later.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta
from enum import StrEnum, auto
from itertools import groupby, product
from typing import Protocol, TypeVar

from trafficedu.core.errors import Refusal
from trafficedu.core.states import Transitions, Word
from trafficedu.core.text import message


class Severity(Word):
    """What an accident did to people, the worst first."""

    FATAL = "fatal", message("fatal")
    SERIOUS = "serious", message("serious injury")
    SLIGHT = "slight", message("slight injury")
    DAMAGE = "damage", message("damage only")


class Helmet(Word):
    """Whether the e-bike's rider wore a helmet."""

    YES = "yes", message("worn")
    NO = "no", message("not worn")
    UNKNOWN = "unknown", message("not known")


class Responsibility(Word):
    """Of the e-bike's rider, as the police find it (procedure rules for accidents: 全部、主要、同等、次要、无责任)."""

    FULL = "full", message("full responsibility")
    MAIN = "main", message("main responsibility")
    EQUAL = "equal", message("equal responsibility")
    MINOR = "minor", message("minor responsibility")
    NONE = "none", message("no responsibility")
    UNKNOWN = "unknown", message("not yet determined")


class AccidentRole(Word):
    """A known rider's part in an accident."""

    RIDER = "rider", message("rider of the e-bike")
    PASSENGER = "passenger", message("passenger on the e-bike")
    OTHER = "other", message("other party")


class AccidentState(Word):
    """A record stands until it is found wrong."""

    RECORDED = "recorded", message("recorded")
    VOIDED = "voided", message("voided"), "problem"


class PairState(Word):
    """What is known of two records that may be of one accident."""

    OPEN = "open", message("to be compared"), "open"
    APART = "apart", message("two accidents"), "done"
    MERGED = "merged", message("one accident"), "done"


class AccidentStep(Word):
    """What a record's history tells."""

    RECORDED = "recorded", message("Recorded")
    VOIDED = "voided", message("Voided")


class AccidentAct(StrEnum):
    """What is done to a record after it was made; all of it while it stands."""

    CORRECT = auto()
    LINK = auto()
    TELL_APART = auto()
    VOID = auto()


class PairAct(StrEnum):
    """What is decided on two records."""

    TELL_APART = auto()
    MERGE = auto()


PAIR_LIFE = Transitions(
    {
        PairAct.TELL_APART: ((PairState.OPEN, PairState.APART), PairState.APART),
        PairAct.MERGE: ((PairState.OPEN, PairState.APART), PairState.MERGED),
    },
    message("These two records have already been merged. Check what they say now."),
)
ACCIDENT_LIFE = Transitions(
    {
        AccidentAct.CORRECT: ((AccidentState.RECORDED,), None),
        AccidentAct.LINK: ((AccidentState.RECORDED,), None),
        AccidentAct.TELL_APART: ((AccidentState.RECORDED,), None),
        AccidentAct.VOID: ((AccidentState.RECORDED,), AccidentState.VOIDED),
    },
    message("This record has already been voided. Check what it says now."),
)
CASUALTY = (Severity.FATAL, Severity.SERIOUS, Severity.SLIGHT)
"""Severities with somebody hurt: what is meant by a casualty accident."""
FIRST_YEAR = 2000
MOST_PEOPLE = 500
CLOSE = timedelta(hours=2)
"""Two records of the same area and severity within this time may be one accident."""
COMPARED = frozenset({"area_id", "severity", "occurred_utc", "occurred_on", "hour_known"})
"""What records are compared by."""
OTHERS_OF_DAY = 5
"""With so many records of its day, the first ones, one is compared whose hour is not known."""


def whole_second(moment: datetime) -> datetime:
    """Return a moment to the nearest second: more no spreadsheet keeps, and an export has to import again."""
    return (moment + timedelta(milliseconds=500)).replace(microsecond=0)


def check_time(occurred: datetime, now: datetime) -> None:
    """Raise Refusal at ``occurred_at`` for a time in the future or before any record this system holds."""
    if occurred > now:
        text = message("This time is in the future. Check the date and time.")
        raise Refusal(text, field="occurred_at")
    if occurred.year < FIRST_YEAR:
        text = message("This day is too far back. Check the year.")
        raise Refusal(text, field="occurred_at")


def check_people(severity: str, killed: int, killed_30_days: int | None, injured: int) -> None:
    """Raise Refusal unless severity and people agree; ``killed_30_days`` None is not known yet.

    Fatal if and only if somebody died within 7 days; with injuries, serious or slight; else damage only.
    """
    for field, count in (("killed", killed), ("killed_30_days", killed_30_days), ("injured", injured)):
        if count is not None and not 0 <= count <= MOST_PEOPLE:
            text = message("Enter a number of people from 0 to %(most)d.", most=MOST_PEOPLE)
            raise Refusal(text, field=field, value=str(count))
    if severity not in tuple(Severity):
        raise Refusal(message("Choose fatal, serious, slight or damage only."), field="severity", value=severity)
    if severity == Severity.FATAL and killed == 0:
        text = message("A fatal accident must have at least one person killed within 7 days. Check both fields.")
        raise Refusal(text, field="killed", value="0")
    if severity != Severity.FATAL and killed > 0:
        text = message("Someone died within 7 days, so this is a fatal accident. Check both fields.")
        raise Refusal(text, field="severity", value=severity)
    if killed_30_days is not None and killed_30_days < killed:
        text = message("Deaths within 30 days include those within 7 days. Enter at least %(killed)d.", killed=killed)
        raise Refusal(text, field="killed_30_days", value=str(killed_30_days))
    if severity in {Severity.SERIOUS, Severity.SLIGHT} and injured == 0:
        text = message("Nobody was injured, so this is a damage-only accident. Check both fields.")
        raise Refusal(text, field="injured", value="0")
    if severity == Severity.DAMAGE and injured > 0:
        text = message("Someone was injured, so this is not damage only. Check both fields.")
        raise Refusal(text, field="severity", value=severity)
    if severity == Severity.DAMAGE and killed_30_days:
        text = message("Someone died, so this is not damage only. Check both fields.")
        raise Refusal(text, field="severity", value=severity)


def of_the_rider(ebike_involved: bool | None, helmet: str, responsibility: str) -> tuple[Helmet, Responsibility]:
    """Return helmet and responsibility of the e-bike's rider as they are kept.

    Without an e-bike, or where it is not known (None) whether there was one, there is no such rider: "no" and "none"
    are read as "does not apply" and kept as unknown.

    Raises
    ------
    Refusal
        A value is not in its list (``rider_helmet``, ``responsibility``), or speaks of a rider where no e-bike was
        involved (``ebike_involved``).
    """
    if helmet not in tuple(Helmet):
        raise Refusal(message("Choose yes, no or unknown."), field="rider_helmet", value=helmet)
    if responsibility not in tuple(Responsibility):
        text = message("Choose full, main, equal, minor, none or unknown.")
        raise Refusal(text, field="responsibility", value=responsibility)
    if ebike_involved:
        return Helmet(helmet), Responsibility(responsibility)
    if helmet == Helmet.YES or responsibility not in {Responsibility.NONE, Responsibility.UNKNOWN}:
        if ebike_involved is None:
            text = message("You entered a rider's helmet or responsibility: say whether an e-bike was involved.")
            raise Refusal(text, field="ebike_involved", value="")
        text = message("You entered a rider's helmet or responsibility, but no e-bike was involved.")
        raise Refusal(text, field="ebike_involved", value="false")
    return Helmet.UNKNOWN, Responsibility.UNKNOWN


class Placed(Protocol):
    """What is needed of a record to compare it with another."""

    @property
    def id(self) -> int: ...  # noqa: D102 - named by the class

    @property
    def area_id(self) -> int: ...  # noqa: D102 - named by the class

    @property
    def severity(self) -> str: ...  # noqa: D102 - named by the class

    @property
    def occurred_utc(self) -> datetime: ...  # noqa: D102 - named by the class

    @property
    def occurred_on(self) -> date: ...  # noqa: D102 - named by the class

    @property
    def hour_known(self) -> bool: ...  # noqa: D102 - named by the class


Record = TypeVar("Record", bound=Placed)


def in_time(record: Placed) -> tuple[datetime, int]:
    """Return what records stand in time by; no two share it."""
    return record.occurred_utc, record.id


def is_close(one: Placed, other: Placed) -> bool:
    """Tell whether two records may be of one accident: the same area and severity, close in time.

    Of one whose hour is not known that is its day.
    """
    same = (one.area_id, one.severity) == (other.area_id, other.severity)
    if one.hour_known and other.hour_known:
        return same and abs(one.occurred_utc - other.occurred_utc) <= CLOSE
    return same and one.occurred_on == other.occurred_on


def close_pairs(records: Iterable[Record]) -> list[tuple[Record, Record]]:
    """Return the pairs (earlier, later), of one area and severity, that may be one accident.

    Where the hours are known: neighbours in time. Of three that follow one another within the time, the first and the
    second, the second and the third: so there are never more pairs than records. Else :func:`pairs_of_day`.
    """
    ordered = sorted(records, key=lambda record: (record.area_id, record.severity, *in_time(record)))
    timed = [record for record in ordered if record.hour_known]
    pairs = [(earlier, later) for earlier, later in zip(timed, timed[1:], strict=False) if is_close(earlier, later)]
    for _, of_day in groupby(ordered, key=lambda record: (record.area_id, record.severity, record.occurred_on)):
        pairs += pairs_of_day(list(of_day))
    return pairs


def pairs_of_day(records: Sequence[Record]) -> list[tuple[Record, Record]]:
    """Return the pairs (earlier, later) in which an hour is not known, of the records of one area, severity and day.

    Each record without an hour is compared with the first :data:`OTHERS_OF_DAY` of those with one, and with the next
    without: so a day of many has no more than that many times as many pairs.
    """
    ordered = sorted(records, key=in_time)
    untimed = [record for record in ordered if not record.hour_known]
    timed = [record for record in ordered if record.hour_known][:OTHERS_OF_DAY]
    together = [*zip(untimed, untimed[1:], strict=False), *product(untimed, timed)]
    return [(one, other) if in_time(one) < in_time(other) else (other, one) for one, other in together]
