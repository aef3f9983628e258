"""Use cases that change companies."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from trafficedu.companies.models import Company
from trafficedu.core import audit
from trafficedu.core.actors import Actor
from trafficedu.core.corrections import correcting
from trafficedu.core.errors import Refusal
from trafficedu.core.orm import expect_version, flush_or_refuse
from trafficedu.core.parsing import is_none
from trafficedu.core.text import message

CORRECTED = ("name", "contact_name", "contact_phone", "active")
NAME_TAKEN = message("Another company already has this name.")


@dataclass(frozen=True)
class CompanyInput:
    """What is entered for a company. An inactive one engages no more riders; its records stay."""

    name: str
    contact_name: str = ""
    contact_phone: str = ""
    active: bool = True


def add_company(session: Session, code: str, new: CompanyInput, by: Actor) -> Company:
    """Add a company under a code it keeps; raises Refusal at ``code`` or ``name`` that it cannot have."""
    if is_none(code):
        text = message("In files, this word says that there is no company. Choose another code.")
        raise Refusal(text, field="code", value=code)
    company = Company(code=code.upper())
    _apply(company, new)
    session.add(company)
    _flush(session)
    audit.write(session, "companies:company:create", by, subject=company, code=company.code)
    return company


def change_company(
    session: Session, company: Company, new: CompanyInput, version: int, by: Actor, now: datetime
) -> None:
    """Change a company, deactivating it included; a later file does not change that back. Raises Stale, Refusal."""
    expect_version(company, version)
    with correcting(session, company, CORRECTED, by, now):
        _apply(company, new)
        _flush(session)
    audit.write(session, "companies:company:update", by, subject=company, code=company.code, active=company.active)


def _apply(company: Company, new: CompanyInput) -> None:
    company.name, company.active = new.name, new.active
    company.contact_name, company.contact_phone = new.contact_name, new.contact_phone


def _flush(session: Session) -> None:
    refusals = {
        "company.code": Refusal(message("Another company already has this code."), field="code"),
        "company.name": Refusal(NAME_TAKEN, field="name"),
    }
    flush_or_refuse(session, refusals)
