"""Parts of texts found by an index: each character and each two that stand together (docs/adr/0022-parts-of-names.md).

A table of terms holds them with the key of the row, in small letters; triggers of the program keep it up, whoever
writes the row. Must not know the web or any feature.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from sqlalchemy import ColumnElement, Dialect, Table, func, or_, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from trafficedu.core.counting import count_capped
from trafficedu.core.cuts import cuts, ways
from trafficedu.core.reach import WINDOW
from trafficedu.core.schema import TRIGGER_PREFIX, TRIGGERS


def contains(field: InstrumentedAttribute[str], text: str) -> ColumnElement[bool]:
    """Return the condition that a field contains a text, however either writes its Latin letters."""
    return or_(*(func.lower(field).contains(way, autoescape=True) for way in ways(text)))


def rarest(session: Session, term: InstrumentedAttribute[str], text: str) -> str | None:
    """Return the cut of a text that fewest rows have; None where even that is in more than :data:`reach.WINDOW`.

    Every row whose text contains this one is among those of the cut; whoever reads them looks at the whole text.
    """
    counted = ((count_capped(session, select(term).where(term == cut), WINDOW), cut) for cut in cuts(text))
    number, cut = min(counted)
    return cut if number <= WINDOW else None


def keep_terms(table: Table, terms: Table, columns: Sequence[str], longest: int) -> None:
    """Let triggers of ``table`` keep up ``terms``, whose columns are the term and the key of the row.

    ``columns`` are the texts, none of them empty of a value, ``longest`` their most characters together.
    """
    table.info.setdefault(TRIGGERS, {})["terms"] = partial(_statements, table, terms, columns, longest)


def _statements(table: Table, terms: Table, columns: Sequence[str], longest: int, dialect: Dialect) -> Sequence[str]:
    make = _on_postgresql if dialect.name == "postgresql" else _on_sqlite
    return make(table, terms, columns, longest)


def _text(side: str, columns: Sequence[str], line_break: str) -> str:
    """Return the texts of a row, one below the other: no cut that anybody looks for reaches over a line."""
    return f" || {line_break} || ".join(f"{side}.{column}" for column in columns)


def _into(terms: Table) -> str:
    return f"INSERT INTO {terms.name} ({', '.join(terms.columns.keys())}) "


def _gone(terms: Table, selected: str) -> str:
    return f"DELETE FROM {terms.name} WHERE ({', '.join(terms.columns.keys())}) IN ({selected})"  # noqa: S608 - only names of columns


def _on_sqlite(table: Table, terms: Table, columns: Sequence[str], longest: int) -> list[str]:
    places = ", ".join(map(str, range(1, longest + 1)))

    def selected(side: str) -> str:
        text = _text(side, columns, "char(10)")
        return (
            f"SELECT DISTINCT substr(lower({text}), place.value, width.value), {side}.id FROM "  # noqa: S608 - likewise
            f"json_each('[{places}]') AS place, json_each('[1, 2]') AS width"
            f" WHERE place.value + width.value - 1 <= length({text})"
        )

    add, gone = _into(terms) + selected("NEW"), _gone(terms, selected("OLD"))
    return [
        f"CREATE TRIGGER {TRIGGER_PREFIX}{terms.name}_{verb} AFTER {when} ON {table.name} BEGIN {does}; END"
        for verb, when, does in (
            ("insert", "INSERT", add),
            ("update", f"UPDATE OF {', '.join(columns)}", f"{gone}; {add}"),
            ("delete", "DELETE", gone),
        )
    ]


def _on_postgresql(table: Table, terms: Table, columns: Sequence[str], _longest: int) -> list[str]:
    def selected(side: str, rows: str = "") -> str:
        text = _text(side, columns, "chr(10)")
        return (
            f'SELECT DISTINCT substr(lower(({text}) COLLATE "C"), place.n, width.n), {side}.id FROM {rows}'  # noqa: S608 - likewise
            f"generate_series(1, length({text})) AS place(n), generate_series(1, 2) AS width(n)"
            f" WHERE place.n + width.n - 1 <= length({text})"
        )

    into, gone = _into(terms), _gone(terms, selected("OLD"))
    of_statement = "REFERENCING NEW TABLE AS added FOR EACH STATEMENT"
    made = []
    for verb, when, each, does in (
        ("insert", "INSERT", of_statement, into + selected("added", "added, ")),
        ("update", f"UPDATE OF {', '.join(columns)}", "FOR EACH ROW", f"{gone}; {into}{selected('NEW')}"),
        ("delete", "DELETE", "FOR EACH ROW", gone),
    ):
        name = f"{TRIGGER_PREFIX}{terms.name}_{verb}"
        made.append(
            f"CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN {does}; RETURN NULL; END $$"
        )
        made.append(f"CREATE TRIGGER {name} AFTER {when} ON {table.name} {each} EXECUTE FUNCTION {name}()")
    return made
