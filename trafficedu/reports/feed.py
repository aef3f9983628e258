"""Sessions as an iCalendar file (RFC 5545), for the calendar programs of those who hold them. Names no rider."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True)
class FeedEntry:
    """One session of a feed; ``uid`` and ``revision`` are how a calendar program knows it again, and its changes."""

    uid: str
    revision: int
    starts_utc: datetime
    ends_utc: datetime
    title: str
    place: str
    details: str
    cancelled: bool
    url: str = ""


def render_feed(name: str, entries: Sequence[FeedEntry], as_of: datetime) -> bytes:
    """Return the file of a feed.

    ``as_of`` is what each entry says of when it was written: the beginning of a day, so that the file of a day in which
    nothing changed is the same to the byte.
    """
    from icalendar import Calendar, Event  # noqa: PLC0415 - its tables load only where a calendar is made

    calendar = Calendar()
    calendar.add("prodid", "-//trafficedu//sessions//ZH")
    calendar.add("version", "2.0")
    calendar.add("method", "PUBLISH")
    calendar.add("x-wr-calname", name)
    calendar.add("x-wr-timezone", "Asia/Shanghai")
    for entry in entries:
        event = Event()
        event.add("uid", entry.uid)
        event.add("sequence", entry.revision)
        event.add("dtstamp", as_of)
        event.add("dtstart", entry.starts_utc)
        event.add("dtend", entry.ends_utc)
        event.add("summary", entry.title)
        event.add("location", entry.place)
        event.add("description", entry.details)
        event.add("status", "CANCELLED" if entry.cancelled else "CONFIRMED")
        if entry.url:
            event.add("url", entry.url)
        calendar.add_component(event)
    return bytes(calendar.to_ical())
