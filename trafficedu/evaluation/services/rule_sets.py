"""Rule sets: drafted by one, tried on past months, put in force by a second person, never changed afterwards."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from trafficedu.analysis.colours.rule_set import SECOND
from trafficedu.analysis.colours.validity import faults
from trafficedu.core import audit
from trafficedu.core.actors import Actor
from trafficedu.core.clock import local_date
from trafficedu.core.errors import Refusal
from trafficedu.core.month import EARLIEST, Month
from trafficedu.core.orm import expect_version, flush_or_refuse
from trafficedu.core.text import Message, message
from trafficedu.evaluation.models import EvaluationRun, RuleSetRecord
from trafficedu.evaluation.rules.rule_sets import RULE_SET_LIFE, RuleSetAct, RuleSetState

SHIPPED = Path(__file__).parent.parent.parent / "reference" / "rule_set_2.json"
FIRST_CODE = "default"
"""The rule set that was shipped before; where nothing else was drafted or judged by, the new one takes its place."""


@dataclass(frozen=True)
class RuleSetInput:
    """What is entered for a rule set; ``valid_from`` is its first month."""

    name: str
    valid_from: Month
    payload: Mapping[str, Any]
    note: str = ""


class RuleFaults(Refusal):
    """A payload that cannot hold; ``faults`` says field by field why."""

    def __init__(self, faults: Mapping[str, Message]) -> None:
        field, text = next(iter(faults.items()))
        super().__init__(text, field=field)
        self.faults = faults


def shipped_payload() -> dict[str, Any]:
    """Return the figures of the shipped rule set."""
    return dict(json.loads(SHIPPED.read_text(encoding="utf-8"))["payload"])


def load_shipped(session: Session, now: datetime) -> int:
    """Add the shipped rule set where it is not there yet; returns how many were added.

    In force from the beginning where nothing was judged or drafted yet; else it is a draft, which a person of the
    district takes up and a second one puts in force: months judged before keep their own rules.
    """
    shipped = json.loads(SHIPPED.read_text(encoding="utf-8"))
    codes = set(session.scalars(select(RuleSetRecord.code)))
    if shipped["code"] in codes:
        return 0
    fresh = codes <= {FIRST_CODE} and session.scalar(select(EvaluationRun.id).limit(1)) is None
    session.add(
        RuleSetRecord(
            code=shipped["code"],
            name=shipped["name"],
            valid_from=EARLIEST if fresh else earliest_month(session, local_date(now)),
            payload=shipped["payload"],
            state=RuleSetState.IN_FORCE if fresh else RuleSetState.DRAFT,
            created_utc=now,
            changed_utc=now,
            released_utc=now if fresh else None,
        )
    )
    session.flush()
    return 1


def draft_rule_set(session: Session, new: RuleSetInput, by: Actor, now: datetime) -> RuleSetRecord:
    """Draft a rule set. Raises :class:`RuleFaults`, Refusal at ``valid_from``."""
    _require_sound(session, new, now)
    number = (session.scalar(select(func.max(RuleSetRecord.id))) or 0) + 1
    record = RuleSetRecord(
        code=f"rules-{number}",
        name=new.name,
        valid_from=new.valid_from,
        payload=dict(new.payload),
        note=new.note,
        created_by_id=by.user_id,
        created_utc=now,
        changed_by_id=by.user_id,
        changed_utc=now,
    )
    session.add(record)
    flush_or_refuse(session, {"rule_set.code": Refusal(message("Someone has just drafted a rule set. Try again."))})
    audit.write(session, "evaluation:rule:propose", by, subject=record, code=record.code)
    return record


def change_rule_set(
    session: Session, record: RuleSetRecord, new: RuleSetInput, version: int, by: Actor, now: datetime
) -> None:
    """Change a draft. Raises Stale, what :func:`draft_rule_set` raises, Refusal for one that is no draft."""
    _require_draft(record, version)
    _require_sound(session, new, now)
    record.name, record.valid_from, record.payload, record.note = new.name, new.valid_from, dict(new.payload), new.note
    record.changed_by_id, record.changed_utc = by.user_id, now
    session.flush()
    audit.write(session, "evaluation:rule:propose", by, subject=record, code=record.code)


def release_rule_set(session: Session, record: RuleSetRecord, version: int, by: Actor, now: datetime) -> None:
    """Put a draft in force from its month on; months evaluated before stay under their own.

    Raises
    ------
    Stale
        Somebody changed it since it was read.
    Refusal
        It is no draft, or nobody of the district has taken the shipped one up, or ``by`` drafted or changed it, or its
        month has come and been evaluated meanwhile.
    """
    _require_draft(record, version)
    if record.changed_by_id is None:
        raise Refusal(message("Nobody has taken up this draft yet: change it, say why, and save it first."))
    if by.user_id is None or by.user_id in {record.created_by_id, record.changed_by_id}:
        raise Refusal(message("A rule set must be put in force by someone who did not draft or change it."))
    _require_sound(session, RuleSetInput(record.name, record.valid_from, record.payload, record.note), now)
    record.state = RULE_SET_LIFE.after(RuleSetAct.RELEASE, record.state)
    record.released_by_id, record.released_utc = by.user_id, now
    session.flush()
    audit.write(
        session,
        "evaluation:rule:release",
        by,
        subject=record,
        code=record.code,
        valid_from=record.valid_from.first.isoformat(),
    )


def discard_rule_set(session: Session, record: RuleSetRecord, version: int, by: Actor) -> None:
    """Give a draft up; it stays in the list. Raises Stale, Refusal for one that is no draft."""
    _require_draft(record, version)
    record.state = RULE_SET_LIFE.after(RuleSetAct.DISCARD, record.state)
    session.flush()
    audit.write(session, "evaluation:rule:discard", by, subject=record, code=record.code)


def earliest_month(session: Session, today: date) -> Month:
    """Return the first month a new rule set may hold from: this one, or the one after the last evaluated."""
    running = Month.of(today)
    last = session.scalar(select(func.max(EvaluationRun.month)))
    return running if last is None or last < running else last.next


def _require_draft(record: RuleSetRecord, version: int) -> None:
    expect_version(record, version)
    if not RULE_SET_LIFE.may(RuleSetAct.CHANGE, record.state):
        raise Refusal(message("This rule set is no longer a draft, so it cannot be changed."))


def _require_sound(session: Session, new: RuleSetInput, now: datetime) -> None:
    errors = faults(new.payload)
    if new.payload.get("scheme") != SECOND:
        errors["scheme"] = message("New rules are made under the second scheme only.")
    if not new.note.strip():
        errors["note"] = message("Say why: these rules judge the whole district.")
    if errors:
        raise RuleFaults(errors)
    least = earliest_month(session, local_date(now))
    if new.valid_from < least:
        text = message("Past months keep their own rules. Choose %(month)s or a later month.", month=least)
        raise Refusal(text, field="valid_from")
