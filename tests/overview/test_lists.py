"""The life of a red-yellow-black list: frozen, contested, decided, published; who sees and does what."""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest
from python_calamine import CalamineWorkbook
from sqlalchemy import select
from sqlalchemy.orm import Session

from tests.conftest import Browser
from tests.factories import places
from tests.factories.lists import NOW, OCTOBER, SEPTEMBER, publish
from trafficedu.accounts.models import User
from trafficedu.accounts.queries import actor_of
from trafficedu.areas.models import Area
from trafficedu.core.actors import Actor
from trafficedu.core.errors import Denied, Missing, Refusal
from trafficedu.issued.queries.documents import list_documents, valid_document
from trafficedu.issued.rules import DocumentKind
from trafficedu.messages.models import Push
from trafficedu.overview import services
from trafficedu.overview.models import ListEntry, VillageList
from trafficedu.overview.queries import lists as queries

MakeUser = Callable[..., User]


@pytest.fixture
def analyst(session: Session, make_user: MakeUser) -> Actor:
    return actor_of(make_user("analyst", area_id=places.area(session, places.DISTRICT).id))


@pytest.fixture
def supervisor(session: Session, make_user: MakeUser) -> Actor:
    return actor_of(make_user("supervisor", area_id=places.area(session, places.DISTRICT).id))


@pytest.fixture
def grid(session: Session, make_user: MakeUser) -> Actor:
    return actor_of(make_user("grid", area_id=places.area(session, places.VILLAGE).id))


@pytest.fixture
def frozen(session: Session, analyst: Actor, grid: Actor) -> VillageList:
    """A list with one village blamed, one warned and one praised."""
    publish(session, SEPTEMBER, {places.VILLAGE: "yellow", places.NEXT_VILLAGE: "blue", places.OTHER_VILLAGE: "blue"})
    publish(session, OCTOBER, {places.VILLAGE: "red", places.NEXT_VILLAGE: "green", places.OTHER_VILLAGE: "orange"})
    return services.freeze_list(session, OCTOBER, analyst, NOW)


def entry_of(session: Session, code: str) -> ListEntry:
    query = select(ListEntry).join(ListEntry.area).where(Area.code == code)
    return session.scalars(query).one()


def test_it_is_read_off_the_published_evaluation(frozen: VillageList) -> None:
    assert [(one.area.code, one.shade) for one in frozen.entries] == [
        (places.VILLAGE, "black"),
        (places.OTHER_VILLAGE, "yellow"),
        (places.NEXT_VILLAGE, "red"),
    ]
    assert frozen.protest_until.isoformat() == "2026-11-09"  # three working days after a Wednesday


def test_nothing_is_frozen_before_the_month_is_over_evaluated_or_twice(session: Session, analyst: Actor) -> None:
    with pytest.raises(Refusal, match="not over"):
        services.freeze_list(session, OCTOBER.next, analyst, NOW)
    with pytest.raises(Refusal, match="published yet"):
        services.freeze_list(session, OCTOBER, analyst, NOW)
    publish(session, OCTOBER, {places.VILLAGE: "red"})
    services.freeze_list(session, OCTOBER, analyst, NOW)
    with pytest.raises(Refusal, match="already been frozen"), session.begin_nested():
        services.freeze_list(session, OCTOBER, analyst, NOW)


def test_who_answers_for_a_village_is_told_once_for_each_step(
    session: Session, frozen: VillageList, grid: Actor, analyst: Actor
) -> None:
    told = session.scalars(select(Push).where(Push.user_id == grid.user_id)).all()
    assert [push.key for push in told] == [f"list:2026-10:frozen:{places.VILLAGE}"]
    after = NOW + timedelta(days=10)
    services.publish_list(session, frozen, frozen.version, analyst, after)
    told = session.scalars(select(Push).where(Push.user_id == grid.user_id)).all()
    assert len(told) == 2


def test_a_protest_upheld_takes_the_village_off_the_list(
    session: Session, frozen: VillageList, grid: Actor, supervisor: Actor, analyst: Actor
) -> None:
    entry = entry_of(session, places.VILLAGE)
    made = services.protest(session, entry, "事故发生在邻村", grid, NOW)
    services.decide_protest(session, made, "upheld", "核实属实", supervisor, NOW)
    assert (entry.taken_off, entry.taken_off_reason) == (True, "核实属实")
    services.publish_list(session, frozen, frozen.version, analyst, NOW + timedelta(days=10))
    assert frozen.state == "published"


def test_a_list_with_an_open_protest_or_in_its_time_is_not_published(
    session: Session, frozen: VillageList, grid: Actor, supervisor: Actor, analyst: Actor
) -> None:
    with pytest.raises(Refusal, match="still accepted"):
        services.publish_list(session, frozen, frozen.version, analyst, NOW)
    made = services.protest(session, entry_of(session, places.VILLAGE), "有误", grid, NOW)
    after = NOW + timedelta(days=10)
    with pytest.raises(Refusal, match="not been decided"):
        services.publish_list(session, frozen, frozen.version, analyst, after)
    services.decide_protest(session, made, "rejected", "数据无误", supervisor, after)
    services.publish_list(session, frozen, frozen.version, analyst, after)
    with pytest.raises(Refusal, match="no longer be changed"):
        services.take_off(session, entry_of(session, places.VILLAGE), "x", analyst)


