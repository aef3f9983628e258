"""Reads of companies."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from trafficedu.companies.models import Company


def choices(session: Session) -> list[tuple[int, str]]:
    """Return id and name of every active one, for lists to choose from."""
    query = select(Company.id, Company.name).where(Company.active).order_by(Company.name)
    return [(row.id, row.name) for row in session.execute(query)]


def list_names(session: Session) -> list[tuple[str, str]]:
    """Return code and name of every active company, for lists that address companies by code."""
    query = select(Company.code, Company.name).where(Company.active).order_by(Company.name)
    return [(row.code, row.name) for row in session.execute(query)]
