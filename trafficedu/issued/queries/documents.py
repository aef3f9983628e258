"""Reads of documents: by number, by what they are about, and what they say."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, and_, or_, select
from sqlalchemy.orm import Session

from trafficedu.areas.queries import tree as areas
from trafficedu.core.actors import Actor
from trafficedu.core.canonical import restored, sentence
from trafficedu.core.errors import Missing
from trafficedu.core.keys import field_of
from trafficedu.core.loading import loaded
from trafficedu.core.orm import among
from trafficedu.core.services import services_of
from trafficedu.core.text import Message, message
from trafficedu.issued.models import Document, DocumentFile
from trafficedu.issued.queries.drawing import DRAWINGS
from trafficedu.issued.rules import OPENED_BY, PERSONAL, DocumentKind, DocumentState
from trafficedu.reports.proof import Proof

FACTS = field_of(Document.facts)
"""The name of the field in the encryption."""
NOT_YOURS = message("This document does not exist, or you do not have access to it.")


@dataclass(frozen=True)
class Line:
    """A label and what stands beside it, in both languages."""

    label: Message
    zh: str
    en: str

    def value(self, locale: str) -> str:
        """Return what stands beside the label."""
        return self.en if locale == "en" else self.zh


@dataclass(frozen=True)
class Said:
    """What a document says: ``kept`` are its facts as they are stored."""

    kind: DocumentKind
    kept: Mapping[str, Any]

    @property
    def proof(self) -> Proof:
        """Its number, its day, its address, its marks."""
        return restored(Proof, self.kept["proof"])

    @property
    def shown(self) -> tuple[Line, ...]:
        """What everybody may read of it."""
        return restored(tuple[Line, ...], self.kept["shown"])

    @property
    def marks(self) -> list[Message]:
        """What it must not be read without."""
        return [sentence(mark) for mark in self.kept["proof"]["marks"]]

    def data(self, locale: str) -> Any:
        """Return what it is drawn from in ``locale``."""
        paper = self.kept["paper"]
        return restored(DRAWINGS[self.kind].data, {**paper["both"], **paper[locale]})


def facts_of(session: Session, document: Document) -> str:
    """Return the facts of a document as text."""
    if document.kind not in PERSONAL:
        return document.facts
    return services_of(session).keyring.decrypt(document.facts, FACTS)


def what_it_says(session: Session, document: Document) -> Said:
    """Return what a document says."""
    return Said(document.kind, json.loads(facts_of(session, document)))


def visible_to(by: Actor) -> ColumnElement[bool]:
    """Return the condition that ``by`` may open a document: a kind they may read, within their post."""
    kinds = [kind for kind, permission in OPENED_BY.items() if by.may(permission)]
    nobodys = and_(Document.area_id.is_(None), Document.station_id.is_(None), Document.company_id.is_(None))
    within = by.scope.condition(
        area=areas.lies_in(Document.area_id), station=Document.station_id, company=Document.company_id
    )
    return Document.kind.in_(kinds) & or_(within, nobodys)


def find_document(session: Session, number: str) -> Document | None:
    """Return the document with ``number``, or None; no scope: a document proves itself in public."""
    return session.scalar(
        select(Document)
        .where(Document.number == number)
        .options(loaded(Document.replaces), loaded(Document.replaced_by))
    )


def find_document_for(session: Session, number: str, by: Actor) -> Document:
    """Return a document that ``by`` may open; raise :class:`Missing`."""
    document = session.scalar(
        select(Document)
        .where(Document.number == number, visible_to(by))
        .options(
            loaded(Document.replaces),
            loaded(Document.replaced_by),
            loaded(Document.issued_by),
            loaded(Document.ended_by),
        )
    )
    if document is None:
        raise Missing(NOT_YOURS)
    return document


def may_open(session: Session, document: Document, by: Actor) -> bool:
    """Tell whether ``by`` may open a document."""
    return session.scalar(select(Document.id).where(Document.id == document.id, visible_to(by))) is not None


def valid_document(session: Session, kind: DocumentKind, subject: str) -> Document | None:
    """Return the document of a record that holds, or None."""
    return session.scalar(
        select(Document).where(
            Document.kind == kind, Document.subject == subject, among(Document.state, DocumentState.VALID)
        )
    )


def valid_subjects(session: Session, kind: DocumentKind, subjects: Sequence[str]) -> set[str]:
    """Return which of some records have a document that holds."""
    holds = among(Document.state, DocumentState.VALID)
    query = select(Document.subject).where(Document.kind == kind, Document.subject.in_(subjects), holds)
    return set(session.scalars(query))


def visible_document(session: Session, kind: DocumentKind, subject: str, by: Actor) -> Document | None:
    """Return the document of a record that holds, if ``by`` may open it, or None."""
    document = valid_document(session, kind, subject)
    return document if document is not None and may_open(session, document, by) else None


def last_document(session: Session, kind: DocumentKind, subject: str) -> Document | None:
    """Return the document of a record that was issued last, whether it still holds or not, or None."""
    query = select(Document).where(Document.kind == kind, Document.subject == subject)
    return session.scalar(query.order_by(Document.id.desc()).limit(1))


def list_documents(session: Session, kind: DocumentKind, subject: str) -> Sequence[Document]:
    """Return all documents of a record, the latest first."""
    query = select(Document).where(Document.kind == kind, Document.subject == subject)
    return session.scalars(query.order_by(Document.id.desc()).options(loaded(Document.issued_by))).all()


def kept_file(session: Session, document: Document, language: str, ending: str) -> DocumentFile | None:
    """Return the file of a document that was handed out, or None where it was not yet."""
    return session.get(DocumentFile, (document.id, language, ending))
