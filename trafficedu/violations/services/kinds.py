"""The catalogue of kinds: shipped rows, new kinds, new versions, ends. Nothing is ever deleted or overwritten."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import date, datetime

from sqlalchemy.orm import Session

from trafficedu.core.actors import Actor
from trafficedu.core.catalogue import Catalogue, add_missing, shipped
from trafficedu.core.errors import Refusal
from trafficedu.core.text import message
from trafficedu.violations.models.records import ViolationKind
from trafficedu.violations.queries import kinds


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


def load_kinds(session: Session, now: datetime) -> int:
    """Add the shipped kinds whose code the installation does not have yet; never changes one. Returns how many."""
    return len(add_missing(session, ViolationKind, shipped("violation_kinds.csv", ViolationKind)))


def add_kind(session: Session, code: str, new: KindInput, by: Actor) -> ViolationKind:
    """Add a kind with a code of its own. Raises Refusal at ``code`` where the code is in use."""
    return _KINDS.add(session, _kind(code, new), by)


def renew_kind(session: Session, kind: ViolationKind, new: KindInput, version: int, by: Actor) -> ViolationKind:
    """Make a new version of a kind; the present one ends the day before. Raises as :meth:`Catalogue.renew`."""
    return _KINDS.renew(session, kind, _kind(kind.code, new), version, by)


def end_kind(session: Session, kind: ViolationKind, last_day: date, version: int, by: Actor) -> None:
    """Let a kind end with ``last_day``. Raises Stale, Refusal at ``last_day``."""
    _KINDS.end(session, kind, last_day, version, by)


def _kind(code: str, new: KindInput) -> ViolationKind:
    if new.fine_max_yuan < new.fine_min_yuan:
        raise Refusal(message("The highest fine must not be below the lowest."), field="fine_max_yuan")
    return ViolationKind(code=code, **asdict(new))


def _refuse_used(session: Session, kind: ViolationKind, day: date, field: str) -> None:
    if kinds.kind_is_used_from(session, kind.code, day):
        text = message(
            "Violations of this kind are recorded on or after %(day)s. Choose a later day.", day=day.isoformat()
        )
        raise Refusal(text, field=field)


_KINDS = Catalogue(
    ViolationKind,
    "violations:kind:manage",
    message("This code is in use. Open that kind and make a new version of it."),
    _refuse_used,
)
