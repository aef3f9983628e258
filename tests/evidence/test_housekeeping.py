"""The store compared with what records name: orphans go, what is missing is said."""

from __future__ import annotations

import os
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from tests.conftest import Browser
from tests.evidence.test_photos import send
from tests.factories.pictures import plain_photo
from trafficedu.core.clock import utc_now
from trafficedu.core.doctor import State, Subject
from trafficedu.core.errors import Missing
from trafficedu.core.services import services_of
from trafficedu.core.storage import FolderStore
from trafficedu.evidence import rules
from trafficedu.evidence.models import Photo, StoreCheck
from trafficedu.evidence.queries import count_missing, examine_files
from trafficedu.evidence.services import pictures
from trafficedu.evidence.services.housekeeping import compare_one
from trafficedu.evidence.services.pictures import Sent
from trafficedu.violations.models.records import Violation


def path_of(session: Session, key: str) -> Path:
    store = services_of(session).evidence
    assert isinstance(store, FolderStore)
    return store.folder / key[:2] / key


def aged(session: Session, key: str) -> None:
    old = (utc_now() - timedelta(days=2)).timestamp()
    os.utime(path_of(session, key), (old, old))


def alone(session: Session, key: str) -> None:
    """Take away what other tests left in the part of the store where ``key`` lies."""
    path = path_of(session, key)
    for other in set(path.parent.iterdir()) - {path}:
        other.unlink()


@pytest.fixture(autouse=True)
def two_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a store have the parts of the tests alone, so that a round is one of few."""
    monkeypatch.setattr("trafficedu.evidence.services.housekeeping.PARTS", ())


def look(session: Session, part: str, now: datetime, monkeypatch: pytest.MonkeyPatch) -> int:
    monkeypatch.setattr("trafficedu.evidence.services.housekeeping.PARTS", (part,))
    return compare_one(session, now)


def test_a_file_of_a_transaction_that_was_undone_goes_after_a_day(
    session: Session, phone: Browser, violation: Violation, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = (send(phone, violation.number, plain_photo(1)).json or {})["sha256"]
    drawn = pictures.draw_photo(session, violation, Sent("k" * 16, plain_photo(2)))
    assert drawn.file_key is not None
    session.commit()
    alone(session, drawn.file_key)
    now = utc_now()
    assert look(session, drawn.file_key[:2], now, monkeypatch) == 0, "its transaction may still be running"
    aged(session, drawn.file_key)
    assert look(session, drawn.file_key[:2], now + timedelta(hours=23), monkeypatch) == 0, "once a day"
    assert look(session, drawn.file_key[:2], now + timedelta(hours=24), monkeypatch) == 1
    with pytest.raises(Missing):
        services_of(session).evidence.read(drawn.file_key)
    aged(session, kept)
    session.query(StoreCheck).delete()
    session.commit()
    assert look(session, kept[:2], now, monkeypatch) == 0
    assert services_of(session).evidence.read(kept)
    assert session.scalars(select(StoreCheck)).one().removed == 0


def test_what_records_name_and_the_store_has_not_is_said_until_it_is_back(
    session: Session, phone: Browser, violation: Violation, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = (send(phone, violation.number, plain_photo(1)).json or {})["sha256"]
    data = path_of(session, key).read_bytes()
    path_of(session, key).unlink()
    now = utc_now()
    look(session, key[:2], now, monkeypatch)
    assert count_missing(session) == (1, key)
    (finding,) = examine_files(session)
    assert (finding.subject, finding.state) == (Subject.EVIDENCE, State.UNSAFE)
    assert finding.text.params == {"count": 1, "key": key}
    path_of(session, key).write_bytes(data)
    look(session, key[:2], now + timedelta(days=1), monkeypatch)
    assert count_missing(session) == (0, "")
    assert examine_files(session) == []


def test_each_part_is_looked_at_once_a_day_the_longest_ago_first(session: Session) -> None:
    now = utc_now()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("trafficedu.evidence.services.housekeeping.PARTS", ("00", "01"))
        for minute in (0, 1, 2):
            compare_one(session, now + timedelta(minutes=minute))
        checked = {check.part: check.checked_utc for check in session.scalars(select(StoreCheck))}
        assert checked == {"00": now, "01": now + timedelta(minutes=1)}
        compare_one(session, now + timedelta(days=1))
        session.expire_all()
        assert session.get_one(StoreCheck, "00").checked_utc == now + timedelta(days=1)


def test_saving_again_keeps_a_file_from_going(session: Session, violation: Violation) -> None:
    drawn = pictures.draw_photo(session, violation, Sent("k" * 16, plain_photo(2)))
    assert drawn.file_key is not None
    aged(session, drawn.file_key)
    pictures.draw_photo(session, violation, Sent("k" * 16, plain_photo(2)))
    (kept,) = [each for each in services_of(session).evidence.kept(drawn.file_key[:2]) if each.key == drawn.file_key]
    assert utc_now() - kept.saved_utc < timedelta(minutes=1)


def test_there_are_as_many_parts_as_two_digits_tell() -> None:
    assert (len(rules.PARTS), rules.PARTS[0], rules.PARTS[-1]) == (256, "00", "ff")
    assert Photo.file_key.info
