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
from trafficedu.core import corrections, database, import_runs, keys
from trafficedu.core.actors import SYSTEM
from trafficedu.core.corrections import Correction
from trafficedu.core.encryption import Keyring
from trafficedu.core.errors import Refusal
from trafficedu.core.import_runs import ImportChange, KeptTrace
from trafficedu.core.keys import DataKey, settle
from trafficedu.core.services import services_of
from trafficedu.core.storage import FolderStore
from trafficedu.core.traces import Noted, RowAct
from trafficedu.core.transactions import writing
from trafficedu.riders.models import Rider
from trafficedu.riders.services import keys as riders_keys
from trafficedu.transfers.services import keeping

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


def tell(session: Session, what: str) -> None:
    """Leave something told of a person behind, under the key of the process, and something told in clear."""
    rider = session.scalars(select(Rider)).one()
    if what == "correction":
        corrections.note(session, rider, {"name": ("张三", "张四")}, SYSTEM, NOW, sealed=True)
        corrections.note(session, rider, {"number": ("R1", "R2")}, SYSTEM, NOW)
        return
    run = import_runs.begin(session, "riders", SYSTEM, NOW)
    trace = KeptTrace(run.id, services_of(session).keyring)
    for sealed in (True, False):
        noted = Noted(RowAct.UPDATED, 2, "-", "rider", rider.id, 1, {"name": "张三"}, {"name": "张四"}, sealed=sealed)
        trace.note(noted)
    trace.flush(session)


@pytest.mark.parametrize("what", ["correction", "run"])
def test_what_corrections_and_runs_tell_of_people_needs_its_key_too(used: Session, what: str) -> None:
    tell(used, what)
    provide(used, keyring=ring("k2", "k1"))
    settle(used, NOW)
    while riders_keys.reencrypt(used, NOW, 50):
        pass
    assert "k1 is missing" in str(keys.fault(used.connection(), ring("k2")))
    used.execute(delete(DataKey))
    provide(used, keyring=ring("k2", "k1=x"))
    with pytest.raises(Refusal, match="not the one"):
        settle(used, NOW)
    provide(used, keyring=ring("k2", "k1"))
    assert keeping.reencrypt(used, NOW, 50) == 1
    provide(used, keyring=ring("k2"))
    settle(used, NOW)
    assert noted(used) == {"k2"}
    if what == "correction":
        kept = used.scalars(select(Correction).where(Correction.field == "name")).one()
        assert corrections.told_of(used, kept)["value"] == "张四"
    else:
        told = [import_runs.told_of(used, each)["after"] for each in used.scalars(select(ImportChange))]
        assert told == [{"name": "张四"}] * 2


def test_the_probe_tells_of_keys_and_evidence_that_are_not_the_database_s(fresh_app: Flask) -> None:
    probe = fresh_app.test_client()
    with fresh_app.app_context():
        own = database.session()
        settle(own, NOW)
        assert probe.get("/readyz").text == "ready\n"
        with writing(own):
            make_hazard(own, places.village_of(own, places.TOWN))
        assert probe.get("/readyz").text == "ready\n"
        store = services_of(own).evidence
        assert isinstance(store, FolderStore)
        folder = store.folder
        folder.rename(folder.with_name("away"))
        answer = probe.get("/readyz")
        assert (answer.status_code, "The evidence folder" in answer.text) == (503, True)
        folder.with_name("away").rename(folder)
        with writing(own):
            own.execute(update(DataKey).values(check_value="0" * 32))
        answer = probe.get("/readyz")
        assert (answer.status_code, "not the one with this id" in answer.text) == (503, True)
