"""Reads of companies."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import ColumnElement, func, or_, select, true
from sqlalchemy.orm import Session

from trafficedu.companies.models import Company
from trafficedu.core.actors import Actor
from trafficedu.core.errors import Missing
from trafficedu.core.paging import Page, paginate
from trafficedu.core.text import message

SORTS = {"name": Company.name, "code": Company.code}


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


def find_company(session: Session, code: str) -> Company:
    """Return the company with ``code``, active or not, whoever asks; raise :class:`Missing`."""
    return _one(session, Company.code == code)


def find_visible_company(session: Session, code: str, by: Actor) -> Company:
    """Return the company with ``code`` if ``by`` sees it; raise :class:`Missing`."""
    return _one(session, Company.code == code, visible_to(by))


def _one(session: Session, *conditions: ColumnElement[bool]) -> Company:
    company = session.scalar(select(Company).where(*conditions))
    if company is None:
        raise Missing(message("There is no company with this code."))
    return company


def list_companies(session: Session, wanted: CompanyFilter, by: Actor, page: int, sort: str = "name") -> Page[Company]:
    """Return the companies that ``by`` sees; words are looked for in name and code."""
    query = select(Company).where(visible_to(by))
    if wanted.words:
        text = wanted.words.lower()
        found = [func.lower(column).contains(text, autoescape=True) for column in (Company.name, Company.code)]
        query = query.where(or_(*found))
    if wanted.active is not None:
        query = query.where(Company.active == wanted.active)
    column = SORTS.get(sort.removeprefix("-"), Company.name)
    return paginate(session, query.order_by(column.desc() if sort.startswith("-") else column, Company.id), page)


def choices(session: Session) -> list[tuple[int, str]]:
    """Return id and name of every active one, for lists to choose from."""
    query = select(Company.id, Company.name).where(Company.active).order_by(Company.name)
    return [(row.id, row.name) for row in session.execute(query)]


def list_names(session: Session) -> list[tuple[str, str]]:
    """Return code and name of every active company, for lists that address companies by code."""
    query = select(Company.code, Company.name).where(Company.active).order_by(Company.name)
    return [(row.code, row.name) for row in session.execute(query)]
