"""Reads of corrections that officers ask for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Select, select
from sqlalchemy.orm import Session, contains_eager

from trafficedu.areas.models import Area
from trafficedu.areas.queries.tree import of_post
from trafficedu.core import numbers
from trafficedu.core.actors import Actor
from trafficedu.core.errors import Missing
from trafficedu.core.listing import Column, Listing
from trafficedu.core.loading import loaded
from trafficedu.core.narrowing import Narrowing
from trafficedu.core.orm import among
from trafficedu.core.text import Message, message
from trafficedu.violations.models.decisions import CorrectionRequest
from trafficedu.violations.models.records import Violation, ViolationKind
from trafficedu.violations.queries.scope import visible_to
from trafficedu.violations.rules.states import CorrectedField, RequestState

OPEN = Narrowing[None](
    lambda _chosen: [among(CorrectionRequest.state, RequestState.OPEN)], [of_post(CorrectionRequest.area_id)]
)
VOID = message("Void the record")


def _with_record(query: Select[tuple[CorrectionRequest]]) -> Select[tuple[CorrectionRequest]]:
    record = contains_eager(CorrectionRequest.violation)
    return query.options(
        record, record.options(loaded(Violation.kind), loaded(Violation.area)), loaded(CorrectionRequest.asked_by)
    )


def _waiting(by: Actor, _chosen: None) -> Select[tuple[CorrectionRequest]]:
    query = select(CorrectionRequest).join(CorrectionRequest.violation)
    return _with_record(query.where(*OPEN.conditions(None), visible_to(by)))


REQUESTS: Listing[CorrectionRequest, None] = Listing(
    _waiting,
    [
        Column("asked", message("Asked"), value=lambda row: row.asked_utc),
        Column("number", message("Number"), value=lambda row: row.violation.number),
        Column("by", message("Asked by"), value=lambda row: row.asked_by.display_name),
        Column("wanted", message("What is asked for"), value=lambda row: wanted_of(row)),
        Column("area", message("Village"), value=lambda row: row.violation.area.name),
    ],
    order=[CorrectionRequest.asked_utc.expression, CorrectionRequest.id.expression],
    reach=OPEN.reach,
)
"""The corrections that wait for a supervisor, those asked first before the others."""


def wanted_of(asked: CorrectionRequest) -> list[Message]:
    """Return what is asked for: the fields that should be another, or that the record is voided."""
    return [field.label for field in CorrectedField if field in asked.changes] or [VOID]


def find_request(session: Session, number: str, by: Actor) -> CorrectionRequest:
    """Return the correction of a record that ``by`` may see, the one that waits or the last; raise Missing."""
    query = (
        select(CorrectionRequest)
        .join(CorrectionRequest.violation)
        .where(Violation.number == numbers.normalise(number), visible_to(by))
        .order_by(CorrectionRequest.id.desc())
        .limit(1)
    )
    asked = session.scalar(_with_record(query))
    if asked is None:
        raise Missing(message("No correction of this record was asked for."))
    return asked


def find_open(session: Session, violation_id: int) -> CorrectionRequest | None:
    """Return the correction of a record that waits for a decision, or None."""
    waits = among(CorrectionRequest.state, RequestState.OPEN)
    return session.scalar(select(CorrectionRequest).where(CorrectionRequest.violation_id == violation_id, waits))


def list_requests_of(session: Session, violation_id: int) -> Sequence[CorrectionRequest]:
    """Return every correction of a record that was asked for, the first first."""
    query = select(CorrectionRequest).where(CorrectionRequest.violation_id == violation_id)
    people = (loaded(CorrectionRequest.asked_by), loaded(CorrectionRequest.decided_by))
    return session.scalars(query.options(*people).order_by(CorrectionRequest.id)).all()


@dataclass(frozen=True)
class Wanted:
    """One field of a record as it is, and as it should be."""

    field: Message
    now: Message | str
    then: Message | str


def list_wanted(session: Session, asked: CorrectionRequest, locale: str) -> list[Wanted]:
    """Return what is asked for, field by field, beside what the record says now; nothing where it should be voided."""
    record = asked.violation
    now: dict[CorrectedField, Message | str] = {
        CorrectedField.KIND: record.kind.name(locale),
        CorrectedField.OCCURRED: record.occurred.told,
        CorrectedField.AREA: record.area.name,
        CorrectedField.PLACE: record.place,
        CorrectedField.PENALTY: record.penalty.label,
        CorrectedField.FINE: _yuan(record.fine_yuan),
        CorrectedField.NOTE: record.note,
    }
    then: dict[CorrectedField, Message | str] = {
        CorrectedField.KIND: _kind(session, asked, locale),
        CorrectedField.OCCURRED: asked.occurred.told,
        CorrectedField.AREA: session.scalar(select(Area.name).where(Area.code == asked.village_code)) or "",
        CorrectedField.PLACE: asked.place,
        CorrectedField.PENALTY: asked.penalty.label,
        CorrectedField.FINE: _yuan(asked.fine_yuan),
        CorrectedField.NOTE: asked.note,
    }
    nothing = message("(empty)")
    return [
        Wanted(field.label, now[field] or nothing, then[field] or nothing)
        for field in CorrectedField
        if field in asked.changes
    ]


def _yuan(fine: int | None) -> str:
    return "" if fine is None else str(fine)


def _kind(session: Session, asked: CorrectionRequest, locale: str) -> str:
    """Return what the kind is called that is asked for, in its latest version."""
    query = select(ViolationKind).where(ViolationKind.code == asked.kind_code).order_by(ViolationKind.valid_from.desc())
    kind = session.scalar(query.limit(1))
    return asked.kind_code if kind is None else kind.name(locale)
