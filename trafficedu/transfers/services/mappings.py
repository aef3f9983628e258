"""Keeping how a source calls things. Flushes, never commits."""

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
    name = new.name.strip()
    if not name or len(name) > LONGEST_NAME:
        raise Refusal(message("Enter a name of at most %(max)d characters.", max=LONGEST_NAME), field="name")
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
