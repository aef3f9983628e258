"""Who is alike: groups of age, of former offences, of scores; from when on and how long somebody is watched. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from trafficedu.core.text import Message, message

REVISION = 4
"""Of what is kept, in shape and in method."""
YEAR = timedelta(days=365)
LEAST_SHOWN = 20
"""Of a group of fewer riders the page gives the number and nothing more: one of them would be five points."""
LEAST_ARM = 10
"""Riders alike in former offences are compared where so many took each course."""
LEAST_COMPARED = 40
"""With fewer in either course nothing is said of a difference."""
AGES = ((25, "24"), (35, "34"), (45, "44"), (60, "59"))
SCORES = ((80, "79"), (90, "89"))
MOST_FORMER = 4
UNKNOWN = "unknown"
COURSE, STATION, LECTURER, SCORE = "course", "station", "lecturer", "score"
DIMENSIONS = (COURSE, STATION, LECTURER, SCORE)
"""By what re-offence is told apart."""
FORMER, AGE, KIND, WORK = "former", "age", "kind", "work"
FACTORS = (FORMER, AGE, KIND, WORK)
"""What riders are made alike in, in the order of its weight."""
FACTOR_NAMES: Mapping[str, Message] = {
    COURSE: message("Course"),
    STATION: message("Station"),
    LECTURER: message("Instructor"),
    SCORE: message("Quiz score"),
    FORMER: message("Offences in the year before"),
    AGE: message("Age"),
    KIND: message("Kind of violation"),
    WORK: message("Purpose of riding"),
}
LEVEL_NAMES: Mapping[str, Mapping[str, Message]] = {
    AGE: {
        "24": message("under 25 years"),
        "34": message("25 to 34 years"),
        "44": message("35 to 44 years"),
        "59": message("45 to 59 years"),
        "60": message("60 years and older"),
        UNKNOWN: message("age not known"),
    },
    SCORE: {
        "79": message("under 80 points"),
        "89": message("80 to 89 points"),
        "90": message("90 points and more"),
        UNKNOWN: message("no quiz"),
    },
    FORMER: {
        "0": message("none in the year before"),
        "1": message("one offence in the year"),
        "2": message("two offences in the year"),
        "3": message("three offences in the year"),
        "4": message("four offences and more in the year"),
    },
    WORK: {"company": message("delivers for a company"), "private": message("rides privately")},
}
"""FACTOR -> LEVEL -> its name; courses, stations, instructors and kinds have their own."""


@dataclass(frozen=True)
class Watched:
    """For how many days somebody was watched, and whether that ended with another offence."""

    days: int
    again: bool


def age_level(born: date | None, day: date) -> str:
    """Return the group of ages of somebody on a day."""
    if born is None:
        return UNKNOWN
    years = day.year - born.year - ((day.month, day.day) < (born.month, born.day))
    return next((level for below, level in AGES if years < below), "60")


def score_level(score: int | None) -> str:
    """Return the group of scores."""
    if score is None:
        return UNKNOWN
    return next((level for below, level in SCORES if score < below), "90")


def former_level(offences: Sequence[date], day: date) -> str:
    """Return on how many days of the year up to ``day`` (included) somebody offended: several of one stop are one."""
    return str(min(MOST_FORMER, len({one for one in offences if day - YEAR < one <= day})))


def watched(offences: Sequence[date], start: date, through: date, days: int) -> Watched | None:
    """Return how long somebody was watched from the day after ``start``, ``days`` at most; None where not at all.

    ``through`` is the last day of which records are in. The first offence in these days ends it.
    """
    over = min(through, start + timedelta(days=days))
    first = min((one for one in offences if start < one <= over), default=None)
    if first is not None:
        return Watched((first - start).days, again=True)
    return Watched((over - start).days, again=False) if over > start else None


AT_MINIMUM, NO_QUIZ, BY_HAND = "at_minimum", "no_quiz", "by_hand"
SHARED_PHONE, BY_EXCEPTION, TAKEN_BACK = "shared_phone", "by_exception", "taken_back"
MEASURE_NAMES: Mapping[str, Message] = {
    AT_MINIMUM: message("Sessions in which most riders studied the bare minimum of every part"),
    NO_QUIZ: message("Studies signed off without a quiz score"),
    BY_HAND: message("Quiz scores entered by hand"),
    SHARED_PHONE: message("Riders who checked in by a phone that other riders used too"),
    BY_EXCEPTION: message("Sign-offs by exception"),
    TAKEN_BACK: message("Sign-offs that were taken back"),
}
"""What may stand out of what somebody signs."""
BY_SESSION = frozenset({AT_MINIMUM})
"""Of these the cases are sessions, of the others studies."""
