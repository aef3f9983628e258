"""A company objects for its rider: the supervisor has it in the queue, the company is answered."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from tests.conftest import Browser
from tests.factories.feedback import World, make_notice
from trafficedu.accounts.models import User
from trafficedu.core.actors import SYSTEM
from trafficedu.core.clock import utc_now
from trafficedu.feedback.models import Notice
from trafficedu.messages.models import Push
from trafficedu.violations.models.decisions import Objection
from trafficedu.violations.queries.objections import objections_on
from trafficedu.violations.services.objections import decide_objection


@pytest.fixture
def notice(session: Session, world: World) -> Notice:
    notice = make_notice(session, world.village, company=world.company)
    session.commit()
    return notice


@pytest.fixture
def company(client: Browser, world: World, make_user: Callable[..., User]) -> Browser:
    return client.sign_in(make_user("company", company_id=world.company.id))


def told(session: Session) -> list[str]:
    return [push.key for push in session.scalars(select(Push)) if push.key.startswith("objection:")]


def test_a_company_objects_and_is_answered(company: Browser, session: Session, world: World, notice: Notice) -> None:
    path = f"/notices/{notice.number}/objection"
    assert path in company.get(f"/notices/{notice.number}").text
    assert company.post(path, data={"statement": " "}).status_code == 422
    assert company.post(path, data={"statement": "当时骑手不在岗，车已借出"}).status_code == 303
    objection = session.scalars(select(Objection)).one()
    assert (objection.company_id, objection.area_id) == (world.company.id, notice.violation.area_id)
    assert objections_on(objection.due_on).count(session, SYSTEM, None) == 1
    assert "当时骑手不在岗" in company.get(f"/notices/{notice.number}").text
    again = company.post(path, data={"statement": "再说一次"})
    assert again.status_code == 422, "one at a time"
    decide_objection(session, objection, False, "监控清楚", SYSTEM, utc_now())
    session.commit()
    assert len(told(session)) == 1
    assert "监控清楚" in company.get(f"/notices/{notice.number}").text


def test_upheld_the_notice_is_withdrawn(company: Browser, session: Session, notice: Notice) -> None:
    path = f"/notices/{notice.number}/objection"
    company.post(path, data={"statement": "并非本公司骑手"})
    decide_objection(session, session.scalars(select(Objection)).one(), True, "属实", SYSTEM, utc_now())
    session.commit()
    session.refresh(notice)
    assert (notice.state, len(told(session))) == ("voided", 1)
    assert company.post(path, data={"statement": "再说一次"}).status_code == 404


def test_another_company_and_a_village_cannot(
    client: Browser, session: Session, world: World, notice: Notice, make_user: Callable[..., User]
) -> None:
    client.sign_in(make_user("company", company_id=world.other_company.id))
    assert client.post(f"/notices/{notice.number}/objection", data={"statement": "不是我"}).status_code == 404
    client.sign_in(make_user("grid", area_id=world.village.id))
    assert client.post(f"/notices/{notice.number}/objection", data={"statement": "不是我"}).status_code in {403, 404}
