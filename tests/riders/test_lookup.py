"""Who a rider is: by plate, document and phone, whole or by the end, by name; how far, how often, what followed."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from tests.factories.officers import Acting, acting, district
from tests.factories.people import make_user
from tests.factories.violations import District, identity, make_violation, new_rider
from trafficedu.accounts.queries import actor_of
from trafficedu.configuration.queries import find_parameter, find_wording
from trafficedu.configuration.services import set_figure, set_wording
from trafficedu.core.actors import SYSTEM, Actor
from trafficedu.core.audit import AuditEntry
from trafficedu.core.clock import local_date, utc_now
from trafficedu.riders.models import Rider, RiderLookup, RiderLookupDay
from trafficedu.riders.queries.lookup import MOST, Found, find
from trafficedu.riders.queries.people import id_number_of
from trafficedu.riders.queries.plates import PLACE
from trafficedu.riders.rules import LookupKey
from trafficedu.riders.services import keys, lookups
from trafficedu.riders.services.people import register

__all__ = ["acting", "district"]
NOW = utc_now()
PLATE, DOCUMENT, PHONE, NAME = LookupKey.PLATE, LookupKey.DOCUMENT, LookupKey.PHONE, LookupKey.NAME


@pytest.fixture
def officer(acting: Acting, district: District) -> Actor:
    return acting("officer", district.town)


def known(session: Session, district: District, plate: str = "", home: str = "village", **values: Any) -> Rider:
    """Return a rider at home in a village, who was recorded with a plate."""
    area = getattr(district, home)
    given = new_rider(**values, home_area_id=area.id)
    if not plate:
        return register(session, given, SYSTEM, NOW).rider
    rider = make_violation(session, area, rider=given, plate=plate).rider
    assert rider is not None
    return rider


def found(session: Session, key: LookupKey, text: str, by: Actor) -> Found:
    return find(session, key, text, by, NOW, local_date(NOW))


@pytest.mark.parametrize(
    "typed", ["演示A00042", "A00042", "a00042", "00042", "0042", "Ａ０００４２", "\u200bA00042", "a-00042"]
)
def test_a_plate_is_found_whole_and_by_its_end(
    session: Session, district: District, officer: Actor, typed: str
) -> None:
    rider = known(session, district, "演示A00042")
    known(session, district, "演示A00041")
    answer = found(session, PLATE, typed, officer)
    assert list(answer.riders) == [rider]
    assert answer.plates == {rider.id: "演示A00042"}
    assert answer.whole is ("A" in answer.plates[rider.id] and len(typed.strip("\u200b").replace("-", "")) >= 6)


@pytest.mark.parametrize("typed", ["042", "A0", "", "无牌", "0043", "B00042", "京0042"])
def test_what_is_no_end_of_a_plate_finds_nobody(
    session: Session, district: District, officer: Actor, typed: str
) -> None:
    known(session, district, "演示A00042")
    assert not found(session, PLATE, typed, officer).riders


@pytest.mark.parametrize("typed", ["13812345678", "+86 138-1234-5678", "45678", "5678", "5 6 7 8", "５６７８"])
def test_a_phone_is_found_whole_and_by_its_end(
    session: Session, district: District, officer: Actor, typed: str
) -> None:
    rider = known(session, district, phone="13812345678")
    known(session, district, phone="13812345679")
    known(session, district, phone="13899995678" if len(typed.replace(" ", "")) > 4 else "13899990000")
    assert list(found(session, PHONE, typed, officer).riders) == [rider]


def test_a_document_is_found_whole_and_by_its_end(session: Session, district: District, officer: Actor) -> None:
    number = identity(sequence=77)
    rider = known(session, district, id_number=number)
    for typed in (number, number[-4:], number[-6:].lower(), f"{number[:6]} {number[6:]}"):
        assert list(found(session, DOCUMENT, typed, officer).riders) == [rider], typed
    assert not found(session, DOCUMENT, number[-3:], officer).riders
    assert not found(session, DOCUMENT, "0" + number[-4:] + "9", officer).riders


@pytest.mark.parametrize("typed", ["阿卜杜拉•库", "库尔班", "阿卜\u200b杜拉", "库尔"])
def test_a_name_is_found_by_a_part(session: Session, district: District, officer: Actor, typed: str) -> None:
    rider = known(session, district, name="阿卜杜拉·库尔班")
    assert list(found(session, NAME, typed, officer).riders) == [rider]
    assert not found(session, NAME, "阿", officer).riders, "one sign would name half a town"


def test_only_the_whole_of_it_finds_a_rider_of_elsewhere(session: Session, district: District, officer: Actor) -> None:
    number = identity(sequence=55)
    rider = known(
        session, district, "演示A00077", "other_village", id_number=number, phone="13812340077", name="外区人"
    )
    whole = {PLATE: "A00077", DOCUMENT: number, PHONE: "13812340077"}
    for key, text in whole.items():
        assert list(found(session, key, text, officer).riders) == [rider]
    for key, text in {PLATE: "00077", DOCUMENT: number[-6:], PHONE: "40077", NAME: "外区人"}.items():
        assert not found(session, key, text, officer).riders, key
    there = actor_of(make_user(session, "officer", area_id=district.other_town.id))
    assert list(found(session, PHONE, "40077", there).riders) == [rider]


def test_more_than_the_page_shows_is_said(session: Session, district: District, officer: Actor) -> None:
    for number in range(MOST + 1):
        known(session, district, phone=f"1391{number:03d}2222")
    answer = found(session, PHONE, "2222", officer)
    assert (len(answer.riders), answer.more) == (MOST, True)


def test_the_name_of_the_district_is_not_needed(session: Session, district: District, officer: Actor) -> None:
    set_wording(session, find_wording(session, PLACE), "演示", 1, SYSTEM)
    rider = known(session, district, "演示A00042")
    for typed in ("a00042", "00042", "演示00042"):
        assert list(found(session, PLATE, typed, officer).riders) == [rider], typed


def test_riders_from_before_there_were_ends_get_them_in_parts(
    session: Session, district: District, officer: Actor
) -> None:
    riders = [known(session, district, phone=f"1381234567{n}") for n in range(3)]
    for rider in riders:
        rider.id_tail_hash = rider.phone_tail_hash = None
    session.flush()
    assert not found(session, PHONE, "5671", officer).riders
    assert [keys.reencrypt(session, NOW, 2) for _round in range(3)] == [2, 1, 0]
    assert list(found(session, PHONE, "5671", officer).riders) == [riders[1]]
    end = id_number_of(session, riders[2])[-6:]
    assert riders[2] in found(session, DOCUMENT, end, officer).riders


def counted(session: Session) -> list[tuple[int, int]]:
    return [(day.made, day.followed) for day in session.scalars(select(RiderLookupDay))]


class TestCounting:
    def test_a_plate_typed_sign_by_sign_is_one_look_up(
        self, session: Session, district: District, officer: Actor
    ) -> None:
        for plate in ("演示A00042", "演示B00042", "演示C10042"):
            known(session, district, plate)
        for typed in ("0042", "00042", "A00042", "A00042"):
            answer = found(session, PLATE, typed, officer)
            assert lookups.note(session, answer, officer, NOW) is None
        assert counted(session) == [(1, 0)]
        assert session.scalars(select(RiderLookup)).one().found == 3
        assert session.scalar(select(func.count()).where(AuditEntry.action == "riders:rider:look_up")) == 1

    def test_an_answer_that_shows_nobody_counts_not(self, session: Session, officer: Actor) -> None:
        for typed in ("9999", "99999"):
            lookups.note(session, found(session, PLATE, typed, officer), officer, NOW)
        assert counted(session) == []

    def test_the_audit_trail_says_how_and_how_many_and_nothing_typed(
        self, session: Session, district: District, officer: Actor
    ) -> None:
        rider = known(session, district, phone="13812345678")
        lookups.note(session, found(session, PHONE, "5678", officer), officer, NOW, [rider])
        session.flush()
        rows = session.scalars(select(AuditEntry).where(AuditEntry.actor_id == officer.user_id)).all()
        details = [(row.action, row.detail) for row in rows]
        assert details == [
            ("riders:rider:look_up", {"key": "phone", "whole": False, "found": 1}),
            ("riders:rider:open", {"via": "phone"}),
        ]

    def test_a_record_gives_the_look_ups_of_its_rider_their_reason(
        self, session: Session, district: District, officer: Actor
    ) -> None:
        riders = [known(session, district, phone=f"1381234000{n}") for n in range(3)]
        for n in range(3):
            lookups.note(session, found(session, PHONE, f"4000{n}", officer), officer, NOW)
        lookups.note_record(session, riders[1].id, officer, NOW + timedelta(minutes=5))
        assert counted(session) == [(3, 1)]
        lookups.note_record(session, riders[1].id, officer, NOW + timedelta(minutes=6))
        assert counted(session) == [(3, 1)], "once"
        lookups.note_record(session, riders[2].id, officer, NOW + timedelta(hours=13))
        assert counted(session) == [(3, 1)], "another shift"

    def test_beyond_the_limit_nobody_is_shown_for_a_while(
        self, session: Session, district: District, officer: Actor
    ) -> None:
        set_figure(session, find_parameter(session, "riders.lookups_minute"), 2, 1, SYSTEM)
        for n in range(4):
            known(session, district, phone=f"1381234000{n}")
        answers = [found(session, PHONE, f"4000{n}", officer) for n in range(4)]
        assert lookups.note(session, answers[0], officer, NOW) is None
        assert lookups.note(session, answers[1], officer, NOW) is None
        ends = lookups.limited_until(session, officer, NOW)
        assert ends == NOW + timedelta(minutes=1)
        assert lookups.note(session, answers[2], officer, NOW) == lookups.Limited(ends), "of many sent at once, too"
        assert lookups.limited_until(session, officer, NOW + timedelta(seconds=61)) is None
        other = actor_of(make_user(session, "officer", area_id=district.town.id))
        assert lookups.limited_until(session, other, NOW) is None
        assert counted(session) == [(2, 0)]

    def test_trying_numbers_that_nobody_has_ends_too(self, session: Session, officer: Actor) -> None:
        set_figure(session, find_parameter(session, "riders.lookups_minute"), 1, 1, SYSTEM)
        nobody = found(session, PHONE, "9999", officer)
        answers = [lookups.note(session, nobody, officer, NOW) for _try in range(lookups.TRIED + 1)]
        assert answers[:-1] == [None] * lookups.TRIED
        assert answers[-1] is not None

    def test_old_ones_are_forgotten(self, session: Session, district: District, officer: Actor) -> None:
        known(session, district, phone="13812340001")
        lookups.note(session, found(session, PHONE, "40001", officer), officer, NOW)
        assert lookups.forget_old(session, NOW + timedelta(days=200)) == 0
        assert lookups.forget_old(session, NOW + timedelta(days=202)) == 1
        assert counted(session) == []
