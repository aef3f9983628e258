"""The triggers that note what changes on a settled day, made from the figures; run after every migration.

They cost what is recorded today one look at a small table. A statement notes its changes at once on PostgreSQL, however
many rows it writes; a row at a time on SQLite, which knows nothing else.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import partial

from sqlalchemy import Dialect, Table, literal_column, select
from sqlalchemy.sql.expression import FromClause

from trafficedu.core.schema import TRIGGER_PREFIX, TRIGGERS
from trafficedu.settled.models import AddedFigure, Asks, CountedFigure, Figure, month_of

SIDES = {"insert": ("new",), "update": ("new", "old"), "delete": ("old",)}
"""Which rows a statement leaves, and which it takes away."""


def watch(figures: Iterable[Figure]) -> None:
    """Let the tables of the figures note their changes; the schema is told through the tables' ``info``."""
    for figure in figures:
        asks = figure.asks() if isinstance(figure, CountedFigure) else ()
        tables = [figure.table] if isinstance(figure, AddedFigure) else [each.table for each in asks]
        for table in tables:
            table.info.setdefault(TRIGGERS, {})[figure.name] = partial(statements, figure, table)


def statements(figure: Figure, table: Table, dialect: Dialect) -> Sequence[str]:
    """Return the statements that make the triggers of a table for a figure."""
    make = _on_postgresql if dialect.name == "postgresql" else _on_sqlite
    return [statement for verb in SIDES for statement in make(figure, table, verb, dialect)]


def _name(figure: Figure, table: Table, verb: str) -> str:
    return f"{TRIGGER_PREFIX}{figure.name}_{table.name}_{verb}"


def _on_postgresql(figure: Figure, table: Table, verb: str, dialect: Dialect) -> list[str]:
    name = _name(figure, table, verb)
    rows = " ".join(f"{side.upper()} TABLE AS {side}_rows" for side in SIDES[verb])
    note = _note(figure, table, verb, dialect)
    return [
        f"CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN {note}; RETURN NULL; END $$",
        f"CREATE TRIGGER {name} AFTER {verb.upper()} ON {table.name} REFERENCING {rows} "
        f"FOR EACH STATEMENT EXECUTE FUNCTION {name}()",
    ]


def _on_sqlite(figure: Figure, table: Table, verb: str, dialect: Dialect) -> list[str]:
    """Return a trigger that a row enters only with a day that may be watched: one look, where it is not."""
    horizon = (
        "(SELECT date(watched, '+' || lag || ' days') FROM settled_month "  # noqa: S608 - of declared figures alone
        f"WHERE figure = '{figure.name}' ORDER BY month DESC LIMIT 1)"
    )
    late = " OR ".join(f"{day} <= {horizon}" for day in _days(figure, table, verb, dialect))
    if isinstance(figure, AddedFigure) and verb != "update":  # nothing to be set off against each other
        added = _added(figure, SIDES[verb][0], dialect)
        note = "; ".join(_noted(figure, part, "w.n", dialect) for part in added)
    else:
        note = _note(figure, table, verb, dialect)
    return [
        f"CREATE TRIGGER {_name(figure, table, verb)} AFTER {verb.upper()} ON {table.name} WHEN {late} "
        f"BEGIN {note}; END"
    ]


def _days(figure: Figure, table: Table, verb: str, dialect: Dialect) -> list[str]:
    """Return the days of a row, before and after a statement, on which it bears on the figure."""
    days: dict[str, None] = {}
    for side in SIDES[verb]:
        if isinstance(figure, AddedFigure):
            row = table.alias(side.upper())
            days |= dict.fromkeys(str(adds.day.compile(dialect=dialect)) for adds in figure.adds(row))
        else:
            days[f"{side.upper()}.{_asks(figure, table).day}"] = None
    return [day.replace('"NEW"', "NEW").replace('"OLD"', "OLD") for day in days]


def _asks(figure: Figure, table: Table) -> Asks:
    assert isinstance(figure, CountedFigure)
    return next(each for each in figure.asks() if each.table is table)


def _note(figure: Figure, table: Table, verb: str, dialect: Dialect) -> str:
    """Return the statement that a trigger runs."""
    if not isinstance(figure, AddedFigure):
        return _note_months(_asks(figure, table), verb, dialect)
    added = " UNION ALL ".join(part for side in SIDES[verb] for part in _added(figure, side, dialect))
    together = "GROUP BY s.figure, s.month, w.day, w.area_id, w.part HAVING sum(w.n) <> 0"
    return f"{_noted(figure, added, 'sum(w.n)', dialect)} {together}"


def _noted(figure: AddedFigure, added: str, n: str, dialect: Dialect) -> str:
    """Return the statement that notes what rows add up to on the days that are watched."""
    month = month_of(literal_column("w.day")).compile(dialect=dialect)
    return (
        "INSERT INTO late_change (figure, month, day, area_id, part, n) "  # noqa: S608 - of declared figures alone
        f"SELECT s.figure, s.month, w.day, w.area_id, w.part, {n} FROM ({added}) AS w "
        f"JOIN settled_month AS s ON s.figure = '{figure.name}' AND s.month = {month} AND w.day <= s.watched"
    )


def _added(figure: AddedFigure, side: str, dialect: Dialect) -> Iterator[str]:
    """Yield one SELECT for each part of the figure: what the rows of one side add, or no longer add."""
    row: FromClause = figure.table.alias(f"{side}_row")
    for adds in figure.adds(row):
        n = adds.of_row if side == "new" else -adds.of_row
        query = select(
            adds.day.label("day"), adds.area_id.label("area_id"), adds.part.label("part"), n.label("n")
        ).where(adds.standing)
        text = str(query.compile(dialect=dialect, compile_kwargs={"literal_binds": True}))
        source = f"FROM {figure.table.name} AS {side}_row"
        assert source in text, text
        if dialect.name == "postgresql":
            yield text.replace(source, f"FROM {side}_rows AS {side}_row")
        else:
            yield text.replace(source, "").replace(f"{side}_row.", f"{side.upper()}.")


def _note_months(asks: Asks, verb: str, dialect: Dialect) -> str:
    """Return the statement that asks for another count of the months on which the changed rows bear."""
    sides = [_row(asks, side, dialect) for side in SIDES[verb]]
    changed = (
        sides[0]
        if len(sides) == 1
        else " UNION ALL ".join(
            f"SELECT * FROM ({one} EXCEPT {other}) AS {name}"  # noqa: S608 - of declared figures alone
            for name, one, other in (("gained", *sides), ("lost", *reversed(sides)))
        )
    )
    return (
        "INSERT INTO late_change (figure, month, day, area_id, part, n) "  # noqa: S608 - of declared figures alone
        f"SELECT DISTINCT s.figure, s.month, s.month, 0, '', 0 FROM ({changed}) AS r {asks.months(dialect)}"
    )


def _row(asks: Asks, side: str, dialect: Dialect) -> str:
    """Return a SELECT of the columns that matter from the rows of one side."""
    if dialect.name == "postgresql":
        return f"SELECT {', '.join(asks.columns)} FROM {side}_rows"  # noqa: S608 - of declared figures alone
    return f"SELECT {', '.join(f'{side.upper()}.{column} AS {column}' for column in asks.columns)}"
