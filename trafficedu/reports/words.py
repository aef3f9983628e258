"""Dates, times, sums and minutes as a Chinese or English reader writes them. Knows no document."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from zoneinfo import ZoneInfo

from babel.dates import get_month_names

from trafficedu.core.month import Month
from trafficedu.core.text import Message, message, translate

PLACE_OF_THE_CLOCK = ZoneInfo("Asia/Shanghai")
MONTHS = get_month_names("wide", locale="en")


def day(when: date, locale: str) -> str:
    """Write a day in full: 2026年11月3日, 3 November 2026."""
    if locale == "zh":
        return f"{when.year}年{when.month}月{when.day}日"
    # A date never parts at the end of a line.
    return f"{when.day} {MONTHS[when.month]} {when.year}".replace(" ", "\N{NO-BREAK SPACE}")


def month(of: Month, locale: str) -> str:
    """Write a month in full: 2026年11月, November 2026."""
    if locale == "zh":
        return f"{of.year}年{of.number}月"
    return f"{MONTHS[of.number]}\N{NO-BREAK SPACE}{of.year}"


def moment(when: datetime, locale: str) -> str:
    """Write day and minute in Asia/Shanghai; a time without a zone is taken to be there already."""
    local = when.astimezone(PLACE_OF_THE_CLOCK) if when.tzinfo else when
    between = " " if locale == "zh" else ", "
    return f"{day(local, locale)}{between}{local:%H:%M}"


def occurred(at: datetime | date, locale: str) -> str:
    """Write when something happened: day and minute; of a day alone, that the time is not known."""
    if isinstance(at, datetime):
        return moment(at, locale)
    return translate(message("%(day)s, time not known", day=day(at, locale)), locale)


def clock(when: datetime) -> str:
    """Write the minute alone, 09:05, in Asia/Shanghai."""
    local = when.astimezone(PLACE_OF_THE_CLOCK) if when.tzinfo else when
    return f"{local:%H:%M}"


def days(first: date, last: date, locale: str) -> str:
    """Write a span of days, or the one day if both are the same."""
    if first == last:
        return day(first, locale)
    between = "至" if locale == "zh" else " to "
    return f"{day(first, locale)}{between}{day(last, locale)}"


def minutes(count: int) -> Message:
    """Say how long something takes; the unit is a symbol, so English needs no plural."""
    return message("%(count)s min", count=count)


def yuan(amount: int) -> Message:
    """Say a sum of money."""
    return message("%(amount)s yuan", amount=f"{amount:,}")


def listed(parts: tuple[str, ...], locale: str) -> str:
    """Join names the way the language lists them."""
    return ("、" if locale == "zh" else ", ").join(parts)


def shortest(names: Sequence[str], locale: str, most: int = 5) -> str:
    """Join the first of some names; dots stand for the others."""
    shown = listed(tuple(names[:most]), locale)
    return f"{shown}…" if len(names) > most else shown


def labelled(label: Message, locale: str) -> str:
    """Write a label that stands in one line with its value: the colon is full-width in Chinese."""
    return translate(label, locale) + ("：" if locale == "zh" else ": ")


def percentage(numerator: int, denominator: int) -> str:
    """Write a rate with both its parts, 86.7 % (1,204 / 1,388); a dash where nothing is in it."""
    share = f"{100 * numerator / denominator:.1f}\N{NO-BREAK SPACE}%" if denominator else "—"
    return f"{share} ({numerator:,} / {denominator:,})"


def count(value: int | None) -> str:
    """Write how many, a dash where that is not known."""
    return "—" if value is None else f"{value:,}"


def interval(low: float, high: float) -> str:
    """Write the limits of a share (0-1) in percent, 88.8–97.8 %."""
    return f"{100 * low:.1f}–{100 * high:.1f}\N{NO-BREAK SPACE}%"


def signed(value: float, places: int = 1) -> str:
    """Write a difference with its sign (a dash for a minus, which the font lacks); what rounds to nothing is ±0."""
    rounded = round(value, places)
    sign = "–" if rounded < 0 else "+" if rounded > 0 else "±"
    return f"{sign}{abs(rounded):,.{places}f}"
