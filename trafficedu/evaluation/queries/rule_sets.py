"""Reads of rule sets."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from trafficedu.analysis.colours.rule_set import RuleSet
from trafficedu.core.errors import Missing, Refusal
from trafficedu.core.loading import loaded
from trafficedu.core.month import Month
from trafficedu.core.text import message
from trafficedu.evaluation.models import RuleSetRecord
from trafficedu.evaluation.rules.rule_sets import RuleSetState


def rule_set_of(session: Session, month: Month) -> RuleSetRecord:
    """Return the rule set that holds in ``month``: the latest in force that began by then."""
    query = (
        select(RuleSetRecord)
        .where(RuleSetRecord.state == RuleSetState.IN_FORCE, RuleSetRecord.valid_from <= month)
        .order_by(RuleSetRecord.valid_from.desc(), RuleSetRecord.id.desc())
        .limit(1)
    )
    record = session.scalar(query)
    if record is None:
        raise Refusal(message("No rule set is in force for this month. Run first: trafficedu init"))
    return record


def rules_from(record: RuleSetRecord) -> RuleSet:
    """Return a rule set to judge by."""
    return RuleSet(record.code, record.payload)


def list_rule_sets(session: Session) -> Sequence[RuleSetRecord]:
    """Return all rule sets, the latest first."""
    people = (loaded(RuleSetRecord.changed_by), loaded(RuleSetRecord.released_by))
    return session.scalars(select(RuleSetRecord).options(*people).order_by(RuleSetRecord.id.desc())).all()


def find_rule_set(session: Session, code: str) -> RuleSetRecord:
    """Return the rule set with ``code``; raise :class:`Missing`."""
    record = session.scalar(select(RuleSetRecord).where(RuleSetRecord.code == code))
    if record is None:
        raise Missing(message("This rule set does not exist."))
    return record
