"""The catalogue of kinds of hazard: shipped rows, new ones, renamed or no longer used. Flushes, never commits."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from trafficedu.core import audit
from trafficedu.core.actors import Actor
from trafficedu.core.catalogue import add_missing, shipped
from trafficedu.core.errors import Refusal
from trafficedu.core.orm import expect_version, flush_or_refuse
from trafficedu.core.text import message
from trafficedu.hazards.models import HazardKind
from trafficedu.hazards.services.steps import short


@dataclass(frozen=True)
class HazardKindInput:
    """What the administrator enters for a kind; ``position`` orders the list."""

    name_zh: str
    name_en: str
    position: int
    active: bool = True


def load_kinds(session: Session, now: datetime) -> int:
    """Add the shipped kinds whose code the installation does not have yet; never changes one. Returns how many."""
    return len(add_missing(session, HazardKind, shipped("hazard_kinds.csv", HazardKind)))


def add_kind(session: Session, code: str, new: HazardKindInput, by: Actor) -> HazardKind:
    """Add a kind. Raises Refusal at ``code`` where it is in use, at a name where there is none."""
    kind = HazardKind(code=code.strip().lower())
    if not kind.code.replace("_", "").isalnum() or not kind.code.isascii() or len(kind.code) > 20:
        text = message("A code can have at most 20 letters, digits and underscores.")
        raise Refusal(text, field="code", value=code)
    _apply(kind, new)
    session.add(kind)
    in_use = Refusal(message("This code is in use. Choose another."), field="code", value=kind.code)
    flush_or_refuse(session, {"hazard_kind.code": in_use})
    audit.write(session, "hazards:kind:manage", by, subject=kind, code=kind.code)
    return kind


def change_kind(session: Session, kind: HazardKind, new: HazardKindInput, version: int, by: Actor) -> None:
    """Rename or reorder a kind, or stop using it; records that name it keep it. Raises Stale or Refusal."""
    expect_version(kind, version)
    _apply(kind, new)
    session.flush()
    audit.write(session, "hazards:kind:manage", by, subject=kind, code=kind.code, active=kind.active)


def _apply(kind: HazardKind, new: HazardKindInput) -> None:
    for field, longest in (("name_zh", 40), ("name_en", 60)):
        name = short(getattr(new, field), longest, field)
        if not name:
            raise Refusal(message("Enter the name."), field=field)
        setattr(kind, field, name)
    kind.position, kind.active = new.position, new.active
