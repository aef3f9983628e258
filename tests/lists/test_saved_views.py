"""Views of lists: saved, opened by one tap, renamed, overwritten, deleted, one to begin with, nobody else's."""

from __future__ import annotations

import html
import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from tests.conftest import Browser
from tests.factories.services import provide
from tests.factories.violations import District, make_district, make_violation, new_rider
from trafficedu.accounts.models import User
from trafficedu.accounts.queries import actor_of
from trafficedu.core.audit import AuditEntry
from trafficedu.core.clock import today, utc_now
from trafficedu.core.encryption import Keyring
from trafficedu.lists.models import SavedView
from trafficedu.lists.queries import query_of
from trafficedu.lists.services import MOST, NewView, keep_in_order, save_view

FINES = "penalty=fine&sort=occurred&columns=occurred&columns=plate"


@pytest.fixture
def district(session: Session) -> District:
    return make_district(session)


@pytest.fixture
def owner(make_user: Callable[..., User], district: District) -> User:
    return make_user("supervisor", area_id=district.town.id, locale="en")


@pytest.fixture
def desk(client: Browser, owner: User) -> Browser:
    client.sign_in(owner)
    return client


def save(browser: Browser, name: str, query: str = FINES, page: str = "violations.index", **more: str) -> str:
    """Save a view as the page does; return where that leads."""
    answer = browser.post(f"/views/new/{page}", data={"name": name, "query": query} | more)
    assert answer.status_code == 303, answer.text
    return answer.headers["Location"]


def chips(page: str) -> dict[str, str]:
    """Return the views above a list: name -> address."""
    nav = re.search(r'<nav class="list-views".*?</nav>', page, re.DOTALL)
    found = re.findall(r'<a href="([^"]+)"[^>]*>(.*?)</a>', nav[0], re.DOTALL) if nav else []
    return {re.sub(r"<[^>]+>", "", name).strip(): html.unescape(address) for address, name in found}


def test_a_view_is_opened_by_one_tap(session: Session, desk: Browser, district: District) -> None:
    fined = make_violation(session, district.village, penalty="fine", fine_yuan=30)
    warned = make_violation(session, district.village)
    session.commit()
    page = desk.get(f"/violations?{FINES}").text
    assert f'name="query" value="{html.escape(FINES)}"' in page
    where = save(desk, "Fines")
    views = chips(desk.get("/violations?since=2020-01-01").text)
    assert views["Fines"] == where
    shown = desk.get(views["Fines"] + "&since=2020-01-01").text
    assert fined.number in shown
    assert warned.number not in shown
    assert 'aria-current="true">Fines' in desk.get(where).text
    assert "Fines" in chips(desk.get("/violations?q=nobody").text), "an empty list keeps the way back"


def test_the_days_that_a_list_begins_with_stay_the_last_ones(desk: Browser, district: District) -> None:
    usual = (today() - timedelta(days=30)).isoformat()
    page = desk.get(f"/violations?since={usual}&penalty=fine").text
    assert 'name="query" value="penalty=fine"' in page
    page = desk.get("/violations?since=2026-01-01&penalty=fine").text
    assert 'name="query" value="since=2026-01-01&amp;penalty=fine"' in page


def test_a_list_begins_with_the_view_that_was_chosen_and_can_be_seen_whole(desk: Browser) -> None:
    first = save(desk, "Fines", is_default="y")
    assert desk.get("/violations").headers["Location"] == first
    second = save(desk, "Minors", "minor=y", is_default="y")
    assert desk.get("/violations").headers["Location"] == second
    whole = chips(desk.get(second).text)["All"]
    page = desk.get(whole)
    assert page.status_code == 200
    assert set(chips(page.text)) == {"All", "Fines", "Minors (my beginning)"}
    assert f'href="{whole}">Clear' in desk.get(second).text


def test_a_view_is_overwritten_by_what_is_seen_now(session: Session, desk: Browser) -> None:
    where = save(desk, "Fines")
    assert "Save the changes" not in desk.get(where).text
    page = desk.get(where.replace("penalty=fine", "penalty=warning")).text
    form = re.search(r'<form class="inline" method="post" action="(/views/\w+/overwrite)".*?</form>', page, re.DOTALL)
    assert form
    fields = dict(re.findall(r'name="(\w+)" value="([^"]*)"', form[0]))
    fields["query"] = html.unescape(fields["query"])
    desk.post(form[1], data=fields | {"seen": "0" * 24})
    view = session.scalars(select(SavedView)).one()
    assert query_of(session, view) == FINES, "from a page that saw something else nothing is overwritten"
    session.expire_all()
    assert desk.post(form[1], data=fields).status_code == 303
    session.expire_all()
    assert query_of(session, session.scalars(select(SavedView)).one()) == FINES.replace("fine", "warning")


