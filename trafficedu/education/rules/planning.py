"""When a session may be planned, and on which days a series falls. Pure; the figures and the calendar are handed in."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from trafficedu.core.errors import Refusal
from trafficedu.core.states import Word
from trafficedu.core.text import Message, message

MOST_WEEKS_BETWEEN = 8
MAKE_UP_WITHIN = 10
"""Days around a public holiday in which the workday that makes up for it is looked for."""
MOST_DAYS = 400
"""Days of a series that are worked out at most; the days ahead that may be planned end earlier."""


@dataclass(frozen=True)
class Limits:
    """Until how many days ahead sessions are planned, and between which hours of the station's day."""

    days_ahead: int
    opens_hour: int
    closes_hour: int

    def last_day(self, today: date) -> date:
        """Return the last day for which sessions may be planned."""
        return today + timedelta(days=self.days_ahead)


def require_plausible(starts: datetime, ends: datetime, now: datetime, limits: Limits) -> None:
    """Refuse a session that nobody can mean: in the past, too far ahead, outside the station's hours.

    Parameters
    ----------
    starts, ends, now
        Aware, on the district's clock; the hours are asked on that clock, so a session over midnight is refused too.

    Raises
    ------
    Refusal
        At field ``starts_utc``; it names the day, the hour and what is allowed.
    """
    said = f"{starts:%Y-%m-%d %H:%M}"
    if starts <= now:
        text = message("The session would begin at %(at)s, which is over. Sessions must begin in the future.", at=said)
        raise Refusal(text, field="starts_utc")
    last = limits.last_day(now.date())
    if starts.date() > last:
        text = message(
            "The session would begin at %(at)s. Sessions are planned until %(last)s at the latest. Check the year.",
            at=said,
            last=last.isoformat(),
        )
        raise Refusal(text, field="starts_utc")
    if not _is_open(starts, ends, limits):
        text = message(
            "The session would last from %(begins)s to %(ends)s. The station is open from %(opens)s to %(closes)s.",
            begins=f"{starts:%H:%M}",
            ends=f"{ends:%H:%M}",
            opens=f"{limits.opens_hour:02}:00",
            closes=f"{limits.closes_hour:02}:00",
        )
        raise Refusal(text, field="starts_utc")


def _is_open(starts: datetime, ends: datetime, limits: Limits) -> bool:
    midnight = datetime.combine(starts.date(), time(), starts.tzinfo)
    opens, closes = (midnight + timedelta(hours=hour) for hour in (limits.opens_hour, limits.closes_hour))
    return opens <= starts and ends <= closes


class DayKind(Word):
    """What the official calendar says of a day on which a session would fall."""

    USUAL = "usual", message("usual day")
    HOLIDAY = "holiday", message("public holiday"), "problem"
    MAKE_UP = "make_up", message("make-up workday"), "open"
    UNKNOWN = "unknown", message("calendar not published yet")


@dataclass(frozen=True)
class PlannedDay:
    """One day of a series: what it is by the calendar, whether it is taken, and why it cannot be."""

    day: date
    kind: DayKind
    taken: bool
    conflict: Message | None = None

    @property
    def collides(self) -> bool:
        """Whether it would be planned and cannot be."""
        return self.taken and self.conflict is not None


@dataclass(frozen=True)
class Rhythm:
    """From which day until which, and every how many weeks."""

    first: date
    until: date
    every_weeks: int = 1

    def days(self) -> list[date]:
        """Return the days, the first included, ``until`` included."""
        step = timedelta(weeks=max(1, self.every_weeks))
        count = min((self.until - self.first) // step + 1, MOST_DAYS) if self.until >= self.first else 0
        return [self.first + step * place for place in range(count)]


def series_days(rhythm: Rhythm, kind_of: Callable[[date], DayKind]) -> list[tuple[date, DayKind]]:
    """Return the days of a series in order, public holidays among them, with the workdays that make up for these.

    A session of a Monday to Friday that falls on a public holiday is made up for on the nearest Saturday or Sunday that
    is worked by the official calendar, at most ``MAKE_UP_WITHIN`` days away and within the period; each of these days
    once.
    """
    days = rhythm.days()
    found = {day: kind_of(day) for day in days}
    for day in days:
        if found[day] is DayKind.HOLIDAY and day.weekday() < 5:
            near = (day + timedelta(days=away * side) for away in range(1, MAKE_UP_WITHIN + 1) for side in (-1, 1))
            within = (one for one in near if rhythm.first <= one <= rhythm.until and one not in found)
            made_up = next((one for one in within if kind_of(one) is DayKind.MAKE_UP), None)
            if made_up is not None:
                found[made_up] = DayKind.MAKE_UP
    return sorted(found.items())


def taken_days(days: Sequence[tuple[date, DayKind]], chosen: Collection[date] | None) -> list[tuple[date, bool]]:
    """Return for each day whether it is planned: as it was chosen, else every day but public holidays."""
    if chosen is None:
        return [(day, kind is not DayKind.HOLIDAY) for day, kind in days]
    return [(day, day in chosen) for day, _ in days]


class Extent(Word):
    """How far a change of a session of a series goes."""

    ONE = "one", message("This session only")
    FOLLOWING = "following", message("This session and those after it")
    ALL = "all", message("All sessions of the series still to come")


class RidersChoice(Word):
    """What becomes of the riders of a session that is moved to another time."""

    KEEP = "keep", message("They keep their seats and are told the new time")
    CHOOSE = "choose", message("They keep their seats and are told until when they may choose another one")
    MOVE = "move", message("They get the next seat in another session where there is one")


def moved(starts: datetime, by_days: int, at: time) -> datetime:
    """Return when a session begins that moves by days to another hour of the district's clock."""
    return datetime.combine(starts.date() + timedelta(days=by_days), at, starts.tzinfo)
