"""Documents of an earlier moment: kept as of then, many by one statement."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol, TypeVar

from sqlalchemy.orm import Session

from trafficedu.core import audit, bulk
from trafficedu.core.actors import SYSTEM
from trafficedu.issued.models import Document
from trafficedu.issued.queries.documents import valid_subjects
from trafficedu.issued.rules import DocumentKind
from trafficedu.issued.services.issuing import NewDocument, values_of


class Numbered(Protocol):
    """A record with a public number, about which there may be a document."""

    @property
    def number(self) -> str:
        """The public number."""


Record = TypeVar("Record", bound=Numbered)


@dataclass(frozen=True)
class Earlier:
    """A document that was handed out before documents were kept: its number, when it was issued and by whom."""

    new: NewDocument
    number: str
    issued_utc: datetime
    issued_by_id: int | None


def keep_earlier(session: Session, earlier: Sequence[Earlier], *, carried_over: bool) -> None:
    """Keep what documents of earlier days say by the records of today, by one statement for all.

    ``carried_over`` marks those that were handed out before documents were kept.
    """
    rows = [
        {
            **values_of(session, one.new, one.issued_utc, one.number),
            "issued_by_id": one.issued_by_id,
            "carried_over": carried_over,
        }
        for one in earlier
    ]
    bulk.load(session, Document.__table__, rows)
    audit.write(session, "issued:document:issue", SYSTEM, documents=len(rows), carried_over=carried_over)


def keep_as_of(
    session: Session,
    kind: DocumentKind,
    records: Iterable[Record],
    moment_of: Callable[[Record], datetime],
    document_of: Callable[[Record, datetime], NewDocument],
) -> None:
    """Keep what papers say, each as of its own moment; of a record that has a valid one already that stays as it is."""
    by_number = {record.number: record for record in records}
    kept = valid_subjects(session, kind, list(by_number))
    fresh = [(record, moment_of(record)) for number, record in by_number.items() if number not in kept]
    papers = [Earlier(document_of(record, moment), "", moment, None) for record, moment in fresh]
    if papers:
        keep_earlier(session, papers, carried_over=False)
