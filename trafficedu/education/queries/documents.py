"""What certificates and rosters say, gathered for ``reports``."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from trafficedu.core.clock import local, local_date
from trafficedu.core.errors import Missing
from trafficedu.core.text import Message, message
from trafficedu.education.models.courses import StudySession
from trafficedu.education.models.tasks import Attendance, Booking, Certificate
from trafficedu.education.queries.sessions import list_roster
from trafficedu.issued.queries.documents import Line
from trafficedu.issued.rules import DocumentKind
from trafficedu.issued.services.issuing import NewDocument
from trafficedu.reports.certificate import CertificateData, StudyModule
from trafficedu.reports.proof import Proof
from trafficedu.reports.roster import RosterData, RosterRow
from trafficedu.riders.queries.people import describe
from trafficedu.riders.rules import mask_name

EXCEPTION = message("Signed off by exception: not everything the course asks for was studied.")
"""What a certificate must not be read without where something was missing."""


def certificate_paper(session: Session, certificate: Certificate, locale: str, proof: Proof) -> CertificateData:
    """Return what a certificate says in ``locale``; ``proof`` says where it proves itself.

    The minutes are those that count; a module that an override passed over is left out.
    """
    attendance = certificate.attendance
    if attendance is None or attendance.signer is None:
        raise Missing(message("This certificate has no matching study task."))
    study, task = attendance.booking.session, certificate.task
    names = {module.id: module.name(locale) for module in study.plan.modules}
    ended = [record for record in attendance.modules if record.minutes is not None]
    return CertificateData(
        number=proof.number,
        district=study.station.area.district.name,
        rider_name=task.rider.name,
        masked_id=describe(session, task.rider).id_masked,
        courses=(study.plan.name(locale),),
        station=study.station.name,
        studied_from=study.starts_on,
        studied_to=local_date(attendance.signed_off_utc or certificate.issued_utc),
        modules=tuple(
            StudyModule(names[record.module_id], record.minutes or 0, record.online_minutes)
            for record in sorted(ended, key=lambda record: record.started_utc)
        ),
        quiz_score=attendance.quiz_score,
        signer=attendance.signer.display_name,
        issued_on=proof.issued_on,
        verify_url=proof.address,
        by_exception=bool(attendance.override_reason),
    )


def _marks(attendance: Attendance | None) -> tuple[Message, ...]:
    """Return what a certificate is marked with: the exception, and who granted it; why is nobody's business."""
    if attendance is None or not attendance.override_reason:
        return ()
    if attendance.granter is None:
        return (EXCEPTION,)
    name = attendance.granter.display_name
    return (message("Signed off by exception, granted by %(name)s: not everything was studied.", name=name),)


def certificate_document(session: Session, certificate: Certificate) -> NewDocument:
    """Return what the certificate of a completed study is issued with, as the records are now."""
    attendance, task = certificate.attendance, certificate.task
    study = attendance.booking.session if attendance is not None else None
    course, station = (study.course, study.station.name) if study is not None else (task.course, "")
    name, district = mask_name(task.rider.name), task.area.district.name
    return NewDocument(
        kind=DocumentKind.CERTIFICATE,
        subject=certificate.number,
        paper=lambda locale, proof: certificate_paper(session, certificate, locale, proof),
        shown=(
            Line(message("Name"), name, name),
            Line(message("Course"), course.name_zh, course.name_en),
            Line(message("Station"), station, station),
            Line(message("Issuing authority"), district, district),
        ),
        marks=_marks(attendance),
        area_id=task.area_id,
        station_id=study.station_id if study is not None else None,
    )


def roster_paper(session: Session, study: StudySession, locale: str, now: datetime) -> RosterData:
    """Return a session's roster as it stands: names, masked documents, what is studied already."""
    modules = tuple(StudyModule(module.name(locale), module.minimum_minutes) for module in study.plan.modules)
    return RosterData(
        number=study.number,
        district=study.station.area.district.name,
        station=study.station.name,
        address=study.station.address,
        course=study.course.name(locale),
        modules=modules,
        starts_at=local(study.starts_utc),
        ends_at=local(study.ends_utc),
        capacity=study.capacity,
        instructor=study.lecturer,
        rows=tuple(_row(session, booking) for booking in list_roster(session, study.id)),
        printed_at=local(now),
    )


def _row(session: Session, booking: Booking) -> RosterRow:
    attendance, task = booking.attendance, booking.task
    records = attendance.modules if attendance else []
    studied = {record.module_id: record.minutes for record in records}
    online = {record.module_id: record.online_minutes for record in records}
    return RosterRow(
        rider_name=task.rider.name,
        masked_id=describe(session, task.rider).id_masked,
        company=task.company.name if task.company else "",
        checked_in_at=local(attendance.checked_in_utc) if attendance else None,
        module_minutes=tuple(studied.get(module.id) for module in booking.session.plan.modules),
        online_minutes=tuple(online.get(module.id, 0) for module in booking.session.plan.modules),
        quiz_score=attendance.quiz_score if attendance else None,
        score_by_hand=bool(attendance and attendance.quiz_by_hand),
    )


def roster_document(session: Session, study: StudySession, now: datetime) -> NewDocument:
    """Return what the signed roster of a session is issued with, as the records are now."""
    course, station, district = study.course, study.station.name, study.station.area.district.name
    day, signed = study.starts_on.isoformat(), str(sum(_is_signed(one) for one in list_roster(session, study.id)))
    return NewDocument(
        kind=DocumentKind.ROSTER,
        subject=study.number,
        paper=lambda locale, _proof: roster_paper(session, study, locale, now),
        shown=(
            Line(message("Session"), study.number, study.number),
            Line(message("Course"), course.name_zh, course.name_en),
            Line(message("Station"), station, station),
            Line(message("Day"), day, day),
            Line(message("Riders signed off"), signed, signed),
            Line(message("Issuing authority"), district, district),
        ),
        area_id=study.station.area_id,
        station_id=study.station_id,
    )


def _is_signed(booking: Booking) -> bool:
    return booking.attendance is not None and booking.attendance.signed_off_utc is not None
