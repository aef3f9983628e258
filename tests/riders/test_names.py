"""A part of a rider's name finds the rider by the index of pairs, whoever wrote the name."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from tests.conftest import Browser
from tests.factories import places
from tests.factories.riders import make_rider
from trafficedu.accounts.models import User
from trafficedu.core import paging, reach, terms
from trafficedu.core.actors import SYSTEM, Actor, Scope
from trafficedu.core.cuts import cuts as cuts_of
from trafficedu.riders import rules
from trafficedu.riders.models import Rider, RiderTerm
from trafficedu.riders.queries import people as queries

NAMES = ("王小明", "王明", "明", "欧阳小明", "阿卜杜·热合曼", "Li Wei", "LIU wei%", "王 小", "王小小明")


@pytest.mark.parametrize(
    ("text", "cuts"),
    [
        ("王", ["王"]),
        ("王小", ["王小"]),
        ("王小明", ["王小", "小明"]),
        ("Ｌi  W", ["li", "i ", " w"]),
        ("阿 • 热", ["阿·", "·热"]),
        ("小小小", ["小小"]),
        ("  ", []),
    ],
)
def test_a_part_of_a_name_is_cut_into_pairs(text: str, cuts: list[str]) -> None:
    assert cuts_of(rules.searched_name(text)) == cuts


@pytest.mark.parametrize("window", [0, 800])
def test_every_part_of_a_name_finds_whom_it_is_part_of(
    session: Session, monkeypatch: pytest.MonkeyPatch, window: int
) -> None:
    """With a window of nothing every part counts as too common, and the riders of the post are looked through."""
    village = places.area(session, places.VILLAGE)
    riders = {name: make_rider(session, name=name, home_area_id=village.id) for name in NAMES}
    monkeypatch.setattr(terms, "WINDOW", window)
    by = Actor(1, "x", scope=Scope(area_path=village.path))
    for typed in ("明", "小明", "王", "王小", "小", "wei", "LI", "热合曼", "阿卜杜•热", "%", "_", "没有"):
        part = rules.searched_name(typed)
        expected = {rider for name, rider in riders.items() if part in rules.searched_name(name)}
        assert set(queries.list_by_name(session, typed, by).items) == expected, typed


def test_a_name_that_changes_or_goes_takes_its_parts_along(session: Session) -> None:
    rider = make_rider(session, name="赵甲乙")
    other = make_rider(session, name="赵丙")

    def terms(rider_id: int) -> set[str]:
        return set(session.scalars(select(RiderTerm.term).where(RiderTerm.rider_id == rider_id)))

    assert terms(rider.id) == {"赵", "甲", "乙", "赵甲", "甲乙"}
    session.execute(update(Rider).where(Rider.id == rider.id).values(name="钱甲"))
    assert terms(rider.id) == {"钱", "甲", "钱甲"}
    session.execute(delete(Rider).where(Rider.id == rider.id))
    assert terms(rider.id) == set()
    assert terms(other.id) == {"赵", "丙", "赵丙"}


def test_the_latest_riders_of_a_post_come_first(session: Session) -> None:
    here, there = places.area(session, places.VILLAGE), places.area(session, places.OTHER_VILLAGE)
    riders = [make_rider(session, name="孙一", home_area_id=area.id) for area in (here, there, here)]
    make_rider(session, name="孙二")
    by = Actor(1, "x", scope=Scope(area_path=f"{places.DISTRICT}/{places.TOWN}/"))
    assert list(queries.list_recent(session, by, 5))[:2] == [riders[2], riders[0]]
    assert queries.list_by_name(session, "孙", by).items == [riders[2], riders[0]]
    assert len(queries.list_recent(session, SYSTEM, 3)) == 3


def test_the_latest_riders_of_very_many_areas_are_found_behind_any_number_of_others(
    session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(paging, "WINDOW", 2)
    for module in (queries, reach):
        monkeypatch.setattr(module, "MOST_BRANCHES", 1)
    codes = (places.VILLAGE, places.NEXT_VILLAGE, *[places.OTHER_VILLAGE] * 3)
    riders = [make_rider(session, home_area_id=places.area(session, code).id) for code in codes]
    by = Actor(1, "x", scope=Scope(area_path=f"{places.DISTRICT}/{places.TOWN}/"))
    assert list(queries.list_recent(session, by, 2)) == [riders[1], riders[0]]


def test_a_search_that_stopped_before_the_last_rider_says_so(
    session: Session, client: Browser, make_user: Callable[..., User], monkeypatch: pytest.MonkeyPatch
) -> None:
    home = places.area(session, places.VILLAGE).id
    for name in ("周一", "周二", "吴一", "吴二"):
        make_rider(session, name=name, home_area_id=home)
    session.commit()
    client.sign_in(make_user("officer", area_id=home))
    says = "名驾驶人。请输入更完整的姓名"

    def search(text: str) -> str:
        return client.post("/riders", data={"words": text}, follow_redirects=True).get_data(as_text=True)

    monkeypatch.setattr(terms, "WINDOW", 0)
    assert says not in search("周")
    for window, met in ((3, ("周二",)), (2, ())):
        monkeypatch.setattr(paging, "WINDOW", window)
        page = search("周")
        assert says in page
        assert [name for name in ("周一", "周二") if name in page] == list(met)
