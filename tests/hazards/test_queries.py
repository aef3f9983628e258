from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from tests.factories import places
from tests.factories.hazards import DAY, NOW, PLAN, TODAY, make_fixed, make_hazard, make_planned, verify
from tests.factories.pictures import camera_photo
from tests.hazards.conftest import Acting
from trafficedu.areas.models import Area
from trafficedu.core import terms
from trafficedu.core.actors import Actor
from trafficedu.core.clock import utc_now
from trafficedu.core.errors import Missing
from trafficedu.core.month import Month
from trafficedu.hazards.models import HazardTerm
from trafficedu.hazards.queries import figures, records
from trafficedu.hazards.queries.figures import HazardCounts
from trafficedu.hazards.queries.records import HazardFilter, hazards_on
from trafficedu.hazards.rules import PhotoTime
from trafficedu.hazards.services import deciding, papers, planning, reporting


def test_nobody_sees_beyond_the_own_post(session: Session, village: Area, acting: Acting) -> None:
    hazard = make_hazard(session, village)
    other = places.area(session, places.OTHER_TOWN)
    for role in ("officer", "leader", "supervisor"):
        assert records.find_hazard(session, hazard.number.lower(), acting(role)).id == hazard.id
        stranger = acting(role, other)
        with pytest.raises(Missing):
            records.find_hazard(session, hazard.number, stranger)
        with pytest.raises(Missing):
            records.find_photo(session, hazard.number, 1, stranger)
        assert hazards_on(TODAY).page(session, stranger, HazardFilter(words=hazard.number)).total == 0


def test_the_list_narrows_by_everything_it_offers(session: Session, village: Area, acting: Acting) -> None:
    officer = acting("officer")
    one = make_planned(session, village, risk="high", place="临江路一号")
    two = make_hazard(session, places.area(session, places.NEXT_VILLAGE), kind_code="sight", now=NOW + DAY)

    def numbers(sort: str = "", **wanted: object) -> list[str]:
        found = hazards_on(TODAY).page(session, officer, HazardFilter(**wanted), sort)  # type: ignore[arg-type]
        return [hazard.number for hazard in found.items]

    assert numbers() == [two.number, one.number]
    assert numbers(sort="reported") == numbers(sort="deadline") == [one.number, two.number]
    assert numbers(sort="-deadline") == [two.number, one.number]
    assert numbers(words="临江") == [one.number]
    assert numbers(words=two.number) == [two.number]
    assert numbers(state="planned") == numbers(risk="high") == numbers(kind_code="surface") == [one.number]
    assert numbers(state="open") == [two.number, one.number]
    assert numbers(area_path=village.path) == [one.number]
    assert numbers(since=TODAY + DAY) == [two.number]
    assert numbers(sort="deadline", since=TODAY + DAY) == [two.number]
    assert numbers(state="open", sort="-deadline", until=TODAY) == [one.number]
    assert numbers(until=TODAY) == numbers(overdue_on=TODAY + 8 * DAY) == [one.number]
    assert numbers(overdue_on=TODAY + 7 * DAY) == []


@pytest.mark.parametrize("window", [0, 800])
def test_every_part_of_what_is_written_finds_the_hazard(
    session: Session, village: Area, acting: Acting, monkeypatch: pytest.MonkeyPatch, window: int
) -> None:
    """With a window of nothing every part counts as too common, and the hazards of the post are looked through."""
    monkeypatch.setattr(terms, "WINDOW", window)
    officer, leader = acting("officer"), acting("leader", places.area(session, places.OTHER_TOWN))
    one = make_planned(session, village, place="临江路 A12 号", description="路灯不亮\n有坑 50%")
    two = make_hazard(session, village, place="江边", description="无")
    elsewhere = make_hazard(session, places.area(session, places.OTHER_VILLAGE), place="临江路")

    def found(words: str, by: Actor = officer, **also: object) -> set[str]:
        page = hazards_on(TODAY).page(session, by, HazardFilter(words=words, **also))  # type: ignore[arg-type]
        assert page.total == len(page.items)
        return {hazard.number for hazard in page.items}

    for words in ("临江", "a12", "A12 号", "路灯不亮", "坑", "50%", PLAN.responsible):
        assert found(words) == {one.number}, words
    assert found("江") == {one.number, two.number}
    assert (found("江", state="reported"), found("江", state="planned")) == ({two.number}, {one.number})
    assert found("江", risk="high") == found("江", kind_code="sight") == set()
    assert found("路", leader) == {elsewhere.number}
    assert found("江", area_path=village.path, since=TODAY + DAY) == found("江江") == found("亮有") == set()
    two.place = "山边"
    session.flush()
    assert (found("江"), found("山")) == ({one.number}, {two.number})
    kept = select(HazardTerm.term).where(HazardTerm.hazard_id == two.id)
    assert set(session.scalars(kept)) >= {"山", "山边", "无"}
    assert "江" not in session.scalars(kept).all()


