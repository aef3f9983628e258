"""Reads of companies."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from sqlalchemy import ColumnElement, Select, func, or_, select, true
from sqlalchemy.orm import Session

from trafficedu.companies.models import Company
from trafficedu.core.actors import Actor
from trafficedu.core.called import Called
from trafficedu.core.errors import Missing, Refusal
from trafficedu.core.listing import Column, Listing
from trafficedu.core.states import Activity
from trafficedu.core.text import message


@dataclass(frozen=True)
class CompanyFilter:
    """What the list of companies is narrowed to."""

    words: str = ""
    active: bool | None = True


def visible_to(by: Actor) -> ColumnElement[bool]:
    """Return the condition that ``by`` sees a company: the own one, or, with a post in an area, every one.

    Companies deliver across the whole district; what they do in an area is for other features to narrow.
    """
    if by.scope.company_id is None and by.may("companies:company:manage"):
        return true()
    return by.scope.condition(company=Company.id, area=lambda _path: true())


def find_visible_company(session: Session, code: str, by: Actor) -> Company:
    """Return the company with ``code`` if ``by`` sees it; raise :class:`Missing`."""
    company = session.scalar(select(Company).where(Company.code == code, visible_to(by)))
    if company is None:
        raise Missing(message("There is no company with this code."))
    return company


def find_company_id(session: Session, code: str) -> int:
    """Return the id of the company with ``code``, for a record; raise Refusal at ``company_code``."""
    return _known(session.scalar(select(Company.id).where(Company.code == code)), code)


class RememberedCompanies:
    """:func:`find_company_id` for the rows of a file: every company is read once."""

    def __init__(self, session: Session) -> None:
        rows = session.execute(select(Company.code, Company.id, Company.name)).all()
        self._ids = {row.code: row.id for row in rows}
        self._called = Called(self._ids, lambda: ((row.code, row.name) for row in rows))

    def code_of(self, text: str, field: str = "company_code") -> str:
        """Return the code of the company that a file names by its code or its full name."""
        return self._called.code_of(text, field)

    def find_id(self, code: str) -> int:
        """Return the id; raise Refusal at ``company_code``."""
        return _known(self._ids.get(code), code)


def _known(company_id: int | None, code: str) -> int:
    if company_id is None:
        text = message("There is no company with the code %(code)s.", code=code)
        raise Refusal(text, field="company_code", value=code)
    return company_id


def _filtered(by: Actor, chosen: CompanyFilter) -> Select[tuple[Company]]:
    query = select(Company).where(visible_to(by))
    if chosen.words:
        text = chosen.words.lower()
        columns = (Company.name, Company.code)
        query = query.where(or_(*(func.lower(column).contains(text, autoescape=True) for column in columns)))
    return query if chosen.active is None else query.where(Company.active == chosen.active)


COMPANIES: Listing[Company, CompanyFilter] = Listing(
    _filtered,
    [
        Column("name", message("Company"), value=lambda row: row.name, sort=Company.name.expression),
        Column("code", message("Code"), value=lambda row: row.code, sort=Company.code.expression),
        Column("contact", message("Safety contact"), value=lambda row: row.contact_name),
        Column("telephone", message("Telephone"), value=lambda row: row.contact_phone),
        Column("state", message("State"), value=lambda row: Activity.of(row.active)),
    ],
    sort="name",
    order=[Company.id.expression],
)
"""Words are looked for in name and code."""


def choices(session: Session) -> list[tuple[int, str]]:
    """Return id and name of every active one, for lists to choose from."""
    query = select(Company.id, Company.name).where(Company.active).order_by(Company.name)
    return [(row.id, row.name) for row in session.execute(query)]


def list_names(session: Session) -> list[tuple[str, str]]:
    """Return code and name of every active company, for lists that address companies by code."""
    query = select(Company.code, Company.name).where(Company.active).order_by(Company.name)
    return [(row.code, row.name) for row in session.execute(query)]


def names_of(session: Session, ids: Collection[int]) -> dict[int, tuple[str, str]]:
    """Return id -> code and name of companies, whether active or not."""
    query = select(Company.id, Company.code, Company.name).where(Company.id.in_(ids))
    return {row.id: (row.code, row.name) for row in session.execute(query)}
