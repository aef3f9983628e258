"""Days, months and moments as people in China write them, in text or in a spreadsheet's cell. Knows no file.

The year comes first: ``2026-3-1``, ``2026/3/1``, ``2026.3.1``, ``2026年3月1日``, ``20260301``. A time of day follows:
``8:05``, ``08:05:30``, ``8时5分``, ``8点半``, ``下午3:05``, or RFC 3339 with its offset; a day alone, or one with
``时间不详`` behind it, is one of which nobody knows the hour. A number is the day a spreadsheet counts, a whole one a
day alone. What can be read in two ways is refused.
"""

from __future__ import annotations

import re
import unicodedata
from datetime import UTC, date, datetime, time, timedelta
from typing import NamedTuple

from trafficedu.core.clock import from_local, local, local_date
from trafficedu.core.errors import Refusal
from trafficedu.core.month import Month
from trafficedu.core.text import Message, message

FIRST_SERIAL, LAST_SERIAL = 36_526, 73_050
"""Days 2000-01-01 and 2099-12-31 as spreadsheets count them; another number is no day."""
COUNTED_FROM, COUNTED_FROM_1904 = date(1899, 12, 30), date(1904, 1, 1)

ISO = re.compile(r"\d{4}-\d\d-\d\d[T ](?!24)\d\d:\d\d.*", re.ASCII)
DAY = re.compile(
    r"(?P<year>\d{4})(?:\s*[-/.]\s*(?P<month>\d{1,2})\s*[-/.]\s*(?P<day>\d{1,2})(?!\d)"
    r"|\s*年\s*(?P<month_zh>\d{1,2})\s*月\s*(?P<day_zh>\d{1,2})\s*[日号]?"
    r"|(?P<month_8>\d\d)(?P<day_8>\d\d)(?!\d))",
    re.ASCII,
)
WEEKDAY = re.compile(r"[(（]?(?:星期|周|礼拜)[一二三四五六日天][)）]?")
HALF_OF_DAY = re.compile(r"(凌晨|清晨|早上|早晨|上午|中午|下午|傍晚|晚上|夜间|[ap]\.?m\.?)", re.IGNORECASE)
CLOCK = re.compile(r"(\d{1,2}):(\d{1,2})(?::(\d{1,2})(?:\.\d+)?)?", re.ASCII)
CLOCK_ZH = re.compile(r"(\d{1,2})[时点](?:(半)|(?:(\d{1,2})分?(?:(\d{1,2})秒)?)?)整?", re.ASCII)
CLOCK_4 = re.compile(r"(\d\d)(\d\d)", re.ASCII)
BEFORE_NOON = frozenset({"凌晨", "清晨", "早上", "早晨", "上午", "am"})
SERIAL = re.compile(r"\d{5}(\.\d+)?", re.ASCII)
OFFSET = re.compile(r"(.*?)\s*([Zz]|[+-]\d\d:?\d\d)?", re.ASCII)
YEAR_LAST = re.compile(r"\d{1,2}[-/.]\d{1,2}[-/.](\d{2}|\d{4})(?!\d).*", re.ASCII)
MONTH = re.compile(r"(\d{4})(?:\s*[-/.]\s*(\d{1,2})|(\d\d)|\s*年\s*(\d{1,2})\s*月份?)", re.ASCII)

NO_HOUR = re.compile(
    r"[(（,，;；]?\s*(?:(?:具体)?时间|时刻|钟点)?(?:不详|不明|未知)[)）]?"
    r"|[(（,，;；]?\s*(?:(?:time|hour) )?(?:not known|unknown)[)）]?",
    re.IGNORECASE,
)
"""What people write behind a day of which they do not know the hour."""

NO_DAY = message("Write the date like 2026-11-03.")
NO_MOMENT = message("Write the date and time like 2026-11-23 21:05.")
NO_MONTH = message("Write the month like 2026-11.")
WHICH_IS_WHICH = message(
    "It cannot be told which is the day and which the month. Write the year first, as in 2026-11-03."
)
TIME_ONLY = message("This cell holds a time without a day. Write both, as in 2026-11-23 21:05.")
MIDNIGHT = message("There is no 24:00. Midnight belongs to the day that begins: write 00:00 of the next day.")
NO_SUCH_HOUR = message("An hour lies between 0 and 23.")
NO_SUCH_MINUTE = message("Minutes and seconds lie between 0 and 59.")
NO_SUCH_DAY = message("There is no such day in the calendar.")
OTHER_HALF = message("The hour and the half of the day contradict each other. Write the time like 21:05.")
ONE_OR_TEN = message("It cannot be told whether this is January or October. Write the month like 2026-01 or 2026-10.")


