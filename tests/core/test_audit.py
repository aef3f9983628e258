from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from trafficedu.core import audit
from trafficedu.core.actors import SYSTEM
from trafficedu.core.audit import SEAL_AFTER, AuditEntry, AuditSeal
from trafficedu.core.clock import utc_now
from trafficedu.core.database import database
from trafficedu.core.transactions import WRITES


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


def test_workers_that_seal_at_the_same_moment_do_not_fork_the_chain(
    fresh_app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each has read the same rows' beginning, up to another end, before the first one stores its seal."""
    workers, chain = 8, audit.chain
    read = threading.Barrier(workers)

    def chain_when_all_have_read(*given: Any) -> str:
        digest = chain(*given)
        read.wait()
        return digest

    monkeypatch.setattr(audit, "chain", chain_when_all_have_read)
    with fresh_app.app_context():
        opened = database().sessionmaker
        with opened(info=WRITES) as session:
            for _ in range(workers):
                write_three(session)
            session.commit()
        later = utc_now() + SEAL_AFTER + timedelta(seconds=1)

        def seal(number: int) -> int:
            with opened() as session:
                return audit.seal(session, later, batch=number + 1)

        with ThreadPoolExecutor(workers) as threads:
            sealed = list(threads.map(seal, range(workers)))
        with opened() as session:
            seals = list(session.scalars(select(AuditSeal)))
    assert [seal.previous for seal in seals] == ["0" * 64]
    assert sum(sealed) == seals[0].last_id - seals[0].first_id + 1
