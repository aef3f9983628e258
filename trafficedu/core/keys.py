"""With which data keys a database was encrypted: told by check values, before somebody writes with another one.

A column of ciphertext says so in its ``info`` (:func:`encrypted`), one that names files of the evidence store likewise
(:data:`EVIDENCE`): what asks whether keys and files belong to the database finds them there.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from cryptography.exceptions import InvalidTag
from sqlalchemy import Column, ColumnElement, Connection, String, and_, delete, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import InstrumentedAttribute, Mapped, Session, mapped_column

from trafficedu.core import audit
from trafficedu.core.actors import SYSTEM
from trafficedu.core.encryption import Keyring
from trafficedu.core.errors import Refusal
from trafficedu.core.orm import Base, UTCDateTime
from trafficedu.core.services import services_of
from trafficedu.core.storage import EvidenceStore, FolderStore
from trafficedu.core.text import Message, message
from trafficedu.core.transactions import writing

ENCRYPTED, EVIDENCE, BOUND = "encrypted", "evidence", "bound"
"""In a column's ``info``: the field that its ciphertext is bound to; that it names files of the evidence store; the
columns whose values follow the name of the field in what the ciphertext is bound to."""


class DataKey(Base):
    """A data key that rows are encrypted with, or new ones will be: its id and its check value."""

    __tablename__ = "data_key"

    name: Mapped[str] = mapped_column(String(20), primary_key=True)
    check_value: Mapped[str] = mapped_column(String(32))
    noted_utc: Mapped[datetime] = mapped_column(UTCDateTime)


def encrypted(field: str, *bound: str) -> dict[str, Any]:
    """Return the ``info`` of a column that holds what ``Keyring.encrypt`` made of ``field``.

    ``bound``: columns of the row to whose values the ciphertext is bound besides, as :func:`purpose` writes them. A
    column of JSON may hold some rows as they are: those begin with a brace.
    """
    return {ENCRYPTED: field, BOUND: bound}


def purpose(field: str, *values: Any) -> str:
    """Return what a ciphertext is bound to: its field and the values of its row."""
    return ":".join(map(str, (field, *values)))


def field_of(column: InstrumentedAttribute[Any]) -> str:
    """Return the field to which the ciphertext of a column is bound."""
    return str(column.info[ENCRYPTED])


def settle(session: Session, now: datetime) -> None:
    """Make sure that the keys of this process are those of the database, and note what is new.

    A database from before there were check values gets them here, where the key opens a row of each kind. A key that no
    row needs any more is forgotten.

    Raises
    ------
    Refusal
        A key is missing or is another one: rows would stay closed, and known riders be taken for new ones.
    """
    keyring, connection = services_of(session).keyring, session.connection()
    known = _known(connection)
    if (found := _fault(connection, keyring, known)) is not None:
        raise Refusal(found)
    unknown = [name for name in keyring.checks if name not in known]
    used = [name for name in unknown if _opens_what_it_closed(connection, keyring, name) or name == keyring.current]
    if not known and (lost := _under_no_key(connection, keyring)):
        raise Refusal(_missing(lost))
    gone = [name for name in known if name not in keyring.checks]
    if not used and not gone:
        return
    try:
        with writing(session):
            session.execute(delete(DataKey).where(DataKey.name.in_(gone)))
            session.add_all(DataKey(name=name, check_value=keyring.checks[name], noted_utc=now) for name in used)
            session.flush()
            audit.write(session, "core:key:note", SYSTEM, noted=used, forgotten=gone)
    except IntegrityError:
        settle(session, now)  # another process was quicker: what it noted is compared


def fault(connection: Connection, keyring: Keyring) -> Message | None:
    """Return what is wrong with the keys of this process for the database, None where they are right."""
    return _fault(connection, keyring, _known(connection))


def _fault(connection: Connection, keyring: Keyring, known: dict[str, str]) -> Message | None:
    for name, check in known.items():
        if name in keyring.checks and keyring.checks[name] != check:
            return _another(name)
    gone = (name for name in known if name not in keyring.checks)
    return next((_missing(name) for name in gone if _is_needed(connection, name)), None)


def evidence_fault(connection: Connection, store: EvidenceStore) -> Message | None:
    """Return what is wrong with the store of evidence for the database, None where it may be right."""
    if store.is_there() or not any(_first(connection, column, column.is_not(None)) for column in named_files()):
        return None  # the store is asked first: a table in which no row names a file is looked through whole
    if isinstance(store, FolderStore):
        return message(
            "The evidence folder %(folder)s is not there, and records name photos and papers in it. Bring it back, or"
            " check TRAFFICEDU_EVIDENCE_URL.",
            folder=store.folder,
        )
    return message(
        "The store of evidence %(place)s does not answer, and records name photos and papers in it. Check it, and"
        " TRAFFICEDU_EVIDENCE_URL.",
        place=store.place,
    )


def _missing(name: str) -> Message:
    return message(
        "The data key %(key)s is missing, and rows of this database were encrypted with it. Put it back, as the file"
        " data_key of the instance folder or in TRAFFICEDU_DATA_KEY; nothing was changed.",
        key=name,
    )


def _another(name: str) -> Message:
    return message(
        "The data key %(key)s is not the one with this id that the database was encrypted with. Put the right one back,"
        " as the file data_key of the instance folder or in TRAFFICEDU_DATA_KEY; a new key needs an id of its own, such"
        " as k2, and stands before the old one. Nothing was changed.",
        key=name,
    )


def _known(connection: Connection) -> dict[str, str]:
    return dict(connection.execute(select(DataKey.name, DataKey.check_value)).tuples().all())


def _of(kind: str) -> Iterator[Column[Any]]:
    """Yield the columns that say in their ``info`` what they are."""
    yield from (column for table in Base.metadata.sorted_tables for column in table.columns if kind in column.info)


def named_files() -> Iterator[Column[Any]]:
    """Yield the columns that name files of the store of evidence."""
    return _of(EVIDENCE)


def _first(connection: Connection, column: Column[Any], condition: ColumnElement[bool]) -> str | None:
    """Return what the first row holds for which ``condition`` is true."""
    query = select(column).where(condition).order_by(*column.table.primary_key).limit(1)
    value: str | None = connection.scalar(query)
    return value


def _begins(column: Column[Any], name: str) -> ColumnElement[bool]:
    return column.startswith(f"{name}.", autoescape=True)


def _is_needed(connection: Connection, name: str) -> bool:
    return any(_first(connection, column, _begins(column, name)) for column in _of(ENCRYPTED))


def _under_no_key(connection: Connection, keyring: Keyring) -> str | None:
    """Return the id of a key that some row needs and ``keyring`` has not."""
    for column in _of(ENCRYPTED):
        is_sealed = and_(column.is_not(None), ~column.startswith("{"))
        others = and_(is_sealed, *(~_begins(column, name) for name in keyring.checks))
        if found := _first(connection, column, others):
            return found.partition(".")[0]
    return None


def _opens_what_it_closed(connection: Connection, keyring: Keyring, name: str) -> bool:
    """Tell whether rows lie under the key of this id; raise :class:`Refusal` where it does not open the first one."""
    needed = False
    for column in _of(ENCRYPTED):
        bound = [column.table.c[each] for each in column.info[BOUND]]
        first = select(column, *bound).where(_begins(column, name)).order_by(*column.table.primary_key).limit(1)
        if found := connection.execute(first).first():
            needed = True
            try:
                keyring.decrypt(found[0], purpose(column.info[ENCRYPTED], *found[1:]))
            except InvalidTag as error:
                raise Refusal(_another(name)) from error
    return needed