def test_overdue_counts_add_up_by_tier(session: Session, village: Area, town: Area, acting: Acting) -> None:
    district = places.area(session, places.DISTRICT)
    analyst, leader = acting("analyst", district), acting("leader")
    make_planned(session, village)
    make_hazard(session, village, place="另一处")
    make_planned(session, places.area(session, places.OTHER_VILLAGE), replace(PLAN, deadline_on=TODAY + DAY))
    day = TODAY + 8 * DAY
    whole, *towns = figures.count_by_tier(session, analyst, district, day)
    assert (whole.open, whole.to_plan, whole.overdue, whole.oldest_on) == (3, 1, 2, TODAY + DAY)
    assert sum(row.overdue for row in towns) == 2
    own, *villages = figures.count_by_tier(session, leader, town, day)
    assert (own.open, own.overdue) == (2, 1)
    assert {row.area.code: row.overdue for row in villages}[village.code] == 1
    assert figures.count_by_tier(session, leader, district, day)[0].open == 2
    assert figures.count_overdue(session, analyst, district.path, day) == 2
    assert figures.count_overdue(session, leader, district.path, day) == 1


def test_a_month_stays_what_it_was(session: Session, village: Area, acting: Acting) -> None:
    """Three hazards reported on 20 November: one verified that month in time, one closed in December, one late.

    The late one has its deadline on 27 November, is fixed on 5 December and verified on the 6th.
    """
    fixer, officer = acting("leader"), acting("officer")
    done = make_fixed(session, village, fixer)
    verify(session, done, officer, NOW + 3 * DAY)
    late = make_planned(session, village, place="二")
    doubtful = make_hazard(session, village, place="三")
    november = HazardCounts(open=2, new=3, fixed=1, fixed_on_time=1, overdue=1)
    assert figures.indicators(session, Month(2026, 11))[village.id] == november
    deciding.close(session, doubtful, "不是隐患", doubtful.version, fixer, NOW + 12 * DAY)
    revised = replace(PLAN, deadline_on=TODAY + 40 * DAY)
    planning.revise(session, late, revised, "材料未到", late.version, fixer, NOW + 12 * DAY)
    planning.mark_fixed(session, late, "", [], late.version, fixer, NOW + 15 * DAY)
    reporting.add_photos(session, late, [camera_photo(seed=5)], PhotoTime.AFTER, fixer, NOW + 15 * DAY)
    verify(session, late, officer, NOW + 16 * DAY)
    assert figures.indicators(session, Month(2026, 11))[village.id] == november
    december = HazardCounts(open=0, new=0, fixed=1, fixed_on_time=0, overdue=0)
    assert figures.indicators(session, Month(2026, 12))[village.id] == december
    assert village.id not in figures.indicators(session, Month.of(TODAY - timedelta(days=60)))


def test_a_voided_hazard_is_in_no_figure(session: Session, village: Area, acting: Acting) -> None:
    hazard = make_planned(session, village)
    deciding.void(session, hazard, "重复", hazard.version, acting("supervisor"), NOW)
    assert village.id not in figures.indicators(session, Month.of(TODAY))
    assert figures.count_overdue(session, acting("officer"), village.path, TODAY + 30 * DAY) == 0


def test_the_sheet_says_the_plan_in_both_languages(session: Session, village: Area, acting: Acting) -> None:
    hazard = make_fixed(session, village, acting("leader"))
    for locale in ("zh", "en"):
        assert papers.render_any(session, hazard.number, locale, utc_now()).startswith(b"%PDF")
    with pytest.raises(Missing):
        papers.render_any(session, "D00000000000", "zh", utc_now())