def test_a_view_is_renamed_and_deleted(session: Session, desk: Browser) -> None:
    where = save(desk, "Fines")
    save(desk, "Minors", "minor=y")
    number = re.search(r"view=(\w+)", where)[1]  # type: ignore[index]
    page = desk.get(f"/views/{number}").text
    seen = re.search(r'name="seen" value="(\w+)"', page)[1]  # type: ignore[index]
    taken = desk.post(f"/views/{number}", data={"name": "Minors", "seen": seen})
    assert taken.status_code == 422
    assert "You have a view of this name." in taken.text
    assert desk.post(f"/views/{number}", data={"name": "Night", "seen": seen}).status_code == 303
    assert set(chips(desk.get("/violations?minor=y").text)) == {"All", "Night", "Minors"}
    seen = re.search(r'name="seen" value="(\w+)"', desk.get(f"/views/{number}").text)[1]  # type: ignore[index]
    assert "Delete the view “Night”?" in desk.get(f"/views/{number}").text
    assert desk.post(f"/views/{number}/delete", data={"seen": seen}).status_code == 303
    assert set(chips(desk.get("/violations?minor=y").text)) == {"All", "Minors"}
    acts = select(AuditEntry.action, AuditEntry.detail).where(AuditEntry.action.startswith("lists:view"))
    assert [(action, detail) for action, detail in session.execute(acts.order_by(AuditEntry.id)).tuples()] == [
        ("lists:view:save", {}),
        ("lists:view:save", {}),
        ("lists:view:rename", {}),
        ("lists:view:delete", {}),
    ]


def test_nobody_else_sees_or_touches_a_view(
    session: Session, client: Browser, desk: Browser, district: District, make_user: Callable[..., User]
) -> None:
    number = re.search(r"view=(\w+)", save(desk, "Fines"))[1]  # type: ignore[index]
    client.sign_in(make_user("supervisor", area_id=district.town.id))
    assert chips(client.get("/violations?minor=y").text) == {}
    assert client.get(f"/views/{number}").status_code == 404
    for act in ("", "/overwrite", "/delete"):
        assert client.post(f"/views/{number}{act}", data={"name": "x", "query": "x"}).status_code == 404
    assert session.scalars(select(SavedView)).one().name == "Fines"


def test_whom_somebody_looked_for_lies_under_the_key(session: Session, desk: Browser, district: District) -> None:
    make_violation(session, district.village, rider=new_rider(name="阿卜杜拉"))
    session.commit()
    where = save(desk, "Watched", "q=%E9%98%BF%E5%8D%9C%E6%9D%9C%E6%8B%89")
    view = session.scalars(select(SavedView)).one()
    assert "%E9" not in view.query_cipher
    assert "阿" not in view.query_cipher
    assert 'value="阿卜杜拉"' in desk.get(where).text
    refused = desk.post("/views/new/violations.index", data={"name": "x", "query": "q=13812345678"})
    assert refused.status_code == 422
    assert "keeps no identity or phone number" in refused.text


def test_what_is_no_list_is_refused(desk: Browser) -> None:
    for page in ("violations.void", "accounts.users", "nothing"):
        assert desk.post(f"/views/new/{page}", data={"name": "x", "query": "a=b"}).status_code == 404
    for name, query in (("", "a=b"), ("x" * 41, "a=b"), ("x", "q=" + "x" * 2000)):
        assert desk.post("/views/new/violations.index", data={"name": name, "query": query}).status_code == 422


def test_a_list_has_so_many_views_at_most(desk: Browser) -> None:
    for number in range(MOST):
        save(desk, f"View {number}")
    answer = desk.post("/views/new/violations.index", data={"name": "one more", "query": "a=b"})
    assert "Delete one that you no longer need." in answer.text
    save(desk, "View 0", "state=active", page="companies.index")


@pytest.mark.parametrize("page", ["companies.index", "education.tasks", "feedback.notices", "hazards.index"])
def test_every_list_has_views(desk: Browser, page: str) -> None:
    where = save(desk, "Mine", "sort=x", page=page)
    assert chips(desk.get(where).text)["Mine"] == where


def test_views_of_a_closed_account_are_forgotten_and_the_others_follow_the_key(
    session: Session, owner: User, data_key: str
) -> None:
    view = save_view(session, NewView("violations.index", "Fines", FINES), actor_of(owner), utc_now())
    assert keep_in_order(session, utc_now()) == 0
    provide(session, keyring=Keyring.parse(f"{Keyring.generate().replace('k1', 'k2')},{data_key}"))
    assert [keep_in_order(session, utc_now()) for _ in range(2)] == [1, 0]
    assert view.query_cipher.startswith("k2.")
    assert query_of(session, view) == FINES
    owner.active = False
    session.flush()
    assert keep_in_order(session, utc_now()) == 1
    assert session.scalars(select(SavedView)).all() == []
