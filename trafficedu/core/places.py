"""Where a row stands in an order: the condition for what comes after it, and its place sealed for an address.

Must not know the web.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from cryptography.exceptions import InvalidTag
from sqlalchemy import ColumnElement, UnaryExpression, and_, false, literal, or_, tuple_
from sqlalchemy.sql import operators

from trafficedu.core.encryption import Keyring
from trafficedu.core.month import Month

_FIELD = "place"


class Lost(ValueError):
    """An address names a place that this list does not have: it was changed, or belongs to another order."""


@dataclass(frozen=True)
class Key:
    """One expression of an order. Rows without a value come last, whichever way it sorts."""

    expression: ColumnElement[Any]
    descending: bool

    @classmethod
    def of(cls, clause: ColumnElement[Any]) -> Key:
        """Return the key that a clause such as ``Violation.id.desc()`` names."""
        descending = False
        while isinstance(clause, UnaryExpression) and clause.modifier is not None:
            descending = descending or clause.modifier is operators.desc_op
            clause = clause.element
        return cls(clause, descending)

    @property
    def may_be_empty(self) -> bool:
        """Whether rows may lack it: a column that may; what is computed has a value always."""
        return bool(getattr(self.expression, "nullable", False))

    def clause(self, *, back: bool) -> ColumnElement[Any]:
        """Return the clause that sorts by it; ``back`` turns the order round."""
        return self.clause_of(self.expression, back=back)

    def clause_of(self, column: ColumnElement[Any], *, back: bool) -> ColumnElement[Any]:
        """Return the clause that sorts by ``column``, which holds its values."""
        clause = column.desc() if self.descending != back else column.asc()
        if not self.may_be_empty:
            return clause
        return clause.nulls_first() if back else clause.nulls_last()

    def equals(self, value: Any) -> ColumnElement[bool]:
        """Return the condition that a row has ``value``."""
        return self.expression.is_(None) if value is None else self.expression == self.bound(value)

    def beyond(self, value: Any, *, back: bool) -> ColumnElement[bool]:
        """Return the condition that a row comes after those with ``value``; with ``back``, before them."""
        if value is None:
            return self.expression.is_not(None) if back else false()
        bound = self.bound(value)
        condition = self.expression < bound if self.descending != back else self.expression > bound
        return or_(condition, self.expression.is_(None)) if self.may_be_empty and not back else condition

    def bound(self, value: Any) -> ColumnElement[Any]:
        """Return ``value`` as the database compares it."""
        return literal(value, self.expression.type)


class Order:
    """The order of a list; no two rows share the value of its last expression."""

    def __init__(self, order: Sequence[ColumnElement[Any]]) -> None:
        self.keys = [Key.of(clause) for clause in order]

    @property
    def columns(self) -> list[ColumnElement[Any]]:
        """What is read of a row beside itself, to know where it stands."""
        return [key.expression.label(f"place_{number}") for number, key in enumerate(self.keys)]

    @property
    def name(self) -> str:
        """What tells one order from another."""
        return ", ".join(str(key.clause(back=False)) for key in self.keys)

    def clauses(self, *, back: bool = False) -> list[ColumnElement[Any]]:
        """Return what to sort by."""
        return [key.clause(back=back) for key in self.keys]

    def of(self, columns: Iterable[ColumnElement[Any]], *, back: bool = False) -> list[ColumnElement[Any]]:
        """Return what to sort by where ``columns`` hold the values of the keys."""
        return [key.clause_of(column, back=back) for key, column in zip(self.keys, columns, strict=True)]

    def past(self, values: Sequence[Any], *, back: bool = False) -> ColumnElement[bool]:
        """Return the condition that a row comes after (with ``back``: before) the one with ``values``.

        Where all keys run the same way and always have a value it compares rows as a whole, which an index of these
        keys answers from the right place on both databases.
        """
        if len({key.descending for key in self.keys}) == 1 and not any(key.may_be_empty for key in self.keys):
            here = tuple_(*(key.expression for key in self.keys))
            there = tuple_(*(key.bound(value) for key, value in zip(self.keys, values, strict=True)))
            return here < there if self.keys[0].descending != back else here > there
        ways = []
        for number, key in enumerate(self.keys):
            alike = [before.equals(value) for before, value in zip(self.keys[:number], values, strict=False)]
            ways.append(and_(*alike, key.beyond(values[number], back=back)))
        return or_(*ways)


def seal(keyring: Keyring, order: Order, values: Sequence[Any]) -> str:
    """Return the place of the row with ``values`` for an address: nobody reads or makes one, for they hold ids."""
    text = json.dumps([_tagged(value) for value in values], ensure_ascii=False)
    return keyring.seal(text, f"{_FIELD} {order.name}")


def unseal(keyring: Keyring, order: Order, token: str) -> list[Any]:
    """Return the values of a row from :func:`seal`, none for ""; raise :class:`Lost` for what is no place here."""
    if not token:
        return []
    try:
        values = [_READERS[tag](text) for tag, text in json.loads(keyring.unseal(token, f"{_FIELD} {order.name}"))]
    except (InvalidTag, KeyError, ValueError) as error:
        raise Lost from error
    return values


def _tagged(value: Any) -> tuple[str, Any]:
    for kind, (tag, write) in _WRITERS.items():
        if isinstance(value, kind):
            return tag, write(value)
    raise TypeError(f"a list cannot be sorted by {type(value).__name__}")


_WRITERS: dict[type[Any], tuple[str, Callable[[Any], Any]]] = {
    type(None): ("-", lambda value: value),
    bool: ("v", lambda value: value),
    int: ("v", lambda value: value),
    float: ("v", lambda value: value),
    str: ("v", str),
    Decimal: ("n", str),
    datetime: ("t", datetime.isoformat),
    date: ("d", date.isoformat),
    Month: ("m", str),
}
_READERS: dict[str, Callable[[Any], Any]] = {
    "-": lambda _text: None,
    "v": lambda value: value,
    "n": Decimal,
    "t": datetime.fromisoformat,
    "d": date.fromisoformat,
    "m": Month.parse,
}
