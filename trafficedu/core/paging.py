"""Pages of long lists. Knows SQLAlchemy selects, not the web."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

Item = TypeVar("Item")
PER_PAGE = 50


@dataclass(frozen=True)
class Page(Generic[Item]):
    """One page of a list; ``number`` starts at 1 and never lies outside the list."""

    items: Sequence[Item]
    number: int
    total: int
    per_page: int = PER_PAGE

    @property
    def pages(self) -> int:
        """Number of pages, at least 1."""
        return max(1, -(-self.total // self.per_page))

    @property
    def has_prev(self) -> bool:
        """Whether a page comes before this one."""
        return self.number > 1

    @property
    def has_next(self) -> bool:
        """Whether a page comes after this one."""
        return self.number < self.pages


def paginate(session: Session, query: Select[Any], number: int, per_page: int = PER_PAGE) -> Page[Any]:
    """Run ``query`` for page ``number``; single-entity rows come back as entities, others as rows."""
    total = session.scalar(select(func.count()).select_from(query.order_by(None).subquery())) or 0
    pages = max(1, -(-total // per_page))
    number = min(max(1, number), pages)
    result = session.execute(query.limit(per_page).offset((number - 1) * per_page))
    rows = result.all()
    single = len(query.column_descriptions) == 1
    return Page([row[0] for row in rows] if single else list(rows), number, total, per_page)
