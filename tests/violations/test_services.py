"""Recording and what becomes of a record."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from tests.factories import people, violations
from tests.factories.events import published
from tests.factories.violations import NOW, District, make_violation, new_rider, new_violation
from trafficedu.accounts.queries import actor_of
from trafficedu.areas.models import Area
from trafficedu.core.actors import SYSTEM, Actor
from trafficedu.core.audit import AuditEntry
from trafficedu.core.clock import from_local, utc_now
from trafficedu.core.database import database
from trafficedu.core.errors import Refusal, Stale
from trafficedu.core.numbers import is_number
from trafficedu.core.services import services_of
from trafficedu.core.transactions import WRITES
from trafficedu.riders.models import Rider
from trafficedu.riders.queries.plates import rider_of
from trafficedu.riders.services.engagements import NewEngagement, engage
from trafficedu.riders.services.people import find_or_register
from trafficedu.violations.events import ViolationEstablished, ViolationVoided
from trafficedu.violations.models.records import Violation, ViolationKind
from trafficedu.violations.services import kinds, objections, recording, reviewing


@pytest.fixture
def heard(session: Session) -> list[Any]:
    """The events published by the services under test; nobody else handles them here."""
    return published(session, ViolationEstablished, ViolationVoided)


@pytest.mark.usefixtures("heard")
class TestRecord:
    def test_a_record_has_a_public_number_and_tells_the_rooms_above(
        self, session: Session, district: District, officer: Actor, heard: list[Any]
    ) -> None:
        violation = recording.record(session, new_violation(district.village), officer, NOW)
        assert is_number(violation.number, "V")
        assert (violation.state, violation.source, violation.officer_id) == ("confirmed", "field", officer.user_id)
        assert violation.occurred_on == date(2026, 11, 20)
        assert heard == [ViolationEstablished(NOW, officer, violation.id)]
        audited = select(AuditEntry).where(AuditEntry.action == "violations:violation:record")
        assert session.scalars(audited).one().subject_id == violation.id

    def test_the_day_is_the_district_s_day(self, session: Session, district: District, officer: Actor) -> None:
        late = from_local(datetime(2026, 11, 20, 0, 30))  # noqa: DTZ001 - Shanghai's clock, as typed
        violation = recording.record(session, new_violation(district.village, occurred_utc=late), officer, NOW)
        assert violation.occurred_utc.date() == date(2026, 11, 19)
        assert violation.occurred_on == date(2026, 11, 20)

    def test_the_plate_is_remembered(self, session: Session, district: District, officer: Actor) -> None:
        violation = recording.record(session, new_violation(district.village, plate="杭州·a 98765"), officer, NOW)
        assert violation.plate == "杭州A98765"
        assert rider_of(session, "杭州A98765", violation.occurred_on) is violation.rider

    def test_a_repeated_submit_gives_the_first_record(
        self, session: Session, district: District, officer: Actor, heard: list[Any]
    ) -> None:
        new = new_violation(district.village, client_reference="one")
        first = recording.record(session, new, officer, NOW)
        again = recording.record(session, new, officer, NOW)
        assert again.id == first.id
        assert len(heard) == 1
        assert session.scalar(select(func.count()).select_from(Violation)) == 1

    def test_nobody_reads_another_s_record_by_its_client_reference(
        self, session: Session, district: District, officer: Actor, acting: Callable[[str, Area], Actor]
    ) -> None:
        new = new_violation(district.village, client_reference="one")
        recording.record(session, new, officer, NOW)
        with pytest.raises(Refusal, match="someone else"):
            recording.record(session, new, acting("officer", district.town), NOW)

    @pytest.mark.parametrize(
        ("change", "field"),
        [
            ({"kind_code": "1234"}, "kind"),
            ({"area_code": "000"}, "area_code"),
            ({"occurred_utc": NOW + timedelta(minutes=1)}, "occurred_at"),
            ({"occurred_utc": NOW - timedelta(days=30, minutes=1)}, "occurred_at"),
            ({"penalty": "fine"}, "fine_yuan"),
            ({"penalty": "fine", "fine_yuan": 4}, "fine_yuan"),
            ({"penalty": "fine", "fine_yuan": 51}, "fine_yuan"),
            ({"penalty": "fine", "fine_yuan": 19, "kind_code": "ZJ-HELMET"}, "fine_yuan"),
            ({"penalty": "warning", "fine_yuan": 20}, "fine_yuan"),
            ({"penalty": "prison"}, "penalty"),
            ({"plate": "12"}, "plate"),
            ({"rider": new_rider(id_number="999999199005170010")}, "id_number"),
            ({"rider": None}, "id_number"),
            ({"rider": None, "rider_number": "R123"}, "id_number"),
            ({"offender": "dog"}, "offender"),
            ({"source": "rumour"}, "source"),
            ({"latitude": 30.1}, "longitude"),
            ({"latitude": 95.0, "longitude": 120.0}, "latitude"),
            ({"company_code": "nobody"}, "company_code"),
            ({"rider": new_rider(date(2013, 6, 1)), "penalty": "fine", "fine_yuan": 5}, "penalty"),
            ({"rider": new_rider(date(2011, 6, 1))}, "guardian_name"),
        ],
    )
    def test_what_is_wrong_is_said_at_its_field(
        self, session: Session, district: District, officer: Actor, change: dict[str, Any], field: str
    ) -> None:
        with pytest.raises(Refusal) as refusal:
            recording.record(session, new_violation(district.village, **change), officer, NOW)
        assert refusal.value.field == field

    def test_the_bounds_themselves_are_allowed(self, session: Session, district: District, officer: Actor) -> None:
        for change in (
            {"occurred_utc": NOW},
            {"occurred_utc": NOW - timedelta(days=30)},
            {"penalty": "fine", "fine_yuan": 5},
            {"penalty": "fine", "fine_yuan": 50},
            {"penalty": "fine", "fine_yuan": 20, "kind_code": "ZJ-HELMET"},
        ):
            assert recording.record(session, new_violation(district.village, **change), officer, NOW).number

    def test_only_the_own_area(self, session: Session, district: District, officer: Actor) -> None:
        with pytest.raises(Refusal) as refusal:
            recording.record(session, new_violation(district.other_village), officer, NOW)
        assert refusal.value.field == "area_code"

    def test_an_area_that_ended_is_refused_from_then_on(
        self, session: Session, district: District, officer: Actor
    ) -> None:
        district.village.valid_to = date(2026, 11, 19)
        session.add(district.village)
        session.flush()
        with pytest.raises(Refusal, match="did not exist") as refusal:
            recording.record(session, new_violation(session.merge(district.village)), officer, NOW)
        assert refusal.value.field == "area_code"


class TestKindsInTime:
    def test_the_version_of_the_day_is_taken(self, session: Session, district: District, officer: Actor) -> None:
        old = session.scalars(select(ViolationKind).where(ViolationKind.code == "2007")).one()
        new = kinds.KindInput("闯红灯", "Red light", 1, 10, 100, "法", "law", date(2026, 11, 15))
        kinds.renew_kind(session, old, new, old.version, officer)
        assert old.valid_to == date(2026, 11, 14)
        dear = new_violation(district.village, penalty="fine", fine_yuan=80)
        assert recording.record(session, dear, officer, NOW).kind.fine_max_yuan == 100
        early = datetime(2026, 11, 14, 3, 0, tzinfo=UTC)
        with pytest.raises(Refusal) as refusal:
            recording.record(
                session,
                new_violation(district.village, penalty="fine", fine_yuan=80, occurred_utc=early),
                officer,
                NOW,
            )
        assert refusal.value.field == "fine_yuan"

    def test_an_ended_kind_is_refused(self, session: Session, district: District, officer: Actor) -> None:
        kind = session.scalars(select(ViolationKind).where(ViolationKind.code == "2009")).one()
        kinds.end_kind(session, kind, date(2026, 11, 18), kind.version, officer)
        with pytest.raises(Refusal, match="not in force") as refusal:
            recording.record(session, new_violation(district.village, kind_code="2009"), officer, NOW)
        assert refusal.value.field == "kind"

    def test_a_version_in_use_is_not_cut_short(self, session: Session, district: District, officer: Actor) -> None:
        violation = make_violation(session, district.village)
        kind = violation.kind
        new = kinds.KindInput("闯红灯", "Red light", 1, 10, 100, "法", "law", date(2026, 11, 20))
        with pytest.raises(Refusal, match="recorded on or after"):
            kinds.renew_kind(session, kind, new, kind.version, officer)
        with pytest.raises(Refusal, match="recorded on or after"):
            kinds.end_kind(session, kind, date(2026, 11, 19), kind.version, officer)

    def test_a_code_is_used_once(self, session: Session, officer: Actor) -> None:
        new = kinds.KindInput("闯红灯", "Red light", None, 5, 50, "法", "law", date(2027, 1, 1))
        with pytest.raises(Refusal) as refusal:
            kinds.add_kind(session, "2007", new, officer)
        assert refusal.value.field == "code"
        assert kinds.add_kind(session, "NEW-1", new, officer).valid_to is None

    def test_loading_twice_adds_nothing(self, session: Session) -> None:
        assert kinds.load_kinds(session, utc_now()) == 0


class TestPeople:
    def test_the_young(self, session: Session, district: District, officer: Actor) -> None:
        child = new_violation(
            district.village, rider=new_rider(date(2013, 6, 1)), penalty="education", guardian_name="张三"
        )
        assert recording.record(session, child, officer, NOW).minor
        sixteen = new_violation(district.village, rider=new_rider(date(2010, 11, 20)), penalty="fine", fine_yuan=5)
        assert not recording.record(session, sixteen, officer, NOW).minor
        passenger = new_violation(district.village, rider=new_rider(date(2013, 6, 1)), offender="passenger")
        assert not recording.record(session, passenger, officer, NOW).minor

    def test_the_company_is_the_one_of_that_day(self, session: Session, district: District, officer: Actor) -> None:
        rider = find_or_register(session, new_rider(), officer, utc_now())
        old, new = violations.make_company(session), violations.make_company(session)
        engage(
            session, rider, NewEngagement(old.id, date(2026, 1, 1), date(2026, 11, 10), "contract"), officer, utc_now()
        )
        engage(session, rider, NewEngagement(new.id, date(2026, 11, 11), None, "contract"), officer, utc_now())
        then = datetime(2026, 11, 9, 3, 0, tzinfo=UTC)
        known = {"rider_number": rider.number}
        before = recording.record(session, new_violation(district.village, occurred_utc=then, **known), officer, NOW)
        after = recording.record(session, new_violation(district.village, **known), officer, NOW)
        none = recording.record(session, new_violation(district.village, company_code="", **known), officer, NOW)
        assert (before.company_id, after.company_id, none.company_id) == (old.id, new.id, None)

    def test_a_wrong_company_stays_a_name(self, session: Session, district: District, officer: Actor) -> None:
        """C4 of the inspection: one slip of the pen engaged the rider for ever, and took later notices with it."""
        rider = find_or_register(session, new_rider(), officer, utc_now())
        left, now, slip = (violations.make_company(session) for _ in range(3))
        for work in (
            NewEngagement(left.id, date(2026, 9, 1), date(2026, 11, 18), "contract"),
            NewEngagement(now.id, date(2026, 11, 19), None, "contract"),
        ):
            engage(session, rider, work, officer, utc_now())
        for wrong in (left, slip):
            new = new_violation(district.village, rider_number=rider.number, company_code=wrong.code)
            violation = recording.record(session, new, officer, NOW)
            assert (violation.company_id, violation.named_company_id) == (None, wrong.id)
            assert violation.company_known == "named"
        later = recording.record(session, new_violation(district.village, rider_number=rider.number), officer, NOW)
        assert (later.company_id, later.company_known) == (now.id, "engaged")
        assert {each.company_id for each in rider.engagements} == {left.id, now.id}

    def test_each_of_two_companies_at_once_may_be_named(
        self, session: Session, district: District, officer: Actor
    ) -> None:
        """C3: the company joined first was refused."""
        rider = find_or_register(session, new_rider(), officer, utc_now())
        both = [violations.make_company(session) for _ in range(2)]
        for company, since in zip(both, (date(2026, 9, 1), date(2026, 11, 1)), strict=True):
            engage(session, rider, NewEngagement(company.id, since, None, "contract"), officer, utc_now())

        def recorded(**values: Any) -> Violation:
            new = new_violation(district.village, rider_number=rider.number, **values)
            return recording.record(session, new, officer, NOW)

        for company in both:
            violation = recorded(company_code=company.code)
            assert (violation.company_id, violation.company_known) == (company.id, "engaged")
        assert (recorded().company_id, recorded().company_known) == (None, "ambiguous")
        with pytest.raises(Refusal) as refused:
            recorded(asks=True)
        assert refused.value.field == "company_code"


def camera(area: Area, **values: Any) -> recording.NewViolation:
    return new_violation(area, source="camera", rider=None, **values)


class TestReview:
    def test_a_camera_record_waits_five_working_days(
        self, session: Session, district: District, officer: Actor, heard: list[Any]
    ) -> None:
        violation = recording.record(session, camera(district.village), officer, NOW)
        assert (violation.state, violation.review_due_on) == ("pending", date(2026, 11, 27))
        assert heard == []

    def test_a_camera_record_needs_a_plate(self, session: Session, district: District, officer: Actor) -> None:
        with pytest.raises(Refusal) as refusal:
            recording.record(session, camera(district.village, plate=""), officer, NOW)
        assert refusal.value.field == "plate"

    def test_it_counts_once_confirmed_and_its_rider_known(
        self, session: Session, district: District, officer: Actor, heard: list[Any]
    ) -> None:
        violation = recording.record(session, camera(district.village), SYSTEM, NOW)
        reviewing.confirm(session, violation, officer, NOW)
        assert heard == []
        reviewing.identify_rider(session, violation, new_rider(), officer, NOW)
        assert heard == [ViolationEstablished(NOW, officer, violation.id)]
        with pytest.raises(Stale):
            reviewing.identify_rider(session, violation, new_rider(), officer, NOW)
        with pytest.raises(Stale):
            reviewing.confirm(session, violation, officer, NOW)

    def test_a_child_s_fine_becomes_education(self, session: Session, district: District, officer: Actor) -> None:
        violation = recording.record(session, camera(district.village, penalty="fine", fine_yuan=20), officer, NOW)
        reviewing.identify_rider(session, violation, new_rider(date(2014, 1, 1)), officer, NOW)
        assert (violation.penalty, violation.fine_yuan, violation.minor) == ("education", None, True)

    def test_a_rejected_one_never_counts(
        self, session: Session, district: District, officer: Actor, heard: list[Any]
    ) -> None:
        violation = recording.record(session, camera(district.village), SYSTEM, NOW)
        with pytest.raises(Refusal) as refusal:
            reviewing.reject(session, violation, " ", officer, NOW)
        assert refusal.value.field == "reason"
        reviewing.reject(session, violation, "号牌不清", officer, NOW)
        assert (violation.state, violation.state_reason, heard) == ("rejected", "号牌不清", [])

    def test_a_voided_one_tells_the_rooms_above(
        self, session: Session, district: District, officer: Actor, heard: list[Any]
    ) -> None:
        violation = make_violation(session, district.village)
        heard.clear()
        with pytest.raises(Refusal):
            reviewing.void(session, violation, "", officer, NOW)
        reviewing.void(session, violation, "认错人", officer, NOW)
        assert heard == [ViolationVoided(NOW, officer, violation.id)]
        assert (violation.state, violation.voided_by_id) == ("voided", officer.user_id)
        with pytest.raises(Stale):
            reviewing.void(session, violation, "again", officer, NOW)


class TestObjections:
    def test_an_upheld_one_voids_the_record(
        self, session: Session, district: District, officer: Actor, heard: list[Any]
    ) -> None:
        violation = make_violation(session, district.village)
        objection = objections.raise_objection(session, violation, "不是我", "13800000000", NOW)
        assert objection.due_on == date(2026, 11, 27)
        assert objection.contact_cipher is not None
        assert "138" not in objection.contact_cipher
        assert services_of(session).keyring.decrypt(objection.contact_cipher, "objection.contact") == "13800000000"
        with pytest.raises(Refusal, match="already"):
            objections.raise_objection(session, violation, "again", "", NOW)
        with pytest.raises(Refusal) as refusal:
            objections.decide_objection(session, objection, True, "", officer, NOW)
        assert refusal.value.field == "decision"
        objections.decide_objection(session, objection, True, "监控显示并非此人", officer, NOW)
        assert (objection.state, violation.state) == ("upheld", "voided")
        assert ViolationVoided(NOW, officer, violation.id) in heard
        with pytest.raises(Stale):
            objections.decide_objection(session, objection, False, "no", officer, NOW)
        with pytest.raises(Refusal, match="is not in force"):
            objections.raise_objection(session, violation, "again", "", NOW)

    def test_a_dismissed_one_leaves_the_record(self, session: Session, district: District, officer: Actor) -> None:
        violation = make_violation(session, district.village)
        objection = objections.raise_objection(session, violation, "不是我", "", NOW)
        objections.decide_objection(session, objection, False, "证据清楚", officer, NOW)
        assert (objection.state, violation.state) == ("dismissed", "confirmed")
        assert objections.raise_objection(session, violation, "新证据", "", NOW).state == "open"

    @pytest.mark.parametrize(("statement", "contact", "field"), [("", "", "statement"), ("x", "1" * 31, "contact")])
    def test_what_is_wrong(
        self, session: Session, district: District, statement: str, contact: str, field: str
    ) -> None:
        violation = make_violation(session, district.village)
        with pytest.raises(Refusal) as refusal:
            objections.raise_objection(session, violation, statement, contact, NOW)
        assert refusal.value.field == field


def test_many_at_the_same_moment_make_one_record(fresh_app: Flask) -> None:
    with fresh_app.app_context():
        with database().sessionmaker(info=WRITES) as setup:
            made = violations.make_district(setup)
            officer = actor_of(people.make_user(setup, "officer", area_id=made.town.id))
            new = new_violation(made.village, client_reference="the same")
            setup.commit()

        def submit(_n: int) -> str:
            with fresh_app.app_context(), database().sessionmaker(info=WRITES) as own:
                number = recording.record(own, new, officer, NOW).number
                own.commit()
                return number

        with ThreadPoolExecutor(8) as pool:
            numbers = set(pool.map(submit, range(16)))
        with database().sessionmaker(info=WRITES) as check:
            assert numbers == set(check.scalars(select(Violation.number)))
            assert len(numbers) == 1
            assert check.scalar(select(func.count()).select_from(Rider)) == 1


def test_missing_is_missing(session: Session, district: District, officer: Actor) -> None:
    theirs = make_violation(session, district.other_village)
    with pytest.raises(Refusal) as caught:
        recording.record(session, new_violation(district.village, kind_code="no such"), officer, NOW)
    assert (caught.value.field, caught.value.value) == ("kind", "no such")
    assert theirs.number
