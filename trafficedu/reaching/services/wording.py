"""The words of a message, by how things stand when it is sent; None where there is nothing more to say."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from trafficedu.core.clock import local
from trafficedu.core.errors import Refusal
from trafficedu.core.services import services_of
from trafficedu.core.text import Message, message, translate
from trafficedu.education.models.courses import StudySession
from trafficedu.education.models.tasks import Booking, StudyTask
from trafficedu.education.queries.certificates import certificate_of_task
from trafficedu.education.queries.seats import live_booking
from trafficedu.reaching.models import RiderMessage
from trafficedu.reaching.rules.telling import MessageKind

TITLE = message("Your traffic safety study")


def when(moment: datetime) -> str:
    """Return a moment as a message says it, in China time, with its year: it may be read weeks later."""
    return f"{local(moment):%Y-%m-%d %H:%M}"


def _place(study: StudySession, locale: str) -> str:
    """Return where a session is, and whom to ring up who cannot come."""
    place = f"{study.station.name} {study.station.address}".strip()
    if not study.station.phone:
        return place
    return translate(message("%(place)s (phone %(phone)s)", place=place, phone=study.station.phone), locale)


def begins(session: Session, row: RiderMessage) -> datetime | None:
    """Return when the session begins that a message is about, None where it is about none to come."""
    live = live_booking(session, row.task_id)
    return live.session.starts_utc if live is not None else row.was_utc


def text_of(session: Session, row: RiderMessage, locale: str, now: datetime) -> str | None:
    """Return the words of a message in ``locale``, None where it is no longer needed."""
    task = row.task
    if row.kind == MessageKind.CERTIFICATE:
        said = _certificate(session, task)
    elif row.kind in (MessageKind.CANCELLED, MessageKind.MISSED):
        said = _lost(session, row, task, locale, now)
    else:
        said = _seat(row, now, locale, own_page(session, task))
    return None if said is None else translate(said, locale) + _way_out(session, row, locale)


def own_page(session: Session, task: StudyTask) -> str | None:
    """Return where a rider reads the receipt and chooses, None where that address is not known or there is none."""
    if not task.links:
        return None
    try:
        return services_of(session).address(f"/n/{task.links[-1].violation.number}")
    except Refusal:
        return None


def _way_out(session: Session, row: RiderMessage, locale: str) -> str:
    """Say how to do without reminders, in a reminder: on the rider's own page, by its address where that is known."""
    if row.kind != MessageKind.DAY_BEFORE:
        return ""
    link = own_page(session, row.task)
    if link is None:
        return " " + translate(message("No reminders: on the page of your receipt."), locale)
    return " " + translate(message("No reminders: %(link)s", link=link), locale)


def _seat(row: RiderMessage, now: datetime, locale: str, link: str | None) -> Message | None:
    """Say which seat the rider has, or has now; nothing where it is another one by now, or begins."""
    booking = row.booking
    if booking is None or not booking.is_booked or booking.session.starts_utc <= now:
        return None
    study = booking.session
    given = {"when": when(study.starts_utc), "course": study.course.name(locale), "place": _place(study, locale)}
    if row.kind == MessageKind.MOVED and row.was_utc is not None and booking.choose_until_utc and booking.chooses(now):
        given |= {"was": when(row.was_utc), "until": when(booking.choose_until_utc)}
        if link is not None:
            return message(
                "Your study (%(course)s) was moved from %(was)s to %(when)s at %(place)s. Until %(until)s you may "
                "choose another session at %(link)s . If you do nothing, you keep this seat.",
                link=link,
                **given,
            )
        return message(
            "Your study (%(course)s) was moved from %(was)s to %(when)s at %(place)s. Until %(until)s you may choose "
            "another session, on the page of your receipt or by phone. If you do nothing, you keep this seat.",
            **given,
        )
    if row.kind == MessageKind.MOVED and row.was_utc is not None:
        return message(
            "Your study (%(course)s) was moved from %(was)s to %(when)s at %(place)s. Bring your identity document.",
            was=when(row.was_utc),
            **given,
        )
    if row.kind == MessageKind.DAY_BEFORE:
        return message(
            "Reminder: you study (%(course)s) on %(when)s at %(place)s. Bring your identity document.", **given
        )
    return message("You study (%(course)s) on %(when)s at %(place)s. Bring your identity document.", **given)


def _lost(session: Session, row: RiderMessage, task: StudyTask, locale: str, now: datetime) -> Message | None:
    """Say that a session is cancelled or was missed, and what follows."""
    booking = row.booking
    if booking is None or row.was_utc is None or _was_taken_back(row, booking):
        return None
    lost = {"was": when(row.was_utc), "course": booking.session.course.name(locale)}
    live = live_booking(session, task.id)
    cancelled = row.kind == MessageKind.CANCELLED
    if live is not None and live.session.starts_utc > now:
        lost |= {"when": when(live.session.starts_utc), "place": _place(live.session, locale)}
        if cancelled:
            return message(
                "The study of %(was)s (%(course)s) is cancelled. Your new seat: %(when)s at %(place)s.", **lost
            )
        return message(
            "You did not come to the study of %(was)s (%(course)s). Your new seat: %(when)s at %(place)s.", **lost
        )
    if cancelled:
        return message("The study of %(was)s (%(course)s) is cancelled. You are told when you have a new seat.", **lost)
    call = {"station": booking.session.station.name, "phone": booking.session.station.phone, **lost}
    if task.is_away and task.paused_until is not None:
        return message(
            "You did not come to the study of %(was)s (%(course)s) again. Call or visit %(station)s %(phone)s for a "
            "new seat: until %(until)s none is given by itself.",
            until=task.paused_until.isoformat(),
            **call,
        )
    if task.is_away:
        return message(
            "You did not come to the study of %(was)s (%(course)s) again. Call or visit %(station)s %(phone)s for a "
            "new seat: none is given by itself any more.",
            **call,
        )
    return message(
        "You did not come to the study of %(was)s (%(course)s). You are told when you have a new seat; questions: "
        "%(station)s %(phone)s.",
        **call,
    )


def _was_taken_back(row: RiderMessage, booking: Booking) -> bool:
    return row.kind == MessageKind.MISSED and not booking.is_absent


def _certificate(session: Session, task: StudyTask) -> Message | None:
    """Say that the study is completed, and where the certificate is read, where that address is known."""
    certificate = certificate_of_task(session, task.id)
    if certificate is None:
        return None
    try:
        link = services_of(session).address(f"/verify/{certificate.number}")
    except Refusal:
        return message("You completed your study. Certificate number: %(number)s.", number=certificate.number)
    return message("You completed your study. Certificate %(number)s: %(link)s", number=certificate.number, link=link)
