"""What is loaded with a record: related records by joins whose aliases all statements share.

By itself SQLAlchemy makes a new alias, with all its columns, of every record that is joined in every statement, and
keeps them with the compiled statement: a list of notices took five times as much memory so, and as much longer to be
compiled (docs/adr/0027-memory-of-the-server.md). Must not know any feature.
"""

from __future__ import annotations

from threading import RLock
from typing import Any, cast

from sqlalchemy import inspect
from sqlalchemy.orm import InstrumentedAttribute, Load, aliased, joinedload, selectinload

Attribute = InstrumentedAttribute[Any]


Path = tuple[Attribute, ...]
_OPTIONS: dict[tuple[Path, bool], Load] = {}
_ALIASES: dict[Path, Any] = {}
_MAKING = RLock()
"""Held while one is made: two aliases of one path, made by threads at once, would never fit into one statement."""


def loaded(*path: Attribute, inner: bool = False) -> Load:
    """Return the option that loads what ``path`` leads to, each step with the one before it.

    One record comes by an outer join, many by a statement of their own: ``loaded(Notice.violation, Violation.kind)``,
    ``loaded(StudySession.course, Course.modules)``. Paths that begin alike may be given beside each other. ``inner``:
    every record has one of these, and a database may begin with them.
    """
    known = _OPTIONS.get((path, inner))
    if known is not None:
        return known
    with _MAKING:
        return _OPTIONS.get((path, inner)) or _OPTIONS.setdefault((path, inner), _make(path, inner))


def _make(path: Path, inner: bool) -> Load:
    option: Any = None
    reached: Any = None
    for steps, attribute in enumerate(path, 1):
        step = attribute if reached is None else getattr(reached, attribute.key)
        if attribute.property.uselist:
            option, reached = (option.selectinload if option else selectinload)(step), None
        else:
            reached = _alias(path[:steps])
            option = (option.joinedload if option else joinedload)(step.of_type(reached), innerjoin=inner)
    return cast(Load, option)


def _alias(path: Path) -> Any:
    """Return the alias of the record at the end of ``path``: one statement may lead to two of a kind.

    It is looked up in once before anybody else has it. SQLAlchemy makes its index of an alias's columns at the first
    look, and takes one half made for a whole one: a second thread would find no column, and that is remembered for the
    alias, so that none of its statements could be compiled any more.
    """
    if path not in _ALIASES:
        mapper = path[-1].property.mapper
        made = aliased(mapper.class_)
        inspect(made).selectable.corresponding_column(mapper.local_table.primary_key.columns[0])
        _ALIASES[path] = made
    return _ALIASES[path]
