"""What is loaded with a record: related records by joins whose aliases all statements share.

By itself SQLAlchemy makes a new alias, with all its columns, of every record that is joined in every statement, and
keeps them with the compiled statement: a list of notices took five times as much memory so, and as much longer to be
compiled (docs/adr/0027-memory-of-the-server.md). Must not know any feature.
"""

from __future__ import annotations

from functools import cache
from typing import Any, cast

from sqlalchemy.orm import InstrumentedAttribute, Load, aliased, joinedload, selectinload

Attribute = InstrumentedAttribute[Any]


@cache
def loaded(*path: Attribute, inner: bool = False) -> Load:
    """Return the option that loads what ``path`` leads to, each step with the one before it.

    One record comes by an outer join, many by a statement of their own: ``loaded(Notice.violation, Violation.kind)``,
    ``loaded(StudySession.course, Course.modules)``. Paths that begin alike may be given beside each other. ``inner``:
    every record has one of these, and a database may begin with them.
    """
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


@cache
def _alias(path: tuple[Attribute, ...]) -> Any:
    """Return the alias of the record at the end of ``path``: one statement may lead to two of a kind."""
    return aliased(path[-1].property.mapper.class_)
