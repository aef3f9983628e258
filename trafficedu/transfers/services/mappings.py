"""Keeping how a source calls things, under a name of its own. Flushes, never commits."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from trafficedu.core import audit
from trafficedu.core.actors import Actor
from trafficedu.core.columns import Columns, heading_key
from trafficedu.core.errors import Refusal
from trafficedu.core.orm import expect_version
from trafficedu.core.text import message
from trafficedu.transfers.models import ImportMapping
from trafficedu.transfers.queries.mappings import find_kept

LONGEST_NAME = 60


@dataclass(frozen=True)
class NewMapping:
    """How a source calls things.

    ``headings``: as they stand in its file -> our columns, "" to pass over. ``words``: our column -> its words -> ours.
    """

    kind: str
    name: str
    headings: Mapping[str, str]
    words: Mapping[str, Mapping[str, str]]


def keep_mapping(
    session: Session, new: NewMapping, columns: Columns, version: int | None, by: Actor, now: datetime
) -> ImportMapping:
    """Keep a mapping under its name, or change the one kept there; what it does not speak of stays.

    Raises
    ------
    Refusal
        At ``name`` or ``column``: no name, two headings for one column, a column that is none.
    Stale
        Somebody changed it meanwhile.
    """
    name = _checked(new.name)
    columns.place([column for column in new.headings.values() if column], whole=False)
    kept = find_kept(session, new.kind, name)
    if kept is None:
        kept = ImportMapping(kind=new.kind, name=name, headings={}, words={})
        session.add(kept)
    elif version is not None:
        expect_version(kept, version)
    kept.headings = kept.headings | {heading_key(heading): column for heading, column in new.headings.items()}
    kept.words = kept.words | {
        column: kept.words.get(column, {}) | {word: ours for word, ours in words.items() if ours}
        for column, words in new.words.items()
    }
    kept.changed_by_id, kept.changed_utc = by.user_id, now
    session.flush()
    audit.write(session, "transfers:mapping:keep", by, subject=kept, kind=new.kind)
    return kept


def rename_mapping(session: Session, kept: ImportMapping, name: str, by: Actor, now: datetime) -> ImportMapping:
    """Keep a mapping under another name; raise Refusal at ``name`` where it is none, or another is kept under it."""
    name = _checked(name)
    other = find_kept(session, kept.kind, name)
    if other is not None and other is not kept:
        raise Refusal(message("Other headings are kept under this name already."), field="name", value=name)
    kept.name, kept.changed_by_id, kept.changed_utc = name, by.user_id, now
    session.flush()
    audit.write(session, "transfers:mapping:rename", by, subject=kept, kind=kept.kind)
    return kept


def delete_mapping(session: Session, kept: ImportMapping, by: Actor) -> None:
    """Let go of a mapping: what was imported by it stays as it is."""
    audit.write(session, "transfers:mapping:delete", by, subject=kept, kind=kept.kind, name=kept.name)
    session.delete(kept)
    session.flush()


def _checked(name: str) -> str:
    """Return a name that can stand in an address; raise Refusal at ``name``."""
    name = name.strip()
    if not name or len(name) > LONGEST_NAME:
        raise Refusal(message("Enter a name of at most %(max)d characters.", max=LONGEST_NAME), field="name")
    if "/" in name or name in {".", ".."}:
        raise Refusal(message("Choose a name without a slash, and not of dots alone."), field="name")
    return name
