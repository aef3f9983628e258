"""The report of a station's day: its sessions, who came, was absent, left or was signed off, what was exceptional."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from trafficedu.core.text import Message, message, translate
from trafficedu.reports import words
from trafficedu.reports.blocks import Flow
from trafficedu.reports.layout import A4, INK, SMALL, Page, Sheet, Style
from trafficedu.reports.letter import write_sayings, write_title
from trafficedu.reports.proof import PLAIN, Stamp
from trafficedu.reports.tables import Column, Look, draw_table

PAGE = Page(A4, margin=48, top=56, bottom=52)
NAME = message("Day's report of the station")
TEXT = Style(9, 14)


@dataclass(frozen=True)
class DayRider:
    """One rider of a session as the day ended; ``signed_by`` and ``certificate`` are "" for who was not signed off."""

    name: str
    masked_id: str
    state: Message
    minutes: int | None
    quiz_score: int | None
    signed_by: str
    certificate: str


@dataclass(frozen=True)
class DaySession:
    """One session of the day: its riders, and how many of them came, did not, left early, were signed off, are open."""

    number: str
    course: str
    starts_at: datetime
    ends_at: datetime
    lecturer: str
    booked: int
    came: int
    absent: int
    left: int
    signed: int
    open: int
    riders: Sequence[DayRider]


@dataclass(frozen=True)
class DayException:
    """What was signed off although something was missing, or a score entered by hand: of whom, why, by whom.

    ``granted_by`` is "" for a score, which nobody grants.
    """

    rider: str
    session: str
    reason: str
    proposed_by: str
    granted_by: str


@dataclass(frozen=True)
class DayMessages:
    """How many messages to riders of the day stand in one state."""

    state: Message
    count: int


@dataclass(frozen=True)
class StationDayData:
    """What the report of a station's day says."""

    district: str
    station: str
    address: str
    on_day: date
    sessions: Sequence[DaySession]
    exceptions: Sequence[DayException]
    messages: Sequence[DayMessages]
    printed_at: datetime


def render(data: StationDayData, locale: str, stamp: Stamp = PLAIN) -> bytes:
    """Set the report on A4, portrait."""
    title = f"{translate(NAME, locale)} {data.station} {words.day(data.on_day, locale)}"
    sheet = Sheet(PAGE, locale, title=title, author=data.district, footer=title, across=stamp.across)
    flow = Flow(sheet, _head(sheet, data, stamp), lambda: PAGE.top)
    if data.sessions:
        flow.heading(message("Sessions"), after=4)
        draw_table(flow, _session_columns(), [*data.sessions, _sum(data.sessions)], Look(smallest=7))
        flow.gap(14)
    else:
        flow.y = sheet.write(message("No session took place on this day."), flow.x, flow.y, flow.width, TEXT) + 14
    for one in data.sessions:
        if one.riders:
            starts = f"{words.clock(one.starts_at)}–{words.clock(one.ends_at)}"
            flow.heading(f"{starts}  {one.course}  {one.number}", after=4)
            draw_table(flow, _rider_columns(), one.riders, Look(smallest=7))
            flow.gap(14)
    _exceptions(flow, data)
    _messages(flow, data)
    _signatures(flow)
    return sheet.to_pdf()


def _head(sheet: Sheet, data: StationDayData, stamp: Stamp) -> float:
    title = f"{sheet.say(NAME)}  {words.day(data.on_day, sheet.locale)}"
    y, width = write_title(sheet, data.district, title, band=PAGE.top - 16, drop=12, stamp=stamp)
    x = PAGE.column(0, 12)[0]
    y = sheet.write(f"{data.station}  {data.address}".strip(), x, y, width, TEXT)
    printed = message("Printed %(when)s", when=words.moment(data.printed_at, sheet.locale))
    y = sheet.write(printed, x, y, width, SMALL)
    return write_sayings(sheet, stamp, x, y, width) + 20


def _sum(sessions: Sequence[DaySession]) -> DaySession:
    """Return the last line of the sessions, the sums of all; it has no number."""

    def added(name: str) -> int:
        return sum(int(getattr(one, name)) for one in sessions)

    first = sessions[0]
    counted = {name: added(name) for name in ("booked", "came", "absent", "left", "signed", "open")}
    return DaySession("", "", first.starts_at, first.ends_at, "", **counted, riders=())


def _session_columns() -> list[Column[DaySession]]:
    column = Column[DaySession]
    total = message("Total")
    return [
        column(message("Begins"), 1.2, lambda row: words.clock(row.starts_at) if row.number else total, strong=True),
        column(message("Course"), 2.6, lambda row: row.course),
        column(message("Lecturer"), 1.6, lambda row: row.lecturer),
        column(message("Riders booked"), 1, lambda row: str(row.booked), "right"),
        column(message("Came"), 1, lambda row: str(row.came), "right"),
        column(message("Absent"), 1, lambda row: str(row.absent), "right"),
        column(message("Left early"), 1.1, lambda row: str(row.left), "right"),
        column(message("Signed off"), 1.1, lambda row: str(row.signed), "right"),
        column(message("Still open"), 1, lambda row: str(row.open), "right"),
    ]


def _rider_columns() -> list[Column[DayRider]]:
    column = Column[DayRider]
    return [
        column(message("Name"), 1.7, lambda row: row.name, strong=True),
        column(message("Identity document"), 2.5, lambda row: row.masked_id),
        column(message("State"), 1.5, lambda row: row.state),
        column(message("Minutes"), 1, lambda row: "" if row.minutes is None else str(row.minutes), "right"),
        column(message("Score"), 0.9, lambda row: "" if row.quiz_score is None else str(row.quiz_score), "right"),
        column(message("Signed off by"), 1.6, lambda row: row.signed_by),
        column(message("Certificate"), 2, lambda row: row.certificate),
    ]


def _exceptions(flow: Flow, data: StationDayData) -> None:
    flow.heading(message("Exceptions: signed off with something missing, scores entered by hand"), after=4)
    if not data.exceptions:
        flow.y = flow.sheet.write(message("None."), flow.x, flow.y, flow.width, TEXT) + 10
        return
    column = Column[DayException]
    columns = [
        column(message("Name"), 1.5, lambda row: row.rider, strong=True),
        column(message("Session"), 1.8, lambda row: row.session),
        column(message("Reason"), 4, lambda row: row.reason),
        column(message("Proposed by"), 1.6, lambda row: row.proposed_by),
        column(message("Granted by"), 1.6, lambda row: row.granted_by),
    ]
    draw_table(flow, columns, data.exceptions, Look(smallest=7))
    flow.gap(14)


def _messages(flow: Flow, data: StationDayData) -> None:
    flow.heading(message("Messages to riders"), after=4)
    if not data.messages:
        flow.y = flow.sheet.write(message("None."), flow.x, flow.y, flow.width, TEXT) + 10
        return
    column = Column[DayMessages]
    columns = [
        column(message("State"), 4, lambda row: row.state),
        column(message("How many"), 1, lambda row: str(row.count), "right"),
    ]
    draw_table(flow, columns, data.messages, Look(smallest=7))
    flow.gap(14)


def _signatures(flow: Flow) -> None:
    """Leave a line each for whoever closed the day and for the head of the station."""
    flow.room(64)
    half = (flow.width - 24) / 2
    for place, label in enumerate((message("Clerk on duty, date"), message("Head of the station, date"))):
        x = flow.x + place * (half + 24)
        flow.sheet.rule(x, flow.y + 40, half, colour=INK)
        flow.sheet.write(label, x, flow.y + 42, half, SMALL)
    flow.gap(64)
