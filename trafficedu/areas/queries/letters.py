"""The names of places in an English paper, with their pinyin."""

from __future__ import annotations

from typing import TypeVar

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from trafficedu.areas.models import Area
from trafficedu.areas.rules import paths_down_to
from trafficedu.core.actors import at_or_below
from trafficedu.reports.romanised import with_pinyin

Paper = TypeVar("Paper")


def with_places(session: Session, paper: Paper, path: str, locale: str) -> Paper:
    """Return a paper about the area at ``path`` as readers of ``locale`` need it: in English with pinyin.

    Without a path (a company works everywhere) only the top of the tree is named.
    """
    if locale != "en":
        return paper
    near = [Area.path.in_(paths_down_to(path)), at_or_below(Area.path, path)] if path else [Area.parent_id.is_(None)]
    return with_pinyin(paper, session.scalars(select(Area.name).where(or_(*near)).distinct()))
