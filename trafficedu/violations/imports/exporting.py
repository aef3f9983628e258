"""Exports of violations: the rows that count or wait for review, in the columns that an import takes.

A rejected or voided record is left out: imported elsewhere it would count. Personal data is masked unless it
was asked for in clear; whoever may not read riders gets no identity at all, not even a masked one.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, case, or_, select
from sqlalchemy.orm import Session

from trafficedu.accounts.models import User
from trafficedu.areas.models import Area
from trafficedu.companies.models import Company
from trafficedu.core.actors import SYSTEM, Actor
from trafficedu.core.counting import count_capped
from trafficedu.core.encryption import Keyring
from trafficedu.core.month import Month
from trafficedu.core.orm import reference_of
from trafficedu.core.personal import mask_identity, mask_phone
from trafficedu.core.services import services_of
from trafficedu.riders.models import Rider
from trafficedu.riders.queries.people import ID_NUMBER, PHONE
from trafficedu.riders.rules import CompanyKnown, mask_name
from trafficedu.violations.models.records import Violation, ViolationKind
from trafficedu.violations.queries.scope import visible_to
from trafficedu.violations.rules.states import NOT_ENDED

PIECE = 2_000
_PLAIN = ("place", "latitude", "longitude", "offender", "source", "penalty", "fine_yuan", "note")


def list_rows(
    session: Session, by: Actor, now: datetime, month: Month | None, clear: bool
) -> Iterator[Mapping[str, Any]]:
    """Yield the violations of a month, or all, that ``by`` may see, the oldest first; see ``core.tabular.ListRows``.

    A note is free text in which an officer may name somebody: it goes with the plate, to those who read riders.
    """
    identities = _identities(services_of(session).keyring, by, clear)
    named = _reads_riders(by)
    for violation, area_code, kind_code, company_code, officer, *rider in session.execute(_query(by, month)):
        yield {
            "reference": reference_of(violation, violation.occurred_on),
            "occurred_at": violation.occurred.at,
            "area_code": area_code,
            "kind": kind_code,
            "company_code": company_code or _without_company(violation),
            "officer": officer or violation.officer_name,
            "plate": violation.plate if named else "",
            "papers": violation.papers or "",
            **{name: getattr(violation, name) for name in _PLAIN},
            **({} if named else {"note": ""}),
            **identities(*rider),
        }


_SAID = case(
    (Violation.company_id.is_not(None), Violation.company_id),
    (or_(Violation.company_known == CompanyKnown.NAMED, Violation.rider_id.is_(None)), Violation.named_company_id),
)
"""The company that a row says: the one that answers; the one that is named where that is open."""


def _without_company(violation: Violation) -> str:
    """Return what stands for no company: nothing where that is open, or where nobody knows who rode."""
    return "" if violation.rider_id is None or violation.company_waits else "none"


def count_rows(session: Session, by: Actor, month: Month | None, most: int) -> int:
    """Return how many violations :func:`list_rows` yields, ``most`` at most."""
    counted = select(Violation.id).where(*_which(by, month))
    return min(most, count_capped(session, counted, most))


def _which(by: Actor, month: Month | None) -> list[ColumnElement[bool]]:
    within = [] if month is None else [Violation.occurred_on.between(month.first, month.last)]
    return [visible_to(by), Violation.state.in_(NOT_ENDED), *within]


def _query(by: Actor, month: Month | None) -> Select[Any]:
    return (
        select(
            Violation,
            Area.code,
            ViolationKind.code,
            Company.code,
            User.display_name,
            Rider.id_type,
            Rider.id_number_cipher,
            Rider.name,
            Rider.phone_cipher,
        )
        .join(Area, Area.id == Violation.area_id)
        .join(ViolationKind, ViolationKind.id == Violation.kind_id)
        .outerjoin(Company, Company.id == _SAID)
        .outerjoin(User, User.id == Violation.officer_id)
        .outerjoin(Rider, Rider.id == Violation.rider_id)
        .where(*_which(by, month))
        .order_by(Violation.occurred_utc, Violation.id)
        .execution_options(yield_per=PIECE)
    )


def _identities(keyring: Keyring, by: Actor, clear: bool) -> Any:
    """Return the function that writes a rider's columns as ``by`` may read them."""

    def nothing(*_rider: Any) -> dict[str, Any]:
        return {}

    def shown(id_type: str | None, id_cipher: str | None, name: str | None, phone_cipher: str | None) -> dict[str, Any]:
        if id_type is None or id_cipher is None or name is None:
            return {}
        number = keyring.decrypt(id_cipher, ID_NUMBER)
        phone = keyring.decrypt(phone_cipher, PHONE) if phone_cipher else ""
        return {
            "id_type": id_type,
            "id_number": number if clear else mask_identity(number),
            "name": name if clear else mask_name(name),
            "phone": phone if clear else mask_phone(phone),
        }

    return shown if _reads_riders(by) else nothing


def _reads_riders(by: Actor) -> bool:
    return by.may("riders:rider:read") or by == SYSTEM
