"""Persons without papers: recorded, heard of by nobody, found in a list, named later or given up."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from tests.conftest import Browser
from tests.factories.events import published
from tests.factories.services import provide
from tests.factories.violations import NOW, District, identity, make_violation, new_rider
from tests.violations.test_views import typed
from trafficedu.core.actors import SYSTEM, Actor
from trafficedu.core.audit import AuditEntry
from trafficedu.core.encryption import Keyring
from trafficedu.core.errors import Refusal, Stale
from trafficedu.education.models.tasks import StudyTask
from trafficedu.feedback.models import Notice
from trafficedu.riders.models import Rider
from trafficedu.riders.queries.people import phone_of
from trafficedu.riders.queries.plates import rider_of
from trafficedu.violations.events import ViolationEstablished
from trafficedu.violations.models.records import UnnamedPerson, Violation
from trafficedu.violations.queries.unnamed import UNNAMED
from trafficedu.violations.services import keys, reviewing, unnamed
from trafficedu.violations.services.unnamed import Described

SAID: dict[str, Any] = {
    "rider": None,
    "papers": "not_carried",
    "described": Described("自称王五", "13812345678", "红色头盔"),
}


def wanted(session: Session) -> list[str]:
    return [row.number for row in UNNAMED.page(session, SYSTEM, None).items]


def record(session: Session, district: District, by: Actor, **values: Any) -> Violation:
    return make_violation(session, district.village, by, **SAID | {"plate": "杭州A12345"} | values)


def test_it_counts_and_waits_until_somebody_is_named(session: Session, district: District, officer: Actor) -> None:
    heard = published(session, ViolationEstablished)
    violation = record(session, district, officer)
    assert (violation.state, violation.rider_id, heard, wanted(session)) == ("confirmed", None, [], [violation.number])
    rider = reviewing.identify_rider(session, violation, new_rider(name="王武"), officer, NOW)
    assert heard == [ViolationEstablished(NOW, officer, violation.id)]
    assert (violation.identity, wanted(session)) == ("named", [])
    assert (phone_of(session, rider), rider_of(session, "杭州A12345", violation.occurred_on)) == ("13812345678", rider)
    with pytest.raises(Stale):
        unnamed.give_up(session, violation, "x", officer)


def test_it_can_be_given_up_and_named_all_the_same(session: Session, district: District, officer: Actor) -> None:
    violation = record(session, district, officer)
    unnamed.give_up(session, violation, "多方查找无果", officer)
    assert (violation.state, wanted(session)) == ("confirmed", [])
    with pytest.raises(Stale):
        unnamed.give_up(session, violation, "again", officer)
    reviewing.identify_rider(session, violation, new_rider(), officer, NOW)
    assert violation.identity == "named"
    void = record(session, district, officer, plate="")
    reviewing.void(session, void, "重复", officer, NOW)
    assert (void.identity, wanted(session)) == ("given_up", [])


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"papers": ""}, "id_number"),
        ({"papers": "lost"}, "papers"),
        ({"plate": "", "described": Described()}, "appearance"),
        ({"described": Described("王五", "12")}, "phone"),
    ],
)
def test_something_must_be_known(
    session: Session, district: District, officer: Actor, change: dict[str, Any], field: str
) -> None:
    with pytest.raises(Refusal) as refused:
        record(session, district, officer, **change)
    assert refused.value.field == field


def test_the_phone_is_encrypted_and_follows_the_key(session: Session, district: District, officer: Actor) -> None:
    old, newer = Keyring.generate(), Keyring.generate().replace("k1", "k2")
    provide(session, keyring=Keyring.parse(old))
    record(session, district, officer)
    [person] = session.scalars(select(UnnamedPerson))
    assert "13812345678" not in (person.phone_cipher or "")
    provide(session, keyring=Keyring.parse(f"{newer},{old}"))
    assert [keys.reencrypt(session, NOW, 10) for _ in range(2)] == [1, 0]
    provide(session, keyring=Keyring.parse(newer))
    assert unnamed.phone_of(session, person) == "13812345678"


class TestPages:
    def test_at_the_kerb(self, session: Session, phone: Browser, district: District) -> None:
        given = typed(district, id_number="", name="自称王五", phone="13812345678", plate="")
        refused = phone.post("/record", data=given)
        assert refused.status_code == 422
        assert "say why there are no papers" in refused.text
        answer = phone.post("/record", data=given | {"papers": "refused", "appearance": "红色头盔"})
        assert answer.status_code == 303
        violation = session.scalars(select(Violation)).one()
        recorded = phone.get(answer.location).text
        assert "The person is to be identified." in recorded
        assert f"/n/{violation.number}" not in recorded
        for table in (StudyTask, Notice, Rider):
            assert session.scalar(select(func.count()).select_from(table)) == 0
        for page in ("/", "/unnamed"):
            assert f"/violations/{violation.number}" in phone.get(page).text
        shown = phone.get(f"/violations/{violation.number}").text
        assert "红色头盔" in shown
        assert "13812345678" not in shown
        assert "13812345678" in phone.post(f"/violations/{violation.number}/phone").text
        unmasked = select(AuditEntry).where(AuditEntry.action == "violations:unnamed:unmask")
        assert session.scalars(unmasked).one().subject_id == violation.id
        page = f"/violations/{violation.number}/identify"
        assert 'value="自称王五"' in phone.get(page).text
        assert (
            phone.post(page, data={"id_type": "identity_card", "id_number": identity(), "name": "王武"}).status_code
            == 303
        )
        assert session.scalar(select(func.count()).select_from(StudyTask)) == 1
        assert violation.number not in phone.get("/unnamed").text

    def test_the_supervisor_gives_up(self, session: Session, desk: Browser, district: District) -> None:
        violation = record(session, district, SYSTEM)
        elsewhere = make_violation(session, district.other_village, SYSTEM, **SAID)
        session.commit()
        assert elsewhere.number not in desk.get("/unnamed").text
        page = f"/violations/{violation.number}/give-up"
        assert desk.get(page).status_code == 200
        assert desk.post(page, data={"reason": ""}).status_code == 422
        assert desk.post(page, data={"reason": "查找无果"}).status_code == 303
        assert desk.post(page, data={"reason": "查找无果"}).status_code == 409
        assert desk.post(f"/violations/{elsewhere.number}/give-up", data={"reason": "x"}).status_code == 404
