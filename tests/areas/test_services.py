from __future__ import annotations

from datetime import date

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from tests.factories import places
from trafficedu.areas import services
from trafficedu.areas.models import Area
from trafficedu.areas.queries import tree
from trafficedu.areas.queries.ebikes import ebikes_by_month, list_figures
from trafficedu.areas.services import AreaChange, NewArea
from trafficedu.core import clock
from trafficedu.core.actors import SYSTEM, Actor, Scope
from trafficedu.core.audit import AuditEntry
from trafficedu.core.clock import utc_now
from trafficedu.core.errors import Missing, Refusal, Stale
from trafficedu.core.month import Month


def last_audit(session: Session) -> AuditEntry:
    session.flush()
    return session.scalars(select(AuditEntry).order_by(AuditEntry.id.desc()).limit(1)).one()


def test_a_village_is_added_below_its_town_and_audited(session: Session) -> None:
    village = services.add_area(session, places.area(session), NewArea("330109001999", "新村", None), SYSTEM)
    assert (village.level, village.path) == ("village", "330109/330109001/330109001999/")
    assert village.valid_from == date(2021, 4, 9)
    assert last_audit(session).action == "areas:area:create"


@pytest.mark.parametrize(
    ("parent", "code", "field"),
    [(places.TOWN, places.VILLAGE, "code"), (places.VILLAGE, "1", "code")],
)
def test_what_cannot_be_added_is_refused_at_its_field(session: Session, parent: str, code: str, field: str) -> None:
    with pytest.raises(Refusal) as refused:
        services.add_area(session, places.area(session, parent), NewArea(code, "新", None), SYSTEM)
    assert refused.value.field == field


def test_an_area_does_not_begin_after_what_lies_in_it(session: Session) -> None:
    town = places.area(session)
    with pytest.raises(Refusal) as refused:
        services.change_area(session, town, AreaChange("名", date(2022, 1, 1), True), town.version, SYSTEM, utc_now())
    assert refused.value.field == "valid_from"


def test_the_second_editor_is_told(session: Session) -> None:
    town = places.area(session)
    services.change_area(session, town, AreaChange("新名", town.valid_from, True), 1, SYSTEM, utc_now())
    with pytest.raises(Stale):
        services.change_area(session, town, AreaChange("旧名", town.valid_from, True), 1, SYSTEM, utc_now())


def test_a_town_ends_with_all_its_villages_and_names_its_successor(session: Session) -> None:
    town, village = places.area(session), places.area(session, places.VILLAGE)
    ended = services.end_area(session, town, date(2026, 6, 30), places.OTHER_TOWN, town.version, SYSTEM)
    assert ended == 37
    assert (village.valid_to, town.valid_to) == (date(2026, 6, 30), date(2026, 6, 30))
    assert tree.list_predecessors(session, places.area(session, places.OTHER_TOWN)) == [town]
    with pytest.raises(Refusal):
        tree.find_valid_area(session, places.VILLAGE, date(2026, 7, 1))
    tree.find_valid_area(session, places.VILLAGE, date(2026, 6, 30))
    with pytest.raises(Refusal) as refused:
        services.reopen_area(session, village, village.version, SYSTEM)
    assert refused.value.field == "valid_to"
    services.reopen_area(session, town, town.version, SYSTEM)
    assert (town.valid_to, town.successor) == (None, None)


@pytest.mark.parametrize(
    ("last_day", "successor", "field"),
    [
        (date(2021, 4, 8), "", "valid_to"),
        (date(2026, 1, 1), places.TOWN, "successor"),
        (date(2026, 1, 1), places.VILLAGE, "successor"),
        (date(2026, 1, 1), "999", "successor"),
    ],
)
def test_an_end_that_cannot_be_is_refused(session: Session, last_day: date, successor: str, field: str) -> None:
    with pytest.raises(Refusal) as refused:
        services.end_area(session, places.area(session), last_day, successor, 1, SYSTEM)
    assert refused.value.field == field
    assert places.area(session).valid_to is None


