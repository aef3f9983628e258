"""Pages on which it is said which company answers: the police's list and decisions, a company's riders to confirm."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date, timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from tests.conftest import Browser
from tests.factories.feedback import World, make_rider, make_world
from tests.factories.violations import new_violation
from trafficedu.accounts.models import User
from trafficedu.core.actors import SYSTEM
from trafficedu.core.clock import local, local_date, utc_now
from trafficedu.feedback.models import Notice
from trafficedu.riders.models import Engagement, Rider
from trafficedu.riders.queries.people import id_number_of
from trafficedu.riders.services.engagements import NewEngagement, engage
from trafficedu.violations.models.records import Violation
from trafficedu.violations.services.recording import record

MakeUser = Callable[..., User]


@pytest.fixture
def world(session: Session) -> World:
    return make_world(session)


@pytest.fixture
def rider(session: Session, world: World) -> Rider:
    return make_rider(session, world.other_village, "诸葛孔明")


def recorded(session: Session, world: World, rider: Rider, code: str | None = None) -> Violation:
    new = new_violation(
        world.village,
        rider_number=rider.number,
        company_code=code,
        plate="",
        occurred_utc=utc_now() - timedelta(hours=1),
    )
    violation = record(session, new, SYSTEM, utc_now())
    session.commit()
    return violation


def notice_of(session: Session, violation: Violation) -> Notice:
    session.expire_all()
    return session.scalars(select(Notice).where(Notice.violation_id == violation.id)).one()


def test_the_police_decide_with_one_key_and_take_it_back(
    session: Session, client: Browser, world: World, rider: Rider, make_user: MakeUser
) -> None:
    for company in (world.company, world.other_company):
        engage(session, rider, NewEngagement(company.id, date(2020, 1, 1), None, "contract"), SYSTEM, utc_now())
    violation = recorded(session, world, rider)
    client.sign_in(make_user("supervisor", area_id=world.district.id))
    assert "Open companies 1" in client.get("/?lang=en").text
    page = client.get("/companies-open").text
    assert "诸葛孔明" in page
    for company in (world.company, world.other_company):
        assert f'name="company_id" value="{company.id}"' in page
    base = f"/violations/{violation.number}/company"
    assert base in client.get(f"/violations/{violation.number}").text
    stale = client.post(f"{base}/choose", data={"company_id": world.company.id, "version": 77})
    assert stale.status_code == 409
    seen = {"version": violation.version}
    answer = client.post(f"{base}/choose", data={"company_id": world.other_company.id, "back": "list", **seen})
    assert answer.location.endswith("/companies-open")
    notice = notice_of(session, violation)
    assert (notice.state, notice.company_id) == ("sent", world.other_company.id)
    assert "诸葛孔明" not in client.get("/companies-open").text
    assert "The police chose the company" in client.get(f"{base}?lang=en").text
    again = {"reason": "", "version": violation.version}
    assert client.post(f"{base}/take-back", data=again).status_code == 422
    assert client.post(f"{base}/take-back", data=again | {"reason": "选错了"}).status_code == 303
    assert notice_of(session, violation).held_reason == "company_ambiguous"
    assert client.post(f"{base}/none", data={"version": violation.version}).status_code == 303
    assert notice_of(session, violation).area_id == world.other_village.id
    assert [client.get(f"{base}?lang=en").text.count(word) for word in ("选错了", "was taken back")] == [1, 1]


def test_the_police_confirm_what_an_officer_saw(
    session: Session, client: Browser, world: World, rider: Rider, make_user: MakeUser
) -> None:
    violation = recorded(session, world, rider, world.company.code)
    client.sign_in(make_user("supervisor", area_id=world.district.id))
    address = f"/violations/{violation.number}/company/prove"
    assert "Say what proves it" in client.post(f"{address}?lang=en", data={"version": violation.version}).text
    given = {"proof": "gear", "legal_basis": "statutory_duty", "version": violation.version}
    assert client.post(address, data=given).status_code == 303
    assert notice_of(session, violation).state == "sent"
    assert "clothes or a box" in client.get(f"/violations/{violation.number}/company?lang=en").text
    client.post(f"/violations/{violation.number}/rider")
    page = client.get(f"/riders/{rider.number}?lang=en").text
    assert "proof seen by the police" in page
    assert page.count("a statutory duty") == 1


def test_a_company_confirms_its_own_riders_masked(
    session: Session, client: Browser, world: World, rider: Rider, make_user: MakeUser
) -> None:
    first, second = (recorded(session, world, rider, code) for code in (world.company.code, world.other_company.code))
    for company, foreign in ((world.company, second), (world.other_company, first)):
        client.sign_in(make_user("company", company_id=company.id))
        home, page = client.get("/?lang=en").text, client.get("/named-riders?lang=en").text
        for text in (home, page):
            assert "诸**明" in text
            assert "诸葛孔明" not in text
            assert "Red light" not in text
            assert text.count("/not-ours") == 1
        assert client.get(f"/named-riders/{foreign.number}").status_code == 404
        assert client.post(f"/named-riders/{foreign.number}/not-ours", data={"version": 1}).status_code == 404
    assert client.post(f"/named-riders/{second.number}/not-ours", data={"version": second.version}).status_code == 303
    assert notice_of(session, second).area_id == world.other_village.id
    client.sign_in(make_user("company", company_id=world.company.id))
    address = f"/named-riders/{first.number}"
    page = client.get(f"{address}?lang=en").text
    assert f'value="{local_date(first.occurred_utc)}"' in page
    later = {"since": f"{local_date(utc_now()) + timedelta(days=1)}", "legal_basis": "contract", "version": 1}
    refused = client.post(f"{address}?lang=en", data=later)
    assert refused.status_code == 422
    assert "after the violation of" in refused.text
    given = {"since": "2026-01-05", "legal_basis": "consent", "version": first.version}
    assert client.post(address, data=given).status_code == 303
    notice = notice_of(session, first)
    assert (notice.state, notice.company_id) == ("sent", world.company.id)
    (engagement,) = session.scalars(select(Engagement))
    assert (engagement.engaged_from, engagement.source) == (date(2026, 1, 5), "company")
    assert client.get(address).status_code == 404
    assert re.search("诸葛孔明", client.get(f"/notices/{notice.number}").text)


@pytest.mark.parametrize("looked_up", [True, False])
def test_whose_order_it_was_is_asked_with_one_tap(
    session: Session, client: Browser, world: World, rider: Rider, make_user: MakeUser, looked_up: bool
) -> None:
    """C3: a rider of two companies at once."""
    for company in (world.company, world.other_company):
        engage(session, rider, NewEngagement(company.id, date(2020, 1, 1), None, "contract"), SYSTEM, utc_now())
    client.sign_in(make_user("officer", area_id=world.district.id))
    given = {
        "kind": "2007",
        "occurred_at": local(utc_now()).strftime("%Y-%m-%dT%H:%M"),
        "area_code": world.village.code,
        "source": "field",
        "offender": "rider",
        "penalty": "warning",
        "id_type": "identity_card",
        "id_number": id_number_of(session, rider),
        "name": rider.name,
        "company_code": "auto",
        "client_reference": "c-1",
    }
    session.commit()
    answer = client.post("/record", data=given | ({"action": "look_up"} if looked_up else {}))
    assert answer.status_code == (200 if looked_up else 422)
    keys = re.findall(r'<input class="key-input"[^>]*name="company_code"[^>]*>', answer.text)
    offered = {re.search(r'value="(\w+)"', key)[1] for key in keys}  # type: ignore[index] # each has a value
    assert offered == {world.company.code, world.other_company.code, "none", "open"}
    assert f'name="rider_number" value="{rider.number}"' in answer.text
    assert session.scalars(select(Violation)).all() == []
    tapped = given | {"id_number": "", "name": "", "rider_number": rider.number, "company_code": world.company.code}
    assert client.post("/record", data=tapped).status_code == 303
    another = {"kind": "2004", "company_code": "open", "client_reference": "c-2"}
    assert client.post("/record", data=tapped | another).status_code == 303
    found = session.execute(select(Violation.company_id, Violation.company_known).order_by(Violation.id)).all()
    assert [tuple(each) for each in found] == [(world.company.id, "engaged"), (None, "ambiguous")]
