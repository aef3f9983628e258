"""The catalogue of kinds: shipped rows, new kinds, new versions, ends. Nothing is ever deleted or overwritten."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.orm import Session

from trafficedu.core import audit
from trafficedu.core.actors import Actor
from trafficedu.core.errors import DomainError
from trafficedu.core.orm import expect_version, flush_or_refuse
from trafficedu.core.text import message
from trafficedu.violations import queries
from trafficedu.violations.models import ViolationKind

SHIPPED = Path(__file__).parents[2] / "reference" / "violation_kinds.csv"


@dataclass(frozen=True)
class KindInput:
    """What the administrator enters for a kind, valid from a day on."""

    name_zh: str
    name_en: str
    position: int | None
    fine_min_yuan: int
    fine_max_yuan: int
    law_zh: str
    law_en: str
    valid_from: date


def load_kinds(session: Session) -> int:
    """Add the shipped kinds whose code the installation does not have yet; never changes one. Returns how many."""
    known = set(session.scalars(select(ViolationKind.code)))
    with SHIPPED.open(encoding="utf-8", newline="") as file:
        fresh = [
            ViolationKind(
                code=row["code"],
                name_zh=row["name_zh"],
                name_en=row["name_en"],
                position=int(row["position"]) if row["position"] else None,
                fine_min_yuan=int(row["fine_min_yuan"]),
                fine_max_yuan=int(row["fine_max_yuan"]),
                law_zh=row["law_zh"],
                law_en=row["law_en"],
                valid_from=date.fromisoformat(row["valid_from"]),
                valid_to=date.fromisoformat(row["valid_to"]) if row["valid_to"] else None,
            )
            for row in csv.DictReader(file)
            if row["code"] not in known
        ]
    session.add_all(fresh)
    session.flush()
    return len(fresh)


def add_kind(session: Session, code: str, new: KindInput, by: Actor) -> ViolationKind:
    """Add a kind with a code of its own. Raises DomainError at ``code`` where the code is in use."""
    _lock_catalogue(session)
    if session.scalar(select(ViolationKind.id).where(ViolationKind.code == code).limit(1)) is not None:
        raise DomainError(
            message("This code is in use. Open that kind and make a new version of it."), field="code", value=code
        )
    kind = _row(code, new)
    session.add(kind)
    flush_or_refuse(session, {})
    audit.write(session, "violations:kind:manage", by, subject=kind, code=code)
    return kind


def renew_kind(session: Session, kind: ViolationKind, new: KindInput, version: int, by: Actor) -> ViolationKind:
    """Make a new version of a kind; the present one ends the day before.

    Raises
    ------
    Stale
        Somebody else changed the kind meanwhile.
    DomainError
        At ``valid_from``: not after the present version's first day, or violations since then were recorded
        under the present version.
    """
    expect_version(kind, version)
    _lock_catalogue(session)
    if new.valid_from <= kind.valid_from:
        raise DomainError(
            message("The new version begins after the present one, %(day)s.", day=kind.valid_from.isoformat()),
            field="valid_from",
        )
    _refuse_used(session, kind, new.valid_from)
    if kind.valid_to is None or kind.valid_to >= new.valid_from:
        kind.valid_to = new.valid_from - timedelta(days=1)
    fresh = _row(kind.code, new)
    session.add(fresh)
    flush_or_refuse(session, {})
    audit.write(session, "violations:kind:manage", by, subject=fresh, code=kind.code, replaces=kind.id)
    return fresh


def end_kind(session: Session, kind: ViolationKind, last_day: date, version: int, by: Actor) -> None:
    """Let a kind end with ``last_day``. Raises Stale, DomainError at ``last_day``."""
    expect_version(kind, version)
    if last_day < kind.valid_from:
        raise DomainError(
            message("The last day is not before the first one, %(day)s.", day=kind.valid_from.isoformat()),
            field="last_day",
        )
    _refuse_used(session, kind, last_day + timedelta(days=1), "last_day")
    kind.valid_to = last_day
    session.flush()
    audit.write(session, "violations:kind:manage", by, subject=kind, code=kind.code, ends=last_day.isoformat())


def _refuse_used(session: Session, kind: ViolationKind, day: date, field: str = "valid_from") -> None:
    if queries.kind_is_used_from(session, kind.code, day):
        raise DomainError(
            message(
                "Violations of this kind are recorded on or after %(day)s. Choose a later day.", day=day.isoformat()
            ),
            field=field,
        )


def _lock_catalogue(session: Session) -> None:
    """Let one administrator at a time change the catalogue, so that versions of a code never overlap."""
    session.execute(select(ViolationKind.id).order_by(ViolationKind.id).with_for_update())


def _row(code: str, new: KindInput) -> ViolationKind:
    if new.fine_max_yuan < new.fine_min_yuan:
        raise DomainError(message("The highest fine is not below the lowest."), field="fine_max_yuan")
    return ViolationKind(
        code=code,
        name_zh=new.name_zh,
        name_en=new.name_en,
        position=new.position,
        fine_min_yuan=new.fine_min_yuan,
        fine_max_yuan=new.fine_max_yuan,
        law_zh=new.law_zh,
        law_en=new.law_en,
        valid_from=new.valid_from,
    )