def test_a_figure_is_entered_and_replaced(session: Session) -> None:
    town = places.area(session)
    services.set_figure(session, town, Month(2026, 1), 100, SYSTEM, utc_now())
    services.set_figure(session, town, Month(2026, 1), 120, SYSTEM, utc_now())
    assert [(row.month, row.ebikes) for row in list_figures(session, town)] == [(Month(2026, 1), 120)]
    assert last_audit(session).detail == {"area": places.TOWN, "month": "2026-01-01", "before": 100, "after": 120}


@pytest.mark.parametrize("month", [Month(2021, 3), Month.of(clock.today()).next])
def test_a_month_without_the_area_or_ahead_is_refused(session: Session, month: Month) -> None:
    with pytest.raises(Refusal) as refused:
        services.set_figure(session, places.area(session), month, 1, SYSTEM, utc_now())
    assert refused.value.field == "month"


JANUARY, FEBRUARY = Month(2026, 1), Month(2026, 2)


def in_month(session: Session, area: Area, month: Month) -> int | None:
    return ebikes_by_month(session, area.path, month, month)[month]


def test_exposure_is_summed_over_the_towns_and_carried(session: Session) -> None:
    root = places.area(session, places.DISTRICT)
    towns = tree.list_below(session, root.path, date(2026, 1, 1), "town")
    evaluated = [town for town in towns if town.evaluated]
    for town in evaluated[1:]:
        services.set_figure(session, town, Month(2025, 6), 10, SYSTEM, utc_now())
    assert in_month(session, root, JANUARY) is None
    services.set_figure(session, evaluated[0], Month(2026, 1), 1, SYSTEM, utc_now())
    assert in_month(session, root, JANUARY) == 211
    assert ebikes_by_month(session, root.path, Month(2025, 12), Month(2026, 7)) == {
        Month(2025, 12): None,
        **{Month(2026, month): 211 for month in range(1, 7)},
        Month(2026, 7): None,
    }


def test_an_ended_area_is_not_missed_in_the_sum(session: Session) -> None:
    town = places.area(session)
    for place in tree.list_children(session, town, date(2026, 1, 1)):
        services.set_figure(session, place, Month(2026, 1), 1, SYSTEM, utc_now())
    fresh = services.add_area(session, town, NewArea("330109001999", "新村", date(2026, 1, 1)), SYSTEM)
    assert in_month(session, town, JANUARY) is None
    services.end_area(session, fresh, date(2026, 1, 31), "", fresh.version, SYSTEM)
    assert in_month(session, town, FEBRUARY) == 36


def test_nobody_finds_an_area_outside_the_own_one(session: Session) -> None:
    by = Actor(1, "x", scope=Scope(area_path=places.area(session).path))
    assert tree.find_visible_area(session, places.VILLAGE, by).code == places.VILLAGE
    for code in (places.OTHER_TOWN, places.OTHER_VILLAGE, places.DISTRICT, "999"):
        with pytest.raises(Missing):
            tree.find_visible_area(session, code, by)
    for nobody in (Actor(1, "x"), Actor(1, "x", scope=Scope(company_id=1)), Actor(1, "x", scope=Scope(station_id=1))):
        with pytest.raises(Missing):
            tree.find_visible_area(session, places.VILLAGE, nobody)


def test_the_list_counts_villages_and_keeps_to_the_subtree(session: Session) -> None:
    by = Actor(1, "x", scope=Scope(area_path=places.area(session).path))
    found = tree.AREAS.page(session, by, tree.AreaFilter())
    assert found.total == 37
    town, village = found.items[:2]
    villages = tree.count_villages(session, found.items, None)
    assert (town.code, villages.get(town.path)) == (places.TOWN, 36)
    assert (village.parent and village.parent.name, villages.get(village.path)) == ("城厢街道", None)
    assert tree.AREAS.page(session, by, tree.AreaFilter(words="长春")).total == 0
    assert tree.AREAS.page(session, SYSTEM, tree.AreaFilter(words="长春")).total > 0
    assert tree.AREAS.page(session, SYSTEM, tree.AreaFilter(words="100%_")).total == 0