class Moment(NamedTuple):
    """When something happened: a moment in UTC; where nobody knows the hour, the beginning of the day in Shanghai."""

    utc: datetime
    hour_known: bool = True

    @classmethod
    def of_day(cls, day: date) -> Moment:
        """Return a day of which the hour is not known."""
        return cls(from_local(datetime.combine(day, time())), hour_known=False)

    @classmethod
    def of(cls, at: datetime | date) -> Moment:
        """Return a moment, or a day of which the hour is not known: the reverse of :attr:`at`."""
        return cls(at) if isinstance(at, datetime) else cls.of_day(at)

    @classmethod
    def parse(cls, text: str) -> Moment:
        """Return what :meth:`isoformat` wrote."""
        return cls.of(date.fromisoformat(text) if len(text) == len("2026-03-01") else datetime.fromisoformat(text))

    @property
    def day(self) -> date:
        """The day in Shanghai."""
        return local_date(self.utc)

    @property
    def at(self) -> datetime | date:
        """The moment, or the day alone: what a file that is read again and the facts of a paper hold."""
        return self.utc if self.hour_known else self.day

    def isoformat(self) -> str:
        """Return the moment, or the day alone, in ISO 8601."""
        return self.at.isoformat()

    @property
    def told(self) -> Message | str:
        """What it reads like, to the minute: ``2026-03-01 08:05``; of a day alone, that the time is not known."""
        if self.hour_known:
            return local(self.utc).strftime("%Y-%m-%d %H:%M")
        return message("%(day)s, time not known", day=self.day.isoformat())


class Serial1904(float):
    """A number of a workbook that counts its days from 1904."""

    __slots__ = ()


def read_moment(cell: object) -> Moment:
    """Return a moment, or a day of which the hour is unknown."""
    if isinstance(cell, str) and ISO.fullmatch(cell):
        try:
            return Moment(_in_utc(datetime.fromisoformat(cell)))
        except (ValueError, OverflowError):
            pass  # said more precisely below
    try:
        return _moment_of(cell)
    except (ValueError, OverflowError) as error:  # the very edge of the calendar
        raise Refusal(NO_SUCH_DAY) from error


def read_day(cell: object) -> date:
    """Return a day; of a moment, the day it falls on in Shanghai."""
    if cell is None or cell == "":
        raise Refusal(NO_DAY)
    try:
        return local_date(read_moment(cell).utc)
    except OverflowError as error:
        raise Refusal(NO_SUCH_DAY) from error
    except Refusal as error:
        raise Refusal(NO_DAY if error.text == NO_MOMENT else error.text) from error


def read_month(cell: object) -> Month:
    """Return a month, written as such or as any of its days."""
    written = _folded(cell) if isinstance(cell, str | int | float) and not isinstance(cell, bool) else ""
    found = MONTH.fullmatch(written)
    if found is None:
        try:
            return Month.of(read_day(cell))
        except Refusal as error:
            raise Refusal(NO_MONTH if error.text == NO_DAY else error.text) from error
    number = found[2] or found[3] or found[4]
    if number == "1" and "." in written:  # 2026.10 in a number cell ends as 2026.1
        raise Refusal(ONE_OR_TEN)
    try:
        return Month(int(found[1]), int(number))
    except ValueError as error:
        raise Refusal(NO_MONTH) from error


def _in_utc(when: datetime) -> datetime:
    return when.astimezone(UTC) if when.tzinfo else from_local(when)


def _moment_of(cell: object) -> Moment:
    if isinstance(cell, datetime):
        return Moment(_in_utc(cell))
    if isinstance(cell, date):
        return Moment.of_day(cell)
    if isinstance(cell, time | timedelta):
        raise Refusal(TIME_ONLY)
    if isinstance(cell, int | float) and not isinstance(cell, bool):
        if len(str(cell)) >= 8 and float(cell).is_integer():
            return _written(str(int(cell)))  # 20260301 typed into a cell
        return _counted(float(cell), isinstance(cell, Serial1904))
    if not isinstance(cell, str):
        raise Refusal(NO_MOMENT)
    return _written(_folded(cell))


