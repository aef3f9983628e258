"""What the evaluation takes from the ledger of points and from the patrols."""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy.orm import Session

from trafficedu.core.month import Month
from trafficedu.patrols.queries.monthly import effort_by_area
from trafficedu.points.queries.balances import month_points


def points_of(session: Session, month: Month) -> Mapping[tuple[str, int], tuple[int, int | None]]:
    """Return points and points expected in ``month``, by kind and id of the target."""
    return {key: (points.points, points.expected) for key, points in month_points(session, month).items()}


def stops_by_path(session: Session, month: Month) -> Mapping[str, int]:
    """Return the stops made on patrol in ``month``, by path of the area; empty where none are recorded."""
    return {path: effort.stops for path, effort in effort_by_area(session, month).items() if effort.stops}
