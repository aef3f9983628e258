"""Reads that find records which may be of one accident: the same area and severity within two hours."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload, selectinload

from trafficedu.accidents import rules
from trafficedu.accidents.models import Accident
from trafficedu.accidents.queries.scope import visible_to
from trafficedu.core.actors import Actor


@dataclass(frozen=True)
class _Brief:
    """As much of a record as tells whether another one is close."""

    id: int
    area_id: int
    severity: str
    occurred_utc: datetime
    told_apart: bool


def list_close(
    session: Session, area_id: int, severity: str, occurred: datetime, *, besides: int | None = None
) -> Sequence[Accident]:
    """Return the records close to this place, severity and time, but not the one with the id ``besides``.

    No scope: the caller has checked that the area is within reach.
    """
    query = (
        select(Accident)
        .where(
            Accident.state == rules.AccidentState.RECORDED,
            Accident.area_id == area_id,
            Accident.severity == severity,
            Accident.occurred_utc.between(occurred - rules.CLOSE, occurred + rules.CLOSE),
        )
        .options(joinedload(Accident.area), selectinload(Accident.kinds))
        .order_by(Accident.occurred_utc, Accident.id)
    )
    return session.scalars(query if besides is None else query.where(Accident.id != besides)).all()


def list_pairs(session: Session, by: Actor, since: date) -> list[tuple[Accident, Accident]]:
    """Return the pairs (earlier, later) that may be one accident since a day, the latest first.

    A pair leaves the list when one of the two is voided, or the later one was told apart.
    """
    columns = (Accident.id, Accident.area_id, Accident.severity, Accident.occurred_utc, Accident.told_apart)
    rows = session.execute(
        select(*columns).where(
            Accident.state == rules.AccidentState.RECORDED, Accident.occurred_on >= since, visible_to(by)
        )
    )
    pairs = [pair for pair in rules.close_pairs(_Brief(*row) for row in rows) if not pair[1].told_apart]
    pairs.sort(key=lambda pair: (pair[1].occurred_utc, pair[1].id), reverse=True)
    ids = {record.id for pair in pairs for record in pair}
    query = select(Accident).where(Accident.id.in_(ids)).options(joinedload(Accident.area))
    by_id = {accident.id: accident for accident in session.scalars(query)}
    return [(by_id[earlier.id], by_id[later.id]) for earlier, later in pairs]
