"""Published evaluations of villages, for the lists and screens that read them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from tests.factories import places
from tests.factories.evaluation import put_first_rules_in_force
from trafficedu.core.month import Month
from trafficedu.evaluation.models import EvaluationResult, EvaluationRun, RuleSetRecord

OCTOBER, SEPTEMBER = Month(2026, 10), Month(2026, 9)
NOW = datetime(2026, 11, 4, 2, 0, tzinfo=UTC)
"""Wednesday, 4 November 2026, ten in the morning in Shanghai."""
SCORES = {"green": 95.0, "blue": 85.0, "yellow": 75.0, "orange": 65.0, "red": 40.0, "grey": None}


def publish(
    session: Session,
    month: Month,
    colours: Mapping[str, str],
    inputs: Mapping[str, Any] | None = None,
    number: int = 1,
) -> EvaluationRun:
    """Add a published evaluation of ``month`` under rule set 1: the code of an area -> its colour."""
    rules = session.scalar(select(RuleSetRecord).where(RuleSetRecord.code == "default"))
    rules = rules or put_first_rules_in_force(session)
    run = EvaluationRun(
        month=month,
        number=number,
        rule_set_id=rules.id,
        complete=True,
        digest="0" * 64,
        computed_utc=NOW,
        checked_utc=NOW,
        published_utc=NOW,
    )
    session.add(run)
    session.flush()
    for code, colour in colours.items():
        area = places.area(session, code)
        session.add(
            EvaluationResult(
                run_id=run.id,
                kind=area.level,
                area_id=area.id,
                code=code,
                name=area.name,
                colour=colour,
                score=SCORES[colour],
                present=1.0,
                inputs=dict(inputs or {}),
                dimensions={},
                hash=code.rjust(64, "0"),
            )
        )
    session.flush()
    return run
