"""A document is issued, replaced, revoked, and handed out again: the same bytes each time."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any, TypeVar

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from trafficedu.core import audit
from trafficedu.core.actors import SYSTEM, Actor
from trafficedu.core.canonical import canonical, digest, packed, restored
from trafficedu.core.clock import local_date
from trafficedu.core.errors import Refusal, Stale
from trafficedu.core.month import Month
from trafficedu.core.numbers import new_number
from trafficedu.core.services import services_of
from trafficedu.core.states import CHANGED
from trafficedu.core.text import LOCALES, Message, message
from trafficedu.core.transactions import writing
from trafficedu.issued.models import Document, DocumentFile
from trafficedu.issued.queries.documents import (
    FACTS,
    Line,
    facts_of,
    kept_file,
    valid_document,
    what_it_says,
)
from trafficedu.issued.queries.drawing import DRAWINGS
from trafficedu.issued.rules import (
    DOCUMENT_LIFE,
    LEAST_REASON,
    LONGEST_REASON,
    PERSONAL,
    DocumentAct,
    DocumentKind,
    DocumentState,
)
from trafficedu.reports.proof import EXCERPT, REPLACED, REVOKED, Proof, Stamp

Kept = TypeVar("Kept")
NO_PROOF = Proof("", date.min, "")
TRIES = 3
"""How often a document is looked for and issued where others issue it at the same moment."""


@dataclass(frozen=True)
class NewDocument:
    """A document to be issued.

    Parameters
    ----------
    subject
        The public number of the record it is about; of a month, month and code ("2026-10/330109").
    paper
        What it says in a language, as the drawing of its kind takes it; the proof is given to it.
    shown
        What everybody may read on the verify page.
    marks
        What it must not be read without, on paper and on the verify page.
    area_id, station_id, company_id
        In whose post it lies; none of them: everybody's who may read its kind.
    evaluation
        Month and version of the evaluation its colours rest on.
    """

    kind: DocumentKind
    subject: str
    paper: Callable[[str, Proof], Any]
    shown: Sequence[Line] = ()
    marks: Sequence[Message] = ()
    area_id: int | None = None
    station_id: int | None = None
    company_id: int | None = None
    evaluation: tuple[Month, int] | None = None


def issue(
    session: Session,
    new: NewDocument,
    by: Actor,
    now: datetime,
    *,
    replaces: Document | None = None,
    number: str = "",
) -> Document:
    """Keep what a document says, under a number of its own; from now on it is drawn from that alone.

    ``replaces`` is the document it is issued instead of, which from now on no longer holds.

    Raises
    ------
    Stale
        ``replaces`` holds no longer.
    """
    if replaces is not None:
        replaces.state = DOCUMENT_LIFE.after(DocumentAct.REPLACE, replaces.state)
        replaces.ended_utc, replaces.ended_by_id = now, by.user_id
        session.flush()  # before the other one is valid: of one record only one is
    made = Document(**values_of(session, new, now, number, replaces), issued_by_id=by.user_id, replaces=replaces)
    session.add(made)
    session.flush()
    old = replaces.id if replaces is not None else None
    audit.write(session, "issued:document:issue", by, subject=made, kind=str(new.kind), replaces=old)
    return made


def prepared(new: NewDocument) -> NewDocument:
    """Return a document with all it says gathered already, so that issuing it only writes.

    For papers whose facts take seconds to gather and do not speak of their own number.
    """
    said = {locale: new.paper(locale, NO_PROOF) for locale in LOCALES}
    return replace(new, paper=lambda locale, _proof: said[locale])


def values_of(
    session: Session, new: NewDocument, now: datetime, number: str, replaces: Document | None = None
) -> dict[str, Any]:
    """Return what is kept of a new document, by column."""
    number = number or new_number(new.kind.letter)
    old = replaces.number if replaces is not None else ""
    proof = Proof(number, local_date(now), f"/verify/{number}", old, tuple(new.marks))
    text = canonical(_facts(new, proof))
    month, version = new.evaluation or (None, None)
    return {
        "number": number,
        "kind": new.kind,
        "subject": new.subject,
        "facts": services_of(session).keyring.encrypt(text, FACTS) if new.kind in PERSONAL else text,
        "facts_sha256": digest(text),
        "issued_utc": now,
        "area_id": new.area_id,
        "station_id": new.station_id,
        "company_id": new.company_id,
        "evaluation_month": month,
        "evaluation_version": version,
    }


def _facts(new: NewDocument, proof: Proof) -> dict[str, Any]:
    """Return all that is kept: what is the same in both languages once, the rest for each."""
    said = {locale: packed(new.paper(locale, proof)) for locale in LOCALES}
    first, *others = said.values()
    both = {name: value for name, value in first.items() if all(other[name] == value for other in others)}
    paper: dict[str, Any] = {"both": both}
    for locale, facts in said.items():
        paper[locale] = {name: value for name, value in facts.items() if name not in both}
    return {"proof": packed(proof), "paper": paper, "shown": packed(tuple(new.shown))}


def what_would_be_said(session: Session, document: Document, new: NewDocument) -> str:
    """Return the SHA-256 of what would be issued instead of a document now, but for what is never twice the same."""
    said = what_it_says(session, document)
    facts = _facts(new, replace(said.proof, marks=tuple(new.marks)))
    return digest(_lasting(facts, document.kind))


def is_the_same(session: Session, document: Document, new: NewDocument) -> bool:
    """Tell whether a document says what would be issued now, but for what is never twice the same."""
    kept = what_it_says(session, document).kept
    return digest(_lasting(kept, document.kind)) == what_would_be_said(session, document, new)


def _lasting(facts: Mapping[str, Any], kind: DocumentKind) -> str:
    """Return the facts that stay the same as long as the records do.

    What was not asked when a document was kept has its default: it does not make it another one.
    """
    paper, drawing = facts["paper"], DRAWINGS[kind]
    said = {locale: packed(restored(drawing.data, {**paper["both"], **paper[locale]})) for locale in LOCALES}
    lasting = {
        f"{locale} {name}": one
        for locale, facts_said in said.items()
        for name, one in facts_said.items()
        if name not in drawing.passing
    }
    return canonical([lasting, facts["proof"]["marks"]])


def current(
    session: Session, kind: DocumentKind, subject: str, fresh: Callable[[], NewDocument], by: Actor, now: datetime
) -> Document:
    """Return the document of a record that is handed out now: the one that holds, where it says what is true.

    Where there is none it is issued, and where its facts are others by now it is replaced. For papers that are handed
    out anew whenever somebody asks, such as the rider's own receipt.
    """
    held = valid_document(session, kind, subject)
    if held is not None and is_the_same(session, held, fresh()):
        return held
    for _ in range(TRIES):
        try:
            with writing(session):
                held = valid_document(session, kind, subject)
                if held is None or not is_the_same(session, held, fresh()):
                    held = issue(session, fresh(), by, now, replaces=held)
            return held
        except IntegrityError:
            continue
    raise Stale(CHANGED)


def revoke(session: Session, document: Document, reason: str, by: Actor, now: datetime) -> None:
    """Take a document back: it holds no longer, and nothing comes instead of it.

    Raises
    ------
    Refusal
        The reason is too short (field ``reason``).
    Stale
        It holds no longer anyhow.
    """
    if len(reason.strip()) < LEAST_REASON:
        text = message("Give the reason in at least %(count)d characters.", count=LEAST_REASON)
        raise Refusal(text, field="reason")
    _revoke(session, document, reason.strip(), by, now)


def _revoke(session: Session, document: Document, reason: str, by: Actor, now: datetime) -> None:
    document.state = DOCUMENT_LIFE.after(DocumentAct.REVOKE, document.state)
    document.ended_utc, document.ended_by_id, document.reason = now, by.user_id, reason[:LONGEST_REASON]
    session.flush()
    audit.write(session, "issued:document:revoke", by, subject=document)


def withdraw(session: Session, kind: DocumentKind, subject: str, reason: str, by: Actor, now: datetime) -> None:
    """Revoke the document of a record that stands no more, if one was issued; the reason is the record's own."""
    held = valid_document(session, kind, subject)
    if held is not None:
        _revoke(session, held, reason, by, now)