def _counted(days: float, since_1904: bool) -> Moment:
    """Return what a spreadsheet counts as so many days, to the nearest second."""
    if since_1904:
        days += (COUNTED_FROM_1904 - COUNTED_FROM).days
    if not FIRST_SERIAL <= days < LAST_SERIAL + 1:
        raise Refusal(NO_MOMENT)
    whole = int(days)
    day = COUNTED_FROM + timedelta(days=whole)
    if days == whole:
        return Moment.of_day(day)
    seconds = round((days - whole) * 86_400)
    return Moment(from_local(datetime.combine(day, time()) + timedelta(seconds=seconds)))


def _folded(cell: object) -> str:
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    return unicodedata.normalize("NFKC", str(cell)).strip()


def _written(text: str) -> Moment:
    if SERIAL.fullmatch(text):
        return _counted(float(text), since_1904=False)
    found = DAY.match(text)
    if found is None:
        raise Refusal(WHICH_IS_WHICH if YEAR_LAST.fullmatch(text) else _why_no_day(text))
    parts = {name.partition("_")[0]: int(value) for name, value in found.groupdict().items() if value}
    try:
        day = date(**parts)
    except ValueError as error:
        raise Refusal(NO_SUCH_DAY) from error
    rest = WEEKDAY.sub("", text[found.end() :]).strip()
    if not rest or NO_HOUR.fullmatch(rest):
        return Moment.of_day(day)
    if rest[0] == "T" or (rest[-1] in "Zz" or re.search(r"[+-]\d\d:?\d\d$", rest)):
        return _with_offset(day, rest.removeprefix("T"))
    return Moment(from_local(datetime.combine(day, _time_of_day(rest))))


def _why_no_day(text: str) -> Message:
    return TIME_ONLY if CLOCK.fullmatch(text) or CLOCK_ZH.fullmatch(text) else NO_MOMENT


def _with_offset(day: date, text: str) -> Moment:
    """Return a moment written as RFC 3339 has it, its day perhaps without leading zeros."""
    found = OFFSET.fullmatch(text)
    if found is None:
        raise Refusal(NO_MOMENT)
    at = datetime.combine(day, _time_of_day(found[1])).isoformat()
    return Moment(_in_utc(datetime.fromisoformat(at + (found[2] or "").upper())))


def _time_of_day(text: str) -> time:
    half = HALF_OF_DAY.search(text)
    clock = HALF_OF_DAY.sub("", text).strip()
    found = CLOCK.fullmatch(clock) or CLOCK_ZH.fullmatch(clock) or CLOCK_4.fullmatch(clock)
    if found is None:
        raise Refusal(NO_MOMENT)
    hour, *rest = found.groups()
    minute, second = _rest_of_clock(rest)
    hour = _in_half(int(hour), half[1].lower().replace(".", "") if half else "")
    if hour == 24 and minute == second == 0:
        raise Refusal(MIDNIGHT)
    if hour > 23:
        raise Refusal(NO_SUCH_HOUR)
    if minute > 59 or second > 59:
        raise Refusal(NO_SUCH_MINUTE)
    return time(hour, minute, second)


def _rest_of_clock(rest: list[str | None]) -> tuple[int, int]:
    if rest and rest[0] == "半":
        return 30, 0
    numbers = [int(value) for value in rest if value is not None]
    minute, second = (*numbers, 0, 0)[:2]
    return minute, second


def _in_half(hour: int, half: str) -> int:
    """Return the hour of the day: after noon the hours count from one again, unless they were counted on."""
    if not half:
        return hour
    if half in BEFORE_NOON:
        if hour > 12:
            raise Refusal(OTHER_HALF)
        return 0 if hour == 12 and half in {"凌晨", "am", "上午"} else hour
    if half in {"晚上", "夜间"} and (hour == 12 or hour < 5):  # the night after which day?
        raise Refusal(OTHER_HALF)
    if half == "中午":
        return hour + 12 if hour < 3 else hour
    return hour + 12 if hour < 12 else hour
