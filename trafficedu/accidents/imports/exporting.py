"""Exports of accidents: the records that count, in the columns that an import takes. Nobody is named in them.

A voided record is left out: imported elsewhere it would count.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from trafficedu.accidents.models import Accident, AccidentKind
from trafficedu.accidents.queries.scope import visible_to
from trafficedu.accidents.rules import AccidentState
from trafficedu.areas.models import Area
from trafficedu.core import bulk
from trafficedu.core.actors import Actor
from trafficedu.core.month import Month
from trafficedu.core.orm import reference_of
from trafficedu.violations.models.records import ViolationKind

SEPARATOR = ";"
_PLAIN = ("place", "latitude", "longitude", "severity", "killed", "killed_30_days", "injured", "ebike_involved")
_CODES = ("rider_helmet", "responsibility")


def list_rows(
    session: Session, by: Actor, now: datetime, month: Month | None, clear: bool
) -> Iterator[Mapping[str, Any]]:
    """Yield the accidents of a month, or all, that ``by`` may see, the oldest first; see ``core.tabular.ListRows``."""
    query = (
        select(Accident, Area.code)
        .join(Area, Area.id == Accident.area_id)
        .where(visible_to(by), Accident.state == AccidentState.RECORDED)
        .order_by(Accident.occurred_utc, Accident.id)
        .execution_options(yield_per=bulk.BATCH)
    )
    if month is not None:
        query = query.where(Accident.occurred_on.between(month.first, month.last))
    for piece in session.execute(query).partitions():
        kinds = kinds_of(session, [accident.id for accident, _ in piece])
        for accident, area_code in piece:
            yield {
                "reference": reference_of(accident, accident.occurred_on),
                "occurred_at": accident.occurred.at,
                "area_code": area_code,
                "kinds": SEPARATOR.join(kinds.get(accident.id, ())),
                **{name: getattr(accident, name) for name in (*_PLAIN, *_CODES)},
            }


def kinds_of(session: Session, accident_ids: Sequence[int]) -> dict[int, tuple[str, ...]]:
    """Return the codes of the kinds involved in each of some thousand accidents, ascending; none left out."""
    query = (
        select(AccidentKind.accident_id, ViolationKind.code)
        .join(ViolationKind, ViolationKind.id == AccidentKind.kind_id)
        .where(AccidentKind.accident_id.in_(accident_ids))
        .order_by(AccidentKind.accident_id, ViolationKind.code)
    )
    codes: dict[int, tuple[str, ...]] = {}
    for accident_id, code in session.execute(query):
        codes[accident_id] = (*codes.get(accident_id, ()), code)
    return codes
