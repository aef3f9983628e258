"""Reads of the catalogue of kinds."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any, NamedTuple, NoReturn

from sqlalchemy import case, func, select
from sqlalchemy.orm import Session

from trafficedu.core.called import Called
from trafficedu.core.catalogue import called
from trafficedu.core.errors import Missing, Refusal, entered
from trafficedu.core.tables import table_of
from trafficedu.core.text import Message, message
from trafficedu.core.validity import Validity
from trafficedu.violations.models.records import Violation, ViolationKind


class KindRow(NamedTuple):
    """What is asked of a version of a kind when a violation is recorded, without the mapper."""

    id: int
    fine_min_yuan: int
    fine_max_yuan: int
    validity: Validity

    @classmethod
    def of(cls, row: Sequence[Any]) -> KindRow:
        """Return the version whose :data:`KIND_COLUMNS` are ``row``."""
        key, fine_min_yuan, fine_max_yuan, *days = row
        return cls(key, fine_min_yuan, fine_max_yuan, Validity(*days))


KIND_COLUMNS = tuple(
    table_of(ViolationKind).c[name] for name in ("id", "fine_min_yuan", "fine_max_yuan", "valid_from", "valid_to")
)


def list_kinds(session: Session, day: date | None = None) -> Sequence[ViolationKind]:
    """Return the kinds valid on ``day`` (all versions without one): large keys first, then by code and validity."""
    query = select(ViolationKind).order_by(
        case((ViolationKind.position.is_(None), 1), else_=0),
        ViolationKind.position,
        ViolationKind.code,
        ViolationKind.valid_from,
    )
    return session.scalars(query if day is None else query.where(ViolationKind.holds_on(day))).all()


def find_kind(session: Session, code: str) -> ViolationKind:
    """Return the latest version of a kind; raise Missing."""
    query = select(ViolationKind).where(ViolationKind.code == code).order_by(ViolationKind.valid_from.desc()).limit(1)
    kind = session.scalar(query)
    if kind is None:
        raise Missing(_unknown(code))
    return kind


def find_kind_on(session: Session, code: str, day: date) -> ViolationKind:
    """Return the version of a kind valid on ``day``; raise Refusal at ``kind``."""
    kind = session.scalar(select(ViolationKind).where(ViolationKind.code == code, ViolationKind.holds_on(day)).limit(1))
    return kind if kind is not None else refuse_kind(session, code, day)


def refuse_kind(session: Session, code: str, day: date) -> NoReturn:
    """Say why no version of a kind holds on ``day``: an unknown code, or other days."""
    with entered("kind", code):
        find_kind(session, code)
    raise _not_in_force(code, day)


class RememberedKinds:
    """:func:`find_kind_on` for the rows of a file: every version is read once."""

    def __init__(self, session: Session) -> None:
        self._versions: dict[str, list[KindRow]] = {}
        for code, *columns in session.execute(select(ViolationKind.code, *KIND_COLUMNS)):
            self._versions.setdefault(code, []).append(KindRow.of(columns))
        self._called = Called(self._versions, lambda: called(session, ViolationKind))

    def code_of(self, text: str, field: str = "kind") -> str:
        """Return the code of the kind that a file names by its code or its name in either language."""
        return self._called.code_of(text, field)

    def find_on(self, code: str, day: date) -> KindRow:
        """Return the version; raise Refusal at ``kind``."""
        versions = self._versions.get(code)
        if versions is None:
            raise Refusal(_unknown(code), field="kind", value=code)
        version = next((version for version in versions if version.validity.holds_on(day)), None)
        if version is None:
            raise _not_in_force(code, day)
        return version


def _unknown(code: str) -> Message:
    return message("There is no kind of violation with the code %(code)s.", code=code)


def _not_in_force(code: str, day: date) -> Refusal:
    text = message("The kind %(code)s was not in force on %(day)s. Choose another.", code=code, day=day.isoformat())
    return Refusal(text, field="kind", value=code)


def list_kinds_ending(session: Session, since: date, until: date) -> Sequence[ViolationKind]:
    """Return the kinds whose validity ends in a period without a later version."""
    first_days = select(ViolationKind.code, func.max(ViolationKind.valid_from).label("last"))
    last = first_days.group_by(ViolationKind.code).subquery()
    query = (
        select(ViolationKind)
        .join(last, (last.c.code == ViolationKind.code) & (last.c.last == ViolationKind.valid_from))
        .where(ViolationKind.valid_to.between(since, until))
        .order_by(ViolationKind.valid_to)
    )
    return session.scalars(query).all()


def kind_is_used_from(session: Session, code: str, day: date) -> bool:
    """Tell whether a violation of the kind happened on ``day`` or later: its version can no longer end before."""
    query = select(Violation.id).join(Violation.kind).where(ViolationKind.code == code, Violation.occurred_on >= day)
    return session.scalar(query.limit(1)) is not None
