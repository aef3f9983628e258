from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from sqlalchemy.orm import Session

from tests.conftest import Browser
from tests.factories.education import make_task
from tests.factories.feedback import World, acting, make_notice, make_rider, make_violation, make_world
from trafficedu.accounts.models import User
from trafficedu.accounts.rules import Role
from trafficedu.core.clock import local_date, utc_now
from trafficedu.core.month import Month
from trafficedu.overview.queries.month import read_month
from trafficedu.overview.queries.villages import list_villages
from trafficedu.violations.rules.states import Source, ViolationState

FIRST_SCREENS = {
    Role.OFFICER: ["登记违法", "我今天的登记", "头盔观测", "开始勤务", "待验收的隐患"],
    Role.STATION: [],
    Role.COMPANY: ["待反馈抄告", "本月反馈情况"],
    Role.GRID: ["待反馈抄告", "未销号隐患", "逾期未学习", "本月反馈情况"],
    Role.SUPERVISOR: ["头盔观测", "待验收的隐患"],
    Role.LEADER: ["待反馈抄告", "待制定方案的隐患", "本月反馈情况"],
    Role.ANALYST: [],
    Role.ADMINISTRATOR: ["不安全的设置", "后台任务", "即将失效的违法行为"],
}
"""What stands on a role's first screen when nothing waits: headings and large keys, from above."""
CALENDAR = "工作日历"
"""Stands there at the time of the year when next year's holidays are not yet in."""


def test_nobody_is_shown_three_ways_in(client: Browser) -> None:
    page = client.get("/").text
    for way in ("/receipt", "/verify", "/sign-in"):
        assert f'href="{way}"' in page


@pytest.mark.parametrize("role", list(Role))
def test_every_role_has_a_first_screen(client: Browser, make_user: Callable[..., User], role: Role) -> None:
    user = make_user(role)
    main = re.search("<main.*</main>", client.sign_in(user).get("/").text, re.DOTALL)
    assert main is not None
    assert user.display_name in main[0]
    shown = re.findall(r'<h2>([^<]+)</h2>|<a class="btn (?![^>]* hidden)[^>]*>([^<]+)</a>', main[0])
    assert [heading or key for heading, key in shown if heading != CALENDAR] == FIRST_SCREENS[role]
    assert ("暂无待办" in main[0]) == (FIRST_SCREENS[role] == [])


def test_a_first_password_is_changed_first(client: Browser, make_user: Callable[..., User]) -> None:
    user = make_user("administrator", must_change_password=True)
    answer = client.sign_in(user).get("/")
    assert (answer.status_code, answer.headers["Location"]) == (303, "/password")


def in_months_back(months: int) -> datetime:
    first = (Month.of(local_date(utc_now())) - months).first
    return utc_now() - timedelta(days=(local_date(utc_now()) - first).days - 3)


def test_a_leader_reads_which_own_villages_have_more_than_chance_explains(
    client: Browser, session: Session, world: World, make_user: Callable[..., User]
) -> None:
    for _ in range(3):
        make_violation(session, world.other_village, occurred=in_months_back(1))
    make_violation(session, world.other_village, occurred=in_months_back(2))
    make_violation(session, world.village, occurred=in_months_back(2))
    rider = make_rider(session, world.village)
    late = make_notice(session, world.other_village, rider=rider, occurred=in_months_back(3))
    late.sent_utc, late.due_utc = utc_now() - timedelta(days=4), utc_now() - timedelta(days=1)
    yesterday = local_date(utc_now()) - timedelta(days=1)
    make_task(session, make_rider(session), world.village, due_on=yesterday)
    make_task(session, make_rider(session), world.village, due_on=yesterday, state="waived")
    elsewhere = make_world(session)
    make_violation(session, elsewhere.village, occurred=in_months_back(1))
    session.commit()
    rows = list_villages(session, world.town.path, utc_now())
    assert [(row.name, row.last_month, row.month_before, row.more) for row in rows] == [
        ("甲村", 0, 1, False),
        ("乙村", 3, 1, False),
    ]
    assert (rows[0].overdue_tasks, rows[0].unanswered, rows[0].late) == (1, 1, 1)
    for _ in range(20):
        make_violation(session, world.other_village, occurred=in_months_back(1))
    session.commit()
    assert [(row.name, row.more) for row in list_villages(session, world.town.path, utc_now())][0] == ("乙村", True)
    page = client.sign_in(make_user("leader", area_id=world.town.id)).get("/").text
    assert 'id="own-villages"' in page
    assert 'id="own-villages"' not in client.sign_in(make_user("officer", area_id=world.town.id)).get("/").text


def test_an_officer_begins_a_record_with_one_tap(client: Browser, world: World, make_user: Callable[..., User]) -> None:
    client.sign_in(make_user("officer", area_id=world.town.id))
    assert 'class="key-link" href="/record?kind=2007"' in client.get("/").text
    assert re.search(r'checked[^>]*value="2007"', client.get("/record?kind=2007").text)
    assert client.get("/record?kind=nonsense").status_code == 200


def test_an_analyst_reads_the_last_full_month_and_what_changed(
    client: Browser, session: Session, world: World, make_user: Callable[..., User]
) -> None:
    for _ in range(3):
        make_violation(session, world.village, occurred=in_months_back(1))
    make_violation(session, world.village, occurred=in_months_back(2))
    make_violation(session, world.other_village, occurred=in_months_back(13))
    make_violation(session, make_world(session).village, occurred=in_months_back(1))
    user = make_user("analyst", area_id=world.district.id)
    month = read_month(session, acting(user), utc_now(), "en")
    assert (month.total.now, month.total.month_before, month.total.year_before) == (3, 1, 1)
    assert (month.total.said.change, month.total.said.proven) == ("+200.0 %", False)
    assert [(row.name, row.difference, row.said.proven) for row in month.below.rows] == [("测试镇", 2, False)]
    page = client.sign_in(user).get("/").text
    assert 'id="last-month"' in page
    assert "+200.0 %" in page
    assert 'id="last-month"' not in client.sign_in(make_user("leader", area_id=world.town.id)).get("/").text


def test_a_supervisor_reads_what_waits_by_time_left(
    client: Browser, session: Session, world: World, make_user: Callable[..., User]
) -> None:
    late, later = (make_violation(session, world.village, rider=make_rider(session)) for _ in range(2))
    for violation, days in ((late, -1), (later, 3)):
        violation.state, violation.source = ViolationState.PENDING, Source.CAMERA
        violation.review_due_on = local_date(utc_now()) + timedelta(days=days)
    session.commit()
    page = client.sign_in(make_user("supervisor", area_id=world.town.id)).get("/").text
    assert page.index(late.number) < page.index(later.number)
    assert "已逾期" in page
    assert "个工作日" in page