def renew(session: Session, new: NewDocument, by: Actor, now: datetime, *, first: bool = True) -> Document | None:
    """Issue what a record says after an act that changed it, instead of what was issued before.

    Where the record has no document that holds: its first one, or with ``first`` false none at all.
    """
    held = valid_document(session, new.kind, new.subject)
    if held is None and not first:
        return None
    if held is not None and is_the_same(session, held, new):
        return held
    return issue(session, new, by, now, replaces=held)


def mark_outdated(session: Session, month: Month, version: int, by: Actor) -> int:
    """Note that a ``version`` of an evaluation was published; returns how many documents rest on older ones."""
    older = select(Document).where(
        Document.evaluation_month.is_not(None),
        Document.evaluation_month == month,
        Document.evaluation_version < version,
        Document.state == DocumentState.VALID,
    )
    documents = session.scalars(older).all()
    for document in documents:
        document.newer_version = version
    session.flush()
    if documents:
        audit.write(session, "issued:document:mark", by, month=str(month), version=version, documents=len(documents))
    return len(documents)


def hand_out(session: Session, document: Document, locale: str, now: datetime, ending: str = "") -> bytes:
    """Return the file of a document that holds; the same bytes whenever it is asked for.

    It is drawn when it is first asked for in a language, from the facts of the document, and kept in the store of
    evidence.

    Raises
    ------
    Refusal
        The document was replaced or revoked.
    """
    if not document.is_valid:
        raise Refusal(no_longer(document))
    ending = ending or DRAWINGS[document.kind].ending
    file = kept_file(session, document, locale, ending)
    if file is not None:
        return services_of(session).evidence.read(file.sha256)
    body = drawn(session, document, locale, ending)
    key = services_of(session).evidence.save(body)
    with writing(session):
        kept = keep_file(session, document, (locale, ending), key, now).sha256
    return body if kept == key else services_of(session).evidence.read(kept)