def test_protests_have_their_time_their_place_and_another_judge(
    session: Session, frozen: VillageList, grid: Actor, supervisor: Actor
) -> None:
    entry = entry_of(session, places.VILLAGE)
    with pytest.raises(Refusal, match="were accepted until"):
        services.protest(session, entry, "太迟", grid, NOW + timedelta(days=10))
    with pytest.raises(Missing):
        queries.find_entry(session, OCTOBER, places.OTHER_VILLAGE, grid)
    made = services.protest(session, entry, "有误", grid, NOW)
    with pytest.raises(Refusal, match="Someone else"):
        services.decide_protest(session, made, "upheld", "x", replace(supervisor, user_id=grid.user_id), NOW)
    with pytest.raises(Denied):
        services.decide_protest(session, made, "upheld", "x", grid, NOW)


def test_before_it_is_published_a_village_sees_its_own_entry_only(
    session: Session, frozen: VillageList, grid: Actor, analyst: Actor
) -> None:
    assert [one.area.code for one in queries.list_entries(session, frozen, grid)] == [places.VILLAGE]
    assert len(queries.list_entries(session, frozen, analyst)) == 3
    services.publish_list(session, frozen, frozen.version, analyst, NOW + timedelta(days=10))
    assert len(queries.list_entries(session, frozen, grid)) == 3


def test_the_pages_of_a_list(client: Browser, session: Session, make_user: MakeUser, frozen: VillageList) -> None:
    session.commit()
    client.sign_in(make_user("analyst", area_id=places.area(session, places.DISTRICT).id))
    village = places.area(session, places.VILLAGE).name
    assert "2026-10" in client.get("/lists").text
    assert village in client.get("/lists/2026-10").text
    assert client.get("/lists/2026-08").status_code == 200
    assert client.get("/lists/next").status_code == 404
    refused = client.post(f"/lists/2026-10/{places.VILLAGE}/take-off", data={"reason": " "})
    assert refused.status_code == 422
    book = CalamineWorkbook.from_filelike(io.BytesIO(client.fetch("/lists/2026-10.xlsx?lang=en", "GET").data))
    rows = book.get_sheet_by_index(0).to_python()
    assert rows[1][0] == "black list"
    assert len(rows) == 4


def test_a_newer_evaluation_is_read_before_the_list_is_published(
    session: Session, frozen: VillageList, analyst: Actor, grid: Actor, make_user: MakeUser
) -> None:
    """The village that was black is orange by the newer version, the praised one is red: told, and heard, anew."""
    next_grid = actor_of(make_user("grid", area_id=places.area(session, places.NEXT_VILLAGE).id))
    newer = {places.VILLAGE: "orange", places.NEXT_VILLAGE: "red", places.OTHER_VILLAGE: "green"}
    publish(session, OCTOBER, newer, number=2)
    later = NOW + timedelta(days=20)
    with pytest.raises(Refusal, match="read it again first"):
        services.publish_list(session, frozen, frozen.version, analyst, later)
    changed = services.reread_list(session, frozen, frozen.version, analyst, later)
    assert {(one.area.code, one.shade) for one in changed.moved} == {
        (places.VILLAGE, "yellow"),
        (places.NEXT_VILLAGE, "black"),
        (places.OTHER_VILLAGE, "red"),
    }
    assert frozen.protest_until > later.date()
    with pytest.raises(Refusal, match="still accepted"):
        services.publish_list(session, frozen, frozen.version, analyst, later)
    for who in (grid, next_grid):
        told = session.scalars(select(Push).where(Push.user_id == who.user_id, Push.key.contains("version 2"))).all()
        assert len(told) == 1
    services.publish_list(session, frozen, frozen.version, analyst, later + timedelta(days=20))
    [document] = list_documents(session, DocumentKind.VILLAGE_LIST, str(OCTOBER))
    assert (document.evaluation_month, document.evaluation_version) == (OCTOBER, 2)
    with pytest.raises(Refusal, match="Nothing newer"):
        services.reread_list(session, frozen, frozen.version, analyst, later)


def test_a_published_list_is_corrected_by_a_document_that_says_what_changed(
    client: Browser, session: Session, frozen: VillageList, analyst: Actor, make_user: MakeUser
) -> None:
    later, month = NOW + timedelta(days=20), str(OCTOBER)
    services.publish_list(session, frozen, frozen.version, analyst, later)
    [first] = list_documents(session, DocumentKind.VILLAGE_LIST, month)
    publish(session, OCTOBER, {places.VILLAGE: "blue", places.NEXT_VILLAGE: "green"}, number=2)
    changed = services.reread_list(session, frozen, frozen.version, analyst, later)
    assert [entry.area.code for entry in changed.left] == [places.VILLAGE, places.OTHER_VILLAGE]
    assert not changed.worse
    session.commit()
    client.sign_in(make_user("analyst", area_id=places.area(session, places.DISTRICT).id))
    page = client.get(f"/lists/{month}?lang=zh").text
    assert "未列入" in page
    assert "依据2026-10评估第2版" in page
    old = client.get(f"/lists/{month}.pdf?lang=zh").data
    assert valid_document(session, DocumentKind.VILLAGE_LIST, month) == first, "what was issued holds until then"
    client.post(f"/lists/{month}/publish", data={"version": frozen.version})
    second = valid_document(session, DocumentKind.VILLAGE_LIST, month)
    assert second is not None
    assert second.replaces == first
    assert client.get(f"/lists/{month}.pdf?lang=zh").data != old
    public = client.get(f"/verify/{second.number}?lang=zh").text
    assert "本榜单已按当月新的评估版本更正" in public
    assert first.number in public
