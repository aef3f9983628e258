"""Who rides which e-bike, from when to when: seen, asked, transferred, taken back."""

from __future__ import annotations

from datetime import date, timedelta
from itertools import permutations

import pytest
from sqlalchemy.orm import Session

from tests.factories.people import make_user
from tests.factories.riders import make_area, make_rider
from trafficedu.accounts.queries import actor_of
from trafficedu.core.actors import SYSTEM
from trafficedu.core.clock import utc_now
from trafficedu.core.errors import Missing, Refusal, Stale
from trafficedu.riders.models import Rider
from trafficedu.riders.queries.plates import rider_of, uses_of_rider
from trafficedu.riders.queries.vehicles import find_by_plate, find_vehicle
from trafficedu.riders.rules import Answer, Relation
from trafficedu.riders.services import plates
from trafficedu.riders.services.plates import NewUse, Seen, UseChange

PLATE = "杭州A12345"
DAY = date(2026, 3, 10)
YESTERDAY, TOMORROW = DAY - timedelta(days=1), DAY + timedelta(days=1)


def see(
    session: Session, rider: Rider, day: date, record: str, answer: str = "", met: Rider | None = None
) -> Rider | None:
    number = met.number if met is not None else ""
    return plates.note(session, Seen(PLATE, rider, day, record, answer=answer, met=number), SYSTEM)


def spans(session: Session, rider: Rider) -> list[tuple[str, date | None, date | None]]:
    session.expire_all()
    return [(use.relation.value, use.used_from, use.used_to) for use in uses_of_rider(session, rider.id)]


@pytest.fixture
def known(session: Session) -> Rider:
    """Who rides the e-bike since record V1, ten days before."""
    rider = make_rider(session, name="卢安华")
    assert see(session, rider, DAY - timedelta(days=10), "V1") is None
    return rider


def test_another_rider_is_asked_about_and_nothing_is_noted(session: Session, known: Rider) -> None:
    other = make_rider(session)
    assert see(session, other, DAY, "V2") is known
    assert see(session, other, DAY, "V2", Answer.TRANSFERRED, other) is known, "the answer was about somebody else"
    assert spans(session, other) == []
    assert rider_of(session, PLATE, DAY) is known


def test_borrowed_is_of_one_day_and_changes_nobody(session: Session, known: Rider) -> None:
    other = make_rider(session)
    assert see(session, other, DAY, "V2", Answer.BORROWED, known) is None
    assert spans(session, other) == [("borrowed", DAY, DAY)]
    assert see(session, other, DAY, "V3") is None, "who borrowed it that day is not asked again"
    assert see(session, other, TOMORROW, "V4") is known
    assert rider_of(session, PLATE, DAY) is known
    plates.take_back(session, "V2", SYSTEM)
    assert spans(session, other) == []


def test_transferred_ends_the_former_use_the_day_before_and_void_restores_it(session: Session, known: Rider) -> None:
    other, third = make_rider(session), make_rider(session)
    see(session, other, DAY, "V2", Answer.TRANSFERRED, known)
    assert [rider_of(session, PLATE, day) for day in (YESTERDAY, DAY)] == [known, other]
    see(session, third, DAY + timedelta(days=5), "V3", Answer.TRANSFERRED, other)
    plates.take_back(session, "V2", SYSTEM)
    assert spans(session, other) == []
    assert spans(session, known) == [("regular", DAY - timedelta(days=10), DAY + timedelta(days=4))]
    plates.take_back(session, "V3", SYSTEM)
    assert spans(session, known) == [("regular", DAY - timedelta(days=10), None)]
    plates.take_back(session, "V1", SYSTEM)
    assert rider_of(session, PLATE, DAY) is None


def test_transfers_taken_back_in_their_order_backwards(session: Session, known: Rider) -> None:
    other, third = make_rider(session), make_rider(session)
    see(session, other, DAY, "V2", Answer.TRANSFERRED, known)
    see(session, third, DAY, "V3", Answer.TRANSFERRED, other)
    assert rider_of(session, PLATE, DAY) is third, "of two on one day the later one"
    plates.take_back(session, "V3", SYSTEM)
    assert rider_of(session, PLATE, DAY) is other
    plates.take_back(session, "V2", SYSTEM)
    assert spans(session, known) == [("regular", DAY - timedelta(days=10), None)]


@pytest.mark.parametrize("order", list(permutations(["V2", "V3", "V4"])))
def test_transfers_noted_out_of_order_are_taken_back_in_any(
    session: Session, known: Rider, order: tuple[str, ...]
) -> None:
    second, third, earlier = (make_rider(session) for _ in range(3))
    see(session, second, DAY, "V2", Answer.TRANSFERRED, known)
    see(session, third, DAY, "V3", Answer.TRANSFERRED, second)
    see(session, earlier, YESTERDAY, "V4", Answer.TRANSFERRED, known)
    holders = {"V2": second, "V3": third, "V4": earlier}
    begun = ["V4", "V2", "V3"]
    for record in order:
        plates.take_back(session, record, SYSTEM)
        begun.remove(record)
        session.expire_all()
        assert rider_of(session, PLATE, TOMORROW) is (holders[begun[-1]] if begun else known)
    assert spans(session, known) == [("regular", DAY - timedelta(days=10), None)]


