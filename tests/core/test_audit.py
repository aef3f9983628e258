from __future__ import annotations

from datetime import timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from trafficedu.core import audit
from trafficedu.core.actors import SYSTEM
from trafficedu.core.audit import SEAL_AFTER, AuditEntry, AuditSeal
from trafficedu.core.clock import utc_now


def write_three(session: Session) -> None:
    for number in range(3):
        audit.write(session, "test:row:write", SYSTEM, number=number)
    session.flush()


def test_rows_are_sealed_once_and_only_when_old_enough(session: Session) -> None:
    write_three(session)
    now = utc_now()
    assert audit.seal(session, now) == 0
    assert audit.seal(session, now + SEAL_AFTER + timedelta(seconds=1)) == 3
    assert audit.seal(session, now + SEAL_AFTER + timedelta(seconds=2)) == 0


def test_a_changed_row_breaks_its_seal_and_every_later_one(session: Session) -> None:
    write_three(session)
    later = utc_now() + SEAL_AFTER + timedelta(seconds=1)
    audit.seal(session, later)
    write_three(session)
    audit.seal(session, later + SEAL_AFTER)
    rows = list(session.scalars(select(AuditEntry).order_by(AuditEntry.id)))
    seals = list(session.scalars(select(AuditSeal).order_by(AuditSeal.id)))
    assert [seal.digest for seal in seals] == [
        audit.chain("0" * 64, rows[:3]),
        audit.chain(seals[0].digest, rows[3:]),
    ]
    rows[1].detail = {"number": 99}
    broken = audit.chain("0" * 64, rows[:3])
    assert broken != seals[0].digest
    assert audit.chain(broken, rows[3:]) != seals[1].digest
    session.expunge_all()
