"""Counts of what is open or listed, as far as anybody needs them: up to a thousand, then "more than 1,000".

A count costs what it counts; a capped one never reads more than :data:`CAP` rows that match. Must not know the web.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import Select, func, literal_column, select
from sqlalchemy.orm import Session

CAP = 1000


def count_capped(session: Session, query: Select[Any], cap: int = CAP) -> int:
    """Return how many rows ``query`` has; ``cap + 1`` stands for more than ``cap``."""
    some: Select[Any] = (
        query.order_by(None).with_only_columns(literal_column("1"), maintain_column_froms=True).limit(cap + 1)
    )
    return session.scalar(select(func.count()).select_from(some.subquery())) or 0