def test_who_rode_it_before_goes_on_where_the_record_after_is_taken_back(session: Session, known: Rider) -> None:
    before = make_rider(session)
    see(session, before, DAY - timedelta(days=30), "V0")
    plates.take_back(session, "V1", SYSTEM)
    assert spans(session, before) == [("regular", DAY - timedelta(days=30), None)]
    assert rider_of(session, PLATE, DAY) is before


def test_a_mistyped_plate_leads_back_to_the_plate(session: Session, known: Rider) -> None:
    with pytest.raises(Refusal) as refused:
        see(session, make_rider(session), DAY, "V2", Answer.MISTYPED, known)
    assert refused.value.field == "plate"


def test_a_record_of_before_ends_where_the_next_rider_begins(session: Session, known: Rider) -> None:
    before = make_rider(session)
    assert see(session, before, DAY - timedelta(days=30), "V0") is None
    assert spans(session, before) == [("regular", DAY - timedelta(days=30), DAY - timedelta(days=11))]


def test_an_owner_beside_a_regular_rider_is_no_doubt(session: Session, known: Rider) -> None:
    owner = make_rider(session)
    new = NewUse(PLATE, Relation.OWNER, DAY, None, "行驶证")
    plates.add_use(session, owner, new, SYSTEM, DAY)
    assert see(session, owner, DAY, "V2") is None
    assert rider_of(session, PLATE, DAY) is known
    with pytest.raises(Refusal) as refused:
        plates.add_use(session, known, new, SYSTEM, DAY)
    assert refused.value.field == "takes_over"
    plates.add_use(session, known, NewUse(PLATE, Relation.OWNER, DAY, None, "过户", takes_over=True), SYSTEM, DAY)
    assert spans(session, owner) == [("owner", DAY, DAY)]
    with pytest.raises(Refusal) as refused:
        plates.add_use(session, known, NewUse(PLATE, Relation.REGULAR, DAY, None, "目击"), SYSTEM, DAY)
    assert refused.value.field == "plate"
    with pytest.raises(Refusal) as refused:
        plates.add_use(session, known, NewUse(PLATE, Relation.REGULAR, TOMORROW, None, "目击"), SYSTEM, DAY)
    assert refused.value.field == "used_from"


def test_what_a_person_says_outlives_the_record(session: Session, known: Rider) -> None:
    by = actor_of(make_user(session, "officer", area=make_area(session, "甲村")))
    [use] = uses_of_rider(session, known.id)
    plates.change_use(session, use, UseChange(DAY, confirmed=True, reason="已报废"), use.version, by, DAY)
    plates.take_back(session, "V1", SYSTEM)
    assert spans(session, known) == []

    see(session, known, DAY, "V2")
    [use] = uses_of_rider(session, known.id)
    use.confirmed = False
    session.flush()
    stale = use.version
    plates.change_use(session, use, UseChange(None, confirmed=True, reason="看过行驶证"), use.version, by, DAY)
    plates.take_back(session, "V2", SYSTEM)
    assert (use.confirmed_by_id, rider_of(session, PLATE, DAY)) == (by.user_id, known)
    with pytest.raises(Stale):
        plates.change_use(session, use, UseChange(None, confirmed=True, reason="再来"), stale, by, DAY)
    with pytest.raises(Refusal):
        plates.change_use(session, use, UseChange(YESTERDAY, confirmed=True, reason="x"), use.version, by, DAY)


def test_two_cannot_ride_it_regularly_at_once(session: Session, known: Rider) -> None:
    other = make_rider(session)
    see(session, other, DAY, "V2", Answer.TRANSFERRED, known)
    [use] = uses_of_rider(session, known.id)
    with pytest.raises(Refusal) as refused:
        plates.change_use(session, use, UseChange(None, confirmed=True, reason="没过户"), use.version, SYSTEM, DAY)
    assert refused.value.field == "used_to"


def test_an_e_bike_is_seen_as_far_as_its_riders_are(session: Session) -> None:
    here, there = make_area(session, "甲村"), make_area(session, "乙村")
    officer = actor_of(make_user(session, "officer", area=here))
    see(session, make_rider(session, home_area_id=there.id), DAY, "V1")
    vehicle = find_by_plate(session, PLATE)
    assert vehicle is not None
    with pytest.raises(Missing):
        find_vehicle(session, vehicle.number, officer, utc_now())
    assert plates.search(session, "杭州 a·12345", officer) is vehicle
    assert find_vehicle(session, vehicle.number, officer, utc_now()) is vehicle
