from __future__ import annotations

import re
from collections.abc import Callable

from sqlalchemy import select
from sqlalchemy.orm import Session

from tests.conftest import Browser
from trafficedu.accounts.models import User
from trafficedu.accounts.queries import find_by_username
from trafficedu.core.audit import AuditEntry

MakeUser = Callable[..., User]
FORM = {"username": "newcomer", "display_name": "新来的", "role": "administrator", "active": "y"}
NO_POST = {"area_id": "0", "station_id": "0", "company_id": "0"}


def test_an_account_is_opened_with_a_first_password_shown_once(
    client: Browser, make_user: MakeUser, session: Session
) -> None:
    client.sign_in(make_user("administrator"))
    page = client.post("/users/new", data=FORM | NO_POST)
    assert page.status_code == 200
    opened = find_by_username(session, "newcomer")
    assert opened is not None
    assert opened.must_change_password
    shown = re.search(r"(?<=>)[\w-]{12}(?=<)", page.text)
    assert shown is not None
    assert (
        client.post("/sign-in", data={"username": "newcomer", "password": shown[0]}).headers["Location"] == "/password"
    )


def test_a_taken_name_is_refused_at_its_field(client: Browser, make_user: MakeUser) -> None:
    admin = make_user("administrator")
    client.sign_in(admin)
    page = client.post("/users/new", data=FORM | NO_POST | {"username": admin.username.upper()})
    assert page.status_code == 422
    assert "已被使用" in page.text


def test_a_role_without_its_post_is_refused(client: Browser, make_user: MakeUser) -> None:
    client.sign_in(make_user("administrator"))
    page = client.post("/users/new", data=FORM | NO_POST | {"role": "station"})
    assert page.status_code == 422
    assert "岗位" in page.text


def test_the_second_editor_is_told(client: Browser, make_user: MakeUser, session: Session) -> None:
    client.sign_in(make_user("administrator"))
    other = make_user("administrator")
    change = {"username": other.username, "display_name": "甲", "role": "administrator", "active": "y"} | NO_POST
    assert client.post(f"/users/{other.username}", data=change | {"version": "1"}).status_code == 303
    assert client.post(f"/users/{other.username}", data=change | {"version": "1"}).status_code == 409


def test_nobody_deactivates_their_own_account(client: Browser, make_user: MakeUser) -> None:
    admin = make_user("administrator")
    client.sign_in(admin)
    change = {"username": admin.username, "display_name": "甲", "role": "administrator", "version": "1"} | NO_POST
    assert client.post(f"/users/{admin.username}", data=change).status_code == 422


def test_the_trail_shows_refusals_by_name(client: Browser, make_user: MakeUser, session: Session) -> None:
    officer, admin = make_user("officer"), make_user("administrator")
    client.sign_in(officer)
    assert client.get("/users").status_code == 403
    client.sign_in(admin)
    page = client.get("/audit?result=refused")
    assert officer.display_name in page.text
    row = session.scalars(select(AuditEntry).where(AuditEntry.result == "refused")).one()
    assert (row.actor_id, row.detail) == (officer.id, {"endpoint": "accounts.users"})


def test_users_are_found_by_part_of_a_name(client: Browser, make_user: MakeUser) -> None:
    client.sign_in(make_user("administrator"))
    wanted, other = make_user("analyst"), make_user("officer")
    page = client.get(f"/users?q={wanted.username[2:]}")
    assert wanted.username in page.text
    assert other.username not in page.text
