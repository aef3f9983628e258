"""A part of a rider's name finds the rider by the index of pairs, whoever wrote the name."""

from __future__ import annotations

import pytest
from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from tests.factories import places
from tests.factories.riders import make_rider
from trafficedu.core.actors import SYSTEM, Actor, Scope
from trafficedu.riders import queries, rules
from trafficedu.riders.models import Rider, RiderTerm

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
    assert rules.name_cuts(text) == cuts


@pytest.mark.parametrize("window", [0, 800])
def test_every_part_of_a_name_finds_whom_it_is_part_of(
    session: Session, monkeypatch: pytest.MonkeyPatch, window: int
) -> None:
    """With a window of nothing every part counts as too common, and the riders of the post are looked through."""
    village = places.area(session, places.VILLAGE)
    riders = {name: make_rider(session, name=name, home_area_id=village.id) for name in NAMES}
    monkeypatch.setattr(queries, "WINDOW", window)
    by = Actor(1, "x", scope=Scope(area_path=village.path))
    for typed in ("明", "小明", "王", "王小", "小", "wei", "LI", "热合曼", "阿卜杜•热", "%", "_", "没有"):
        part = rules.searched_name(typed)
        expected = {rider for name, rider in riders.items() if part in rules.searched_name(name)}
        assert set(queries.list_by_name(session, typed, by)) == expected, typed


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
    assert list(queries.list_by_name(session, "孙", by)) == [riders[2], riders[0]]
    assert len(queries.list_recent(session, SYSTEM, 3)) == 3
