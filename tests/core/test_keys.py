"""A database and the keys of a process: refused where they do not belong together, whatever came between them."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from flask import Flask
from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from tests.factories import places
from tests.factories.hazards import make_hazard
from tests.factories.riders import make_rider
from tests.factories.services import provide
from trafficedu.core import database, keys
from trafficedu.core.encryption import Keyring
from trafficedu.core.errors import Refusal
from trafficedu.core.keys import DataKey, settle
from trafficedu.core.services import services_of
from trafficedu.core.transactions import writing
from trafficedu.riders.services import keys as riders_keys

NOW = datetime(2026, 11, 20, 2, 0, tzinfo=UTC)


def ring(*written: str) -> Keyring:
    """Return a ring of keys written ``k1``, or ``k1=x`` for another one of that id."""
    made = {}
    for each in written:
        name, _, other = each.partition("=")
        made[name] = (other or name).encode().ljust(32, b".")
    return Keyring(made)


def noted(session: Session) -> set[str]:
    return set(session.scalars(select(DataKey.name)))


@pytest.fixture
def used(session: Session) -> Session:
    """A database whose rows lie under k1, which it knows."""
    provide(session, keyring=ring("k1"))
    session.execute(delete(DataKey))
    make_rider(session, phone="13800138000")
    settle(session, NOW)
    assert noted(session) == {"k1"}
    return session


@pytest.mark.parametrize(
    ("given", "refused"),
    [
        (("k1=x",), "not the one with this id"),
        (("k2", "k1=x"), "not the one with this id"),
        (("k2",), "k1 is missing"),
    ],
)
def test_rows_that_would_stay_closed_are_no_place_to_begin(used: Session, given: list[str], refused: str) -> None:
    provide(used, keyring=ring(*given))
    with pytest.raises(Refusal) as wrong:
        settle(used, NOW)
    assert refused in str(wrong.value.text)
    assert noted(used) == {"k1"}
    assert keys.fault(used.connection(), ring(*given)) == wrong.value.text


def test_a_database_from_before_check_values_gets_them_from_the_key_that_opens_it(used: Session) -> None:
    for given, refused in ((["k1=x"], "not the one"), (["k9"], "k1 is missing")):
        used.execute(delete(DataKey))
        provide(used, keyring=ring(*given))
        with pytest.raises(Refusal) as wrong:
            settle(used, NOW)
        assert refused in str(wrong.value.text)
        assert noted(used) == set()
    provide(used, keyring=ring("k1"))
    settle(used, NOW)
    assert noted(used) == {"k1"}


def test_a_key_is_changed_and_the_old_one_forgotten_once_no_row_needs_it(used: Session) -> None:
    provide(used, keyring=ring("k2", "k1"))
    settle(used, NOW)
    assert noted(used) == {"k1", "k2"}
    while riders_keys.reencrypt(used, NOW, 50):
        pass
    provide(used, keyring=ring("k2"))
    assert keys.fault(used.connection(), ring("k2")) is None
    settle(used, NOW)
    assert noted(used) == {"k2"}
    provide(used, keyring=ring("k2", "k1"))
    settle(used, NOW)
    assert noted(used) == {"k2"}  # what only decrypts, and nothing, is not waited for


def test_the_probe_tells_of_keys_and_evidence_that_are_not_the_database_s(fresh_app: Flask) -> None:
    probe = fresh_app.test_client()
    with fresh_app.app_context():
        own = database.session()
        settle(own, NOW)
        assert probe.get("/readyz").text == "ready\n"
        with writing(own):
            make_hazard(own, places.village_of(own, places.TOWN))
        assert probe.get("/readyz").text == "ready\n"
        folder = services_of(own).evidence.folder
        folder.rename(folder.with_name("away"))
        answer = probe.get("/readyz")
        assert (answer.status_code, "The evidence folder" in answer.text) == (503, True)
        folder.with_name("away").rename(folder)
        with writing(own):
            own.execute(update(DataKey).values(check_value="0" * 32))
        answer = probe.get("/readyz")
        assert (answer.status_code, "not the one with this id" in answer.text) == (503, True)
