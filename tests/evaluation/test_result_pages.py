"""The pages of results under rule set 1: who sees which, the explanation, the export, publishing."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy.orm import Session

from tests.conftest import Browser
from tests.factories import colours as made
from tests.factories.evaluation import NOW
from trafficedu.accounts.models import User
from trafficedu.areas.models import Area
from trafficedu.core.actors import SYSTEM
from trafficedu.evaluation.queries import runs
from trafficedu.evaluation.services import runs as run_services

pytestmark = pytest.mark.usefixtures("first_rules")
Makes = Callable[..., User]
ADDRESS = "/evaluation/2026-10/town/"


def publish(session: Session) -> None:
    run_services.publish_run(session, run_services.evaluate(session, made.MONTH, NOW), SYSTEM, NOW)
    session.commit()


def exported(client: Browser, what: str) -> bytes:
    with client.fetch(f"/evaluation/export/{what}") as answer:
        return answer.get_data()


def root_of(town: Area) -> int:
    assert town.parent_id is not None
    return town.parent_id


def test_the_analyst_evaluates_reads_and_publishes(
    session: Session, client: Browser, towns: dict[str, Area], make_user: Makes
) -> None:
    client.sign_in(make_user("analyst", area_id=root_of(towns["A"])))
    assert client.get("/evaluation?month=2026-10&lang=en").status_code == 200
    assert client.post("/evaluation/2026-10/evaluate").status_code == 303
    page = client.get("/evaluation?month=2026-10&lang=en").get_data(as_text=True)
    assert page.index(">B<") < page.index(">A<")  # the worst first
    assert "87.81" in page
    assert ">A<" not in client.get("/evaluation?month=2026-10&colour=red").get_data(as_text=True)
    shown = client.get(f"{ADDRESS}{towns['B'].code}?lang=en").get_data(as_text=True)
    assert "57.00" in shown
    assert "How to move up one colour" in shown
    assert "20.0 expected at the rate of the others for 2,000 registered e-bikes" in shown
    veto = client.get(f"{ADDRESS}{towns['C'].code}?lang=en").get_data(as_text=True)
    assert "caps the colour at orange" in veto
    versions = client.get("/evaluation/2026-10/versions?lang=en").get_data(as_text=True)
    assert "Publish this version" in versions
    client.post("/evaluation/2026-10/publish", data={"number": "1"})
    assert runs.published_run(session, made.MONTH) is not None
    assert client.post("/evaluation/2026-10/publish", data={"number": "7"}).status_code == 404
    for bad in ("2026-13", "nonsense", "2026-1"):
        assert client.get(f"/evaluation/{bad}/versions").status_code == 404


def test_the_export_is_the_list_as_seen(
    session: Session, client: Browser, towns: dict[str, Area], make_user: Makes
) -> None:
    publish(session)
    client.sign_in(make_user("analyst", area_id=root_of(towns["A"])))
    lines = exported(client, "csv?month=2026-10&sort=name").decode("utf-8-sig").splitlines()
    assert (
        lines[0]
        == "month,kind,code,name,colour,score,low,high,firm,veto,points,violations,education,helmets,trend,hash"
    )
    assert lines[1].startswith(f"2026-10,town,{towns['A'].code},A,blue,87.81,,,,,90.0,80.0,97.0,80.0,,")
    assert len(lines) == 4
    assert exported(client, "xlsx?month=2026-10&colour=red").startswith(b"PK")


def test_a_town_leader_sees_the_own_town_once_it_is_published(
    session: Session, client: Browser, towns: dict[str, Area], make_user: Makes
) -> None:
    run_services.evaluate(session, made.MONTH, NOW)
    session.commit()
    client.sign_in(make_user("leader", area_id=towns["A"].id))
    assert client.get(f"{ADDRESS}{towns['A'].code}").status_code == 404
    publish(session)
    page = client.get(f"{ADDRESS}{towns['A'].code}").get_data(as_text=True)
    assert "87.81" in page
    assert client.get(f"{ADDRESS}{towns['B'].code}").status_code == 404
    listed = client.get("/evaluation?month=2026-10").get_data(as_text=True)
    assert towns["B"].code not in listed
    assert towns["A"].code in listed
    assert towns["B"].code not in exported(client, "csv?month=2026-10").decode()
    assert client.post("/evaluation/2026-10/evaluate").status_code == 403
    home = client.get("/?lang=en").get_data(as_text=True)
    assert "Your colour for 2026-10" in home
    assert "Helmet wearing: 80.00, costs 3.75 points" in home  # 0.15 / 0.80 x 20


def test_the_month_before_is_compared(
    session: Session, client: Browser, towns: dict[str, Area], make_user: Makes
) -> None:
    made.add_tasks(session, towns["A"], [(False, 60)] * 6, made.DAY - timedelta(days=30))
    run_services.publish_run(session, run_services.evaluate(session, made.MONTH - 1, NOW), SYSTEM, NOW)
    publish(session)
    client.sign_in(make_user("leader", area_id=towns["A"].id))
    page = client.get(f"{ADDRESS}{towns['A'].code}?lang=en").get_data(as_text=True)
    assert "effect on the composite score" in page
