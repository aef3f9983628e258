"""Reads of how sources call things."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from trafficedu.core.columns import SourceMapping
from trafficedu.core.errors import Refusal
from trafficedu.core.loading import loaded
from trafficedu.core.text import message
from trafficedu.transfers.models import ImportMapping


def find_mapping(session: Session, kind: str, name: str) -> SourceMapping:
    """Return what is kept under a name for a kind of table; raise Refusal at ``mapping``."""
    found = find_kept(session, kind, name)
    if found is None:
        text = message("No headings are kept under the name %(name)s for this table.", name=name)
        raise Refusal(text, field="mapping", value=name)
    return SourceMapping(found.headings, found.words)


def find_kept(session: Session, kind: str, name: str) -> ImportMapping | None:
    """Return the mapping of a kind under a name, or None."""
    query = select(ImportMapping).where(ImportMapping.kind == kind, ImportMapping.name == name)
    return session.scalar(query)


def list_kept(session: Session, kinds: Collection[str]) -> Sequence[ImportMapping]:
    """Return what is kept for the kinds, by name."""
    query = select(ImportMapping).where(ImportMapping.kind.in_(kinds))
    ordered = query.order_by(ImportMapping.name, ImportMapping.kind)
    return session.scalars(ordered.options(loaded(ImportMapping.changed_by))).all()


def list_names(session: Session, kinds: Collection[str]) -> Sequence[str]:
    """Return the names under which headings of any of the kinds are kept."""
    query = select(ImportMapping.name).where(ImportMapping.kind.in_(kinds)).distinct().order_by(ImportMapping.name)
    return session.scalars(query).all()
