"""What the evaluation takes from the ledger of points and from the patrols."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from sqlalchemy.orm import Session

from trafficedu.patrols import queries as patrols
from trafficedu.points import queries as points


def points_of(session: Session, month: date) -> Mapping[tuple[str, int], tuple[int, int | None]]:
    """Return points and points expected in ``month``, by kind and id of the target."""
    return {key: (one.points, one.expected) for key, one in points.month_points(session, month).items()}


def stops_by_path(session: Session, month: date) -> Mapping[str, int]:
    """Return the stops made on patrol in ``month``, by path of the area; empty where none are recorded."""
    efforts = patrols.effort_by_area(session, month)
    return {path: effort.stops for path, effort in efforts.items() if effort.stops is not None}
