"""What people corrected: a layer over the values of a source, which later files renew below it.

A correction says of one field of one record what it was, what it is, who says so, when and why. It stays in force when
a file comes again; where the source then says something new, the difference waits for somebody to decide. Must not
know any feature: whose page changes a record notes it here.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from enum import StrEnum
from typing import Any

from cryptography.exceptions import InvalidTag
from sqlalchemy import ForeignKey, Index, String, Text, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from trafficedu.core import audit, bulk
from trafficedu.core.actors import Actor
from trafficedu.core.keys import encrypted, purpose
from trafficedu.core.orm import Base, UTCDateTime, among, is_among, one_of, partial_index, word
from trafficedu.core.services import services_of
from trafficedu.core.states import StateIs, Transitions, Word
from trafficedu.core.text import message
from trafficedu.core.traces import plain

LONGEST_REASON = 500


class CorrectionState(Word):
    """Whether a correction holds against its source."""

    HELD = "held", message("in force")
    DIFFERS = "differs", message("the source says something else"), "open"
    AGREED = "agreed", message("the source says the same"), "done"
    REPLACED = "replaced", message("replaced by a later correction")
    TAKEN = "taken", message("given up for the source's value")


class CorrectionAct(StrEnum):
    """What happens to a correction."""

    DIFFER = "differ"
    RETURN = "return"
    AGREE = "agree"
    KEEP = "keep"
    REPLACE = "replace"
    TAKE = "take"


IN_FORCE = (CorrectionState.HELD, CorrectionState.DIFFERS)
CORRECTION_LIFE: Transitions[CorrectionAct, CorrectionState] = Transitions(
    {
        CorrectionAct.DIFFER: (IN_FORCE, CorrectionState.DIFFERS),
        CorrectionAct.RETURN: ([CorrectionState.DIFFERS], CorrectionState.HELD),
        CorrectionAct.AGREE: (IN_FORCE, CorrectionState.AGREED),
        CorrectionAct.KEEP: ([CorrectionState.DIFFERS], CorrectionState.HELD),
        CorrectionAct.REPLACE: (IN_FORCE, CorrectionState.REPLACED),
        CorrectionAct.TAKE: (IN_FORCE, CorrectionState.TAKEN),
    }
)
_HOLDS = is_among("state", IN_FORCE)


class Correction(Base):
    """One correction of one ``field`` of the record ``subject_id`` of the table ``subject_kind``.

    ``told`` is JSON, encrypted where the field is personal: ``before``, what the record said; ``value``, what it says
    since; ``over``, what the source said at that time; ``source``, what it says now.
    """

    __tablename__ = "correction"
    __table_args__ = (
        one_of("state", CorrectionState),
        Index("ix_correction_subject", "subject_kind", "subject_id", "id"),
        partial_index("uq_correction_in_force", "subject_kind", "subject_id", "field", where=_HOLDS, unique=True),
        partial_index(
            "ix_correction_differs", "subject_kind", "id", where=is_among("state", [CorrectionState.DIFFERS])
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    subject_kind: Mapped[str] = mapped_column(String(40))
    subject_id: Mapped[int]
    field: Mapped[str] = mapped_column(String(40))
    told: Mapped[str] = mapped_column(Text, info=encrypted("correction", "subject_kind", "subject_id", "field"))
    reason: Mapped[str] = mapped_column(String(LONGEST_REASON), default="")
    state: Mapped[CorrectionState] = mapped_column(word(CorrectionState, 10), default=CorrectionState.HELD)
    made_by_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))
    made_utc: Mapped[datetime] = mapped_column(UTCDateTime)
    decided_by_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))
    decided_utc: Mapped[datetime | None] = mapped_column(UTCDateTime)

    holds = StateIs(*IN_FORCE)
    differs = StateIs(CorrectionState.DIFFERS)


def _purpose(correction: Correction) -> str:
    return purpose("correction", correction.subject_kind, correction.subject_id, correction.field)


def told_of(session: Session, correction: Correction) -> dict[str, Any]:
    """Return what a correction tells; nothing where its key is gone or it was changed."""
    if correction.told.startswith("{"):
        return dict(json.loads(correction.told))
    try:
        return dict(json.loads(services_of(session).keyring.decrypt(correction.told, _purpose(correction))))
    except (KeyError, InvalidTag, ValueError):
        return {}


def _tell(session: Session, correction: Correction, told: Mapping[str, Any], *, sealed: bool) -> None:
    text = json.dumps(told, ensure_ascii=False)
    correction.told = services_of(session).keyring.encrypt(text, _purpose(correction)) if sealed else text


def seal_anew(session: Session, correction: Correction) -> None:
    """Encrypt what a correction tells under the current key; what cannot be read stays as it is."""
    if told := told_of(session, correction):
        _tell(session, correction, told, sealed=True)


def note(
    session: Session,
    record: Any,
    changes: Mapping[str, tuple[Any, Any]],
    by: Actor,
    now: datetime,
    *,
    reason: str = "",
    sealed: bool = False,
) -> None:
    """Keep what somebody changed of a record, as field -> (before, after); ``sealed`` encrypts personal values."""
    kind = record.__tablename__
    held = {each.field: each for each in _in_force(session, kind, [record.id])}
    for name, (before, after) in changes.items():
        earlier = held.get(name)
        source = told_of(session, earlier).get("source") if earlier else plain(before)
        if earlier is not None:
            earlier.state = CORRECTION_LIFE.after(CorrectionAct.REPLACE, earlier.state)
            session.flush()
        state = CorrectionState.AGREED if plain(after) == source else CorrectionState.HELD
        made = Correction(subject_kind=kind, subject_id=record.id, field=name, reason=reason, state=state, made_utc=now)
        made.made_by_id = by.user_id
        told = {"before": plain(before), "value": plain(after), "over": source, "source": source}
        _tell(session, made, told, sealed=sealed)
        session.add(made)
    session.flush()


@contextmanager
def correcting(
    session: Session, record: Any, fields: Sequence[str], by: Actor, now: datetime, *, reason: str = ""
) -> Iterator[None]:
    """Keep what becomes another in the ``fields`` of a record inside the block, as :func:`note` does."""
    before = {name: getattr(record, name) for name in fields}
    yield
    session.flush()
    changes = {name: (old, getattr(record, name)) for name, old in before.items() if getattr(record, name) != old}
    if changes:
        note(session, record, changes, by, now, reason=reason)


def history(session: Session, record: Any) -> Sequence[Correction]:
    """Return every correction of a record, the latest first."""
    return history_of(session, record.__tablename__, record.id)


def history_of(session: Session, kind: str, subject_id: int) -> Sequence[Correction]:
    """Return every correction of the record ``subject_id`` of the table ``kind``, the latest first."""
    of_record = (Correction.subject_kind == kind, Correction.subject_id == subject_id)
    return session.scalars(select(Correction).where(*of_record).order_by(Correction.id.desc())).all()


def in_force(session: Session, kind: str, subject_id: int) -> dict[str, Correction]:
    """Return the corrections of a record that hold, by field."""
    return {each.field: each for each in _in_force(session, kind, [subject_id])}


def _in_force(session: Session, kind: str, ids: Collection[int]) -> Iterable[Correction]:
    query = select(Correction).where(Correction.subject_kind == kind, among(Correction.state, *IN_FORCE))
    for batch in bulk.batches(ids):
        yield from session.scalars(query.where(Correction.subject_id.in_(batch)))


def keep(session: Session, model: type[Base], subject_id: int, by: Actor, now: datetime) -> int:
    """Let the corrections of a record stand against what its source says now; returns how many that was asked of."""
    count = 0
    for correction in list(_in_force(session, model.__tablename__, [subject_id])):
        if not correction.differs:
            continue
        told = told_of(session, correction)
        _tell(session, correction, told | {"over": told.get("source")}, sealed=not correction.told.startswith("{"))
        _decide(correction, CorrectionAct.KEEP, by, now)
        count += 1
    session.flush()
    audit.write(session, "transfers:correction:keep", by, subject=(model, subject_id), fields=count)
    return count


def give_up(session: Session, model: type[Base], subject_id: int, by: Actor, now: datetime) -> dict[str, Any]:
    """End the corrections of a record; returns what its source says of their fields, as ``traces.plain`` writes it."""
    source: dict[str, Any] = {}
    for correction in list(_in_force(session, model.__tablename__, [subject_id])):
        source[correction.field] = told_of(session, correction).get("source")
        _decide(correction, CorrectionAct.TAKE, by, now)
    session.flush()
    audit.write(session, "transfers:correction:take", by, subject=(model, subject_id), fields=sorted(source))
    return source


def _decide(correction: Correction, act: CorrectionAct, by: Actor, now: datetime) -> None:
    correction.state = CORRECTION_LIFE.after(act, correction.state)
    correction.decided_by_id, correction.decided_utc = by.user_id, now


class HeldCorrections:
    """The corrections that a file meets, batch by batch: what it says of such a field goes below the correction."""

    def __init__(self, session: Session, kind: str) -> None:
        self._session, self._kind = session, kind
        some = select(Correction.id).where(Correction.subject_kind == kind, among(Correction.state, *IN_FORCE))
        self._any = session.scalar(some.limit(1)) is not None
        self._held: dict[int, dict[str, Correction]] = {}

    def meet(self, ids: Collection[int]) -> None:
        """Read the corrections of the records of a batch."""
        self._held = {}
        for correction in _in_force(self._session, self._kind, ids) if self._any else ():
            self._held.setdefault(correction.subject_id, {})[correction.field] = correction

    def fields(self, record_id: int) -> Collection[str]:
        """Return which fields of a record are corrected."""
        return self._held.get(record_id, {}).keys()

    def said(self, record_id: int, field: str, value: Any, now: datetime) -> bool:
        """Take in what the source says of a corrected field; tells whether that is news that somebody must judge."""
        correction, value = self._held[record_id][field], plain(value)
        told = told_of(self._session, correction)
        if value == told.get("source"):
            return False
        if value == told.get("value"):
            act = CorrectionAct.AGREE
        elif value == told.get("over"):
            act = CorrectionAct.RETURN
        else:
            act = CorrectionAct.DIFFER
        _tell(self._session, correction, told | {"source": value}, sealed=not correction.told.startswith("{"))
        correction.state = CORRECTION_LIFE.after(act, correction.state)
        if act is CorrectionAct.AGREE:
            correction.decided_utc = now
            del self._held[record_id][field]
        return act is CorrectionAct.DIFFER
