"""What a survey counted, kept beside it: renewed in the transaction that changes its counts."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import Select, bindparam, func, select
from sqlalchemy.orm import Session

from trafficedu.core import bulk
from trafficedu.core.tables import table_of
from trafficedu.helmets.models import HelmetCount, HelmetSheet, HelmetSurvey
from trafficedu.helmets.rules import CELLS, HeadState, tally


def renew(session: Session, survey_ids: Iterable[int]) -> None:
    """Keep beside these surveys what their sheets add up to now; their counts are flushed.

    Whoever renews the same survey waits, and then reads what the other wrote. The versions of surveys stay: nobody
    edited them.
    """
    surveys = table_of(HelmetSurvey)
    renewed = surveys.update().where(surveys.c.id == bindparam("survey_id"))
    for ids in bulk.batches(survey_ids):
        locked = select(surveys.c.id).where(surveys.c.id.in_(ids)).order_by(surveys.c.id).with_for_update()
        session.execute(locked).all()
        if rows := _added_up(session, ids):
            session.connection().execute(renewed, rows)


def _added_up(session: Session, ids: Sequence[int]) -> list[dict[str, Any]]:
    """Return what is kept beside each survey that has counts."""
    heads = (HeadState.HELMETED, HeadState.BARE, HeadState.UNCLEAR)
    sums = [func.sum(getattr(HelmetCount, head)) for head in heads]
    of_cells = _counts(ids, HelmetCount.group, HelmetCount.role, *sums).group_by(HelmetCount.group, HelmetCount.role)
    empty = {tally(*cell, head): 0 for cell in CELLS for head in HeadState}
    rows: dict[int, dict[str, Any]] = {
        survey_id: {"survey_id": survey_id, "observers": observers} | empty
        for survey_id, observers in session.execute(_counts(ids, func.count(HelmetSheet.id.distinct())))
    }
    for survey_id, group, role, *numbers in session.execute(of_cells):
        rows[survey_id] |= {tally(group, role, head): n for head, n in zip(heads, numbers, strict=True)}
    return list(rows.values())


def _counts(ids: Sequence[int], *columns: Any) -> Select[Any]:
    return (
        select(HelmetSheet.survey_id, *columns)
        .join(HelmetCount, HelmetCount.sheet_id == HelmetSheet.id)
        .where(HelmetSheet.survey_id.in_(ids))
        .group_by(HelmetSheet.survey_id)
    )
