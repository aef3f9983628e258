"""Two records of one offence merged: one stays, the other is voided as its duplicate. Flushes, never commits."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from trafficedu.core import audit
from trafficedu.core.actors import Actor
from trafficedu.core.errors import Stale
from trafficedu.core.events import publish
from trafficedu.violations.events import ToldApart
from trafficedu.violations.models.decisions import ViolationPair
from trafficedu.violations.models.records import Violation
from trafficedu.violations.rules import states
from trafficedu.violations.rules.states import PAIR_LIFE, PairAct, ViolationAct
from trafficedu.violations.services import doubles
from trafficedu.violations.services.reviewing import void_as_double


def merge(session: Session, pair: ViolationPair, voided_id: int, by: Actor, now: datetime) -> None:
    """Say that two records are of one offence, and void ``voided_id``, one of them, as the duplicate of the other.

    Its task, its notice and its objection are taken back as voiding does; both records stay with what happened to them.
    Of the one that is kept one is told now, unless it waits beside another one. The records are locked in the order of
    their ids, so that two who decide at once do not void both.

    Raises
    ------
    Stale
        Somebody decided before, or one of the two stands no more.
    """
    ids = [pair.first_id, pair.second_id]
    locked = select(Violation).where(Violation.id.in_(ids)).order_by(Violation.id).with_for_update(of=Violation)
    records = {row.id: row for row in session.scalars(locked.execution_options(populate_existing=True))}
    session.refresh(pair, with_for_update={"of": ViolationPair})
    state = PAIR_LIFE.after(PairAct.MERGE, pair.state)
    if not all(record.may(ViolationAct.VOID) for record in records.values()):
        raise Stale(states.DECIDED)
    pair.state, pair.voided_id = state, voided_id
    pair.decided_by_id, pair.decided_utc = by.user_id, now
    session.flush()
    [kept_id] = set(ids) - {voided_id}
    audit.write(session, "violations:double:merge", by, subject=pair, kept=kept_id, voided=voided_id)
    void_as_double(session, records[voided_id], by, now)
    doubles.list_open(session, records[kept_id], by)
    publish(session, ToldApart(now, by, kept_id))