def keep_file(session: Session, document: Document, of: tuple[str, str], key: str, now: datetime) -> DocumentFile:
    """Keep which file was handed out in a language with an ending; where others were first, theirs is the one."""
    session.refresh(document, ["state"], with_for_update=True)
    file = kept_file(session, document, *of)
    if file is None:
        language, ending = of
        file = DocumentFile(document_id=document.id, language=language, ending=ending, sha256=key, drawn_utc=now)
        session.add(file)
        session.flush()
    return file


def drawn(session: Session, document: Document, locale: str, ending: str = "", across: Message | None = None) -> bytes:
    """Draw a document from its facts."""
    said = what_it_says(session, document)
    return _put_on_paper(session, document.kind, said.data(locale), locale, Stamp(said.proof, across), ending)


def _put_on_paper(
    session: Session, kind: DocumentKind, data: Any, locale: str, stamp: Stamp, ending: str = ""
) -> bytes:
    """Draw what a document of a kind says; the paths among its facts become public addresses here, and only here.

    So a record may be signed off where nobody has said yet under which address the installation is found; its paper
    may not be drawn.
    """
    drawing, proof = DRAWINGS[kind], stamp.proof
    if proof is not None:
        stamp = replace(stamp, proof=_addressed(session, proof, "address"))
    whole = _addressed(session, data, *drawing.addresses)
    return drawing.files[ending or drawing.ending](session, whole, locale, stamp)


def _addressed(session: Session, facts: Kept, *names: str) -> Kept:
    """Return facts with public addresses instead of the paths called ``names``."""
    address = services_of(session).address
    changes: dict[str, Any] = {name: address(getattr(facts, name)) for name in names}
    return replace(facts, **changes)  # type: ignore[type-var] # every kind of facts is a dataclass


def said_on_page(session: Session, document: Document, locale: str) -> tuple[Any, Proof]:
    """Return what a document that holds is drawn from, for a page that says the same as its paper.

    Raises
    ------
    Refusal
        The document was replaced or revoked.
    """
    if not document.is_valid:
        raise Refusal(no_longer(document))
    said = what_it_says(session, document)
    data = _addressed(session, said.data(locale), *DRAWINGS[document.kind].addresses)
    return data, _addressed(session, said.proof, "address")


def excerpt(session: Session, document: Document, locale: str, changes: Mapping[str, Any]) -> bytes:
    """Draw a document for who may not read all of it, with ``changes`` of its facts; a word across it says so."""
    said = what_it_says(session, document)
    across = EXCERPT if document.is_valid else _not_any_more(document)
    data = replace(said.data(locale), **changes)
    return _put_on_paper(session, document.kind, data, locale, Stamp(said.proof, across))


def shown_file(session: Session, document: Document, locale: str, now: datetime, ending: str = "") -> bytes:
    """Return the file of a document for who works with it: one that no longer holds has that written across it."""
    if document.is_valid:
        return hand_out(session, document, locale, now, ending)
    return drawn(session, document, locale, ending, _not_any_more(document))


def _not_any_more(document: Document) -> Message:
    return REVOKED if document.is_revoked else REPLACED


def draft(session: Session, new: NewDocument, locale: str, across: Message, ending: str = "") -> bytes:
    """Draw what would be issued, with a word across it; nothing is kept and it has no number."""
    return _put_on_paper(session, new.kind, new.paper(locale, NO_PROOF), locale, Stamp(None, across), ending)


def no_longer(document: Document) -> Message:
    """Return the sentence that a document does not hold any more."""
    if document.is_revoked:
        return message("Document %(number)s was revoked: %(reason)s", number=document.number, reason=document.reason)
    new = document.replaced_by.number if document.replaced_by is not None else ""
    return message("Document %(number)s was replaced by %(new)s.", number=document.number, new=new)


def reencrypt(session: Session, _now: datetime, batch: int) -> int:
    """Bring up to ``batch`` documents whose facts lie under an older key under the current one; returns how many."""
    keyring = services_of(session).keyring
    stale = Document.kind.in_(PERSONAL) & ~Document.facts.startswith(f"{keyring.current}.", autoescape=True)
    rows = session.scalars(select(Document).where(stale).limit(batch).with_for_update(skip_locked=True)).all()
    for document in rows:
        document.facts = keyring.encrypt(facts_of(session, document), FACTS)
    session.flush()
    if rows:
        audit.write(session, "issued:document:reencrypt", SYSTEM, documents=len(rows))
    return len(rows)
