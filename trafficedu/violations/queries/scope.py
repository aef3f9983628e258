"""Who sees which violation."""

from __future__ import annotations

from sqlalchemy import ColumnElement, false, true

from trafficedu.areas.queries import within
from trafficedu.core.actors import Actor
from trafficedu.violations.models import Violation


def visible(by: Actor) -> ColumnElement[bool]:
    """Return the condition on ``Violation`` that keeps a query to what ``by`` may see.

    Areas see their subtree. Stations and companies see nothing here: they meet a violation as a task or a
    notice.
    """
    if by.scope.everything:
        return true()
    if by.scope.area_path:
        return Violation.area_id.in_(within(by.scope.area_path))
    return false()
