"""Recording, correcting, voiding, duplicates, riders."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from tests.factories.accidents import NOW, make_accident, make_fatal, make_unasked, new_accident
from tests.factories.officers import Acting
from tests.factories.violations import District, new_rider
from trafficedu.accidents.models import Accident, AccidentRider
from trafficedu.accidents.queries import duplicates, records
from trafficedu.accidents.queries.duplicates import DUPLICATES
from trafficedu.accidents.services import closing, people, recording
from trafficedu.core.actors import Actor
from trafficedu.core.audit import AuditEntry
from trafficedu.core.clock import utc_now
from trafficedu.core.errors import Denied, Missing, Refusal, Stale


def count(session: Session) -> int:
    return session.scalar(select(func.count()).select_from(Accident)) or 0


def audited(session: Session, action: str) -> AuditEntry:
    session.flush()
    return session.scalars(select(AuditEntry).where(AuditEntry.action == action)).one()


def recorded(session: Session) -> Sequence[AuditEntry]:
    session.flush()
    entries = select(AuditEntry).where(AuditEntry.action == "accidents:accident:record").order_by(AuditEntry.id)
    return session.scalars(entries).all()


def waiting(session: Session, by: Actor) -> list[list[Accident]]:
    """Return the pairs that wait for a decision."""
    return [pair.records for pair in DUPLICATES.page(session, by, None).items]


class TestRecord:
    def test_it_keeps_what_was_seen(self, session: Session, district: District, officer: Actor) -> None:
        new = new_accident(
            district.village,
            severity="fatal",
            killed=1,
            killed_30_days=2,
            injured=3,
            rider_helmet="no",
            responsibility="main",
            kinds=("2007", "2004", "2007"),
            latitude=30.1,
            longitude=120.2,
        )
        accident = recording.record(session, new, officer, NOW)
        session.expire_all()
        assert (accident.killed, accident.killed_30_days, accident.injured) == (1, 2, 3)
        assert (accident.rider_helmet, accident.responsibility, accident.ebike_involved) == ("no", "main", True)
        assert [kind.code for kind in accident.kinds] == ["2004", "2007"]
        assert accident.number.startswith("A")
        assert (str(accident.occurred_on), accident.recorded_by_id) == ("2026-11-20", officer.user_id)
        entry = audited(session, "accidents:accident:record")
        assert (entry.subject_id, entry.actor_id) == (accident.id, officer.user_id)

    def test_the_day_is_the_one_in_shanghai(self, session: Session, district: District, officer: Actor) -> None:
        late = NOW.replace(day=19, hour=16, minute=30)
        accident = recording.record(session, new_accident(district.village, occurred_utc=late), officer, NOW)
        assert str(accident.occurred_on) == "2026-11-20"

    @pytest.mark.parametrize(
        ("change", "field"),
        [
            ({"occurred_utc": NOW + timedelta(minutes=1)}, "occurred_at"),
            ({"severity": "fatal"}, "killed"),
            ({"area_code": "000"}, "area_code"),
            ({"kinds": ("4711",)}, "kinds"),
            ({"kinds": ("ZJ-HELMET",), "occurred_utc": NOW.replace(year=2019)}, "kinds"),
            ({"latitude": 30.0}, "longitude"),
            ({"ebike_involved": False, "rider_helmet": "yes"}, "ebike_involved"),
            ({"place": "长" * 121}, "place"),
        ],
    )
    def test_what_cannot_be_is_refused_at_its_field(
        self, session: Session, district: District, officer: Actor, change: dict[str, object], field: str
    ) -> None:
        with pytest.raises(Refusal) as caught:
            recording.record(session, new_accident(district.village, **change), officer, NOW)
        assert caught.value.field == field
        assert count(session) == 0

    def test_an_area_of_others_is_as_good_as_none(self, session: Session, district: District, officer: Actor) -> None:
        with pytest.raises(Refusal) as caught:
            recording.record(session, new_accident(district.other_village), officer, NOW)
        assert caught.value.field == "area_code"

    def test_a_repeated_submit_gives_the_first_record(
        self, session: Session, district: District, officer: Actor
    ) -> None:
        new = new_accident(district.village, client_reference="same")
        assert recording.record(session, new, officer, NOW) is recording.record(session, new, officer, NOW)
        assert count(session) == 1

    def test_but_not_to_somebody_else(
        self, session: Session, district: District, officer: Actor, supervisor: Actor
    ) -> None:
        new = new_accident(district.village, client_reference="same")
        recording.record(session, new, officer, NOW)
        with pytest.raises(Refusal):
            recording.record(session, new, supervisor, NOW)


class TestDuplicates:
    def test_one_like_it_is_asked_about_first(self, session: Session, district: District, officer: Actor) -> None:
        make_accident(session, district.village)
        later = new_accident(district.village, occurred_utc=NOW - timedelta(minutes=1))
        with pytest.raises(Refusal) as caught:
            recording.record(session, later, officer, NOW)
        assert caught.value.field == "told_apart"
        assert count(session) == 1
        recording.record(session, new_accident(district.village, told_apart=True), officer, NOW)
        assert [entry.detail["told_apart"] for entry in recorded(session)] == [False, True]
        assert waiting(session, officer) == []

    @pytest.mark.parametrize(
        "change",
        [
            {"occurred_utc": NOW - timedelta(hours=4)},
            {"severity": "serious"},
        ],
    )
    def test_another_time_or_severity_is_another_accident(
        self, session: Session, district: District, officer: Actor, change: dict[str, object]
    ) -> None:
        make_accident(session, district.village)
        recording.record(session, new_accident(district.village, **change), officer, NOW)
        assert [entry.detail["told_apart"] for entry in recorded(session)] == [False, False]

    def test_a_neighbouring_village_is_another_area(self, session: Session, district: District, officer: Actor) -> None:
        make_accident(session, district.village)
        recording.record(session, new_accident(district.neighbour), officer, NOW)
        assert count(session) == 2

    def test_pairs_leave_the_list_when_told_apart_or_voided(
        self, session: Session, district: District, supervisor: Actor, acting: Acting
    ) -> None:
        first = make_accident(session, district.village)
        second = make_unasked(session, district.village, occurred_utc=NOW - timedelta(minutes=30))
        third = make_unasked(session, district.village, occurred_utc=NOW - timedelta(minutes=10))
        assert waiting(session, supervisor) == [[second, third], [first, second]]
        assert waiting(session, acting("supervisor", district.neighbour)) == []
        closing.tell_apart(session, first, second, supervisor)
        assert audited(session, "accidents:accident:tell_apart").detail == {"other_id": second.id}
        assert waiting(session, supervisor) == [[second, third]]
        assert duplicates.decisions_on(session, second) == {first.id: "apart"}
        closing.mark_duplicate(session, second, third, supervisor, NOW)
        assert waiting(session, supervisor) == [[first, third]], "they are neighbours now"
        assert duplicates.decisions_on(session, third) == {second.id: "merged"}
        with pytest.raises(Stale):
            closing.tell_apart(session, third, second, supervisor)
        closing.void(session, first, "误录", supervisor, NOW)
        assert waiting(session, supervisor) == []

    def test_a_duplicate_is_voided_with_its_reference_and_its_riders_stay_known(
        self, session: Session, district: District, supervisor: Actor
    ) -> None:
        first, second = make_accident(session, district.village), make_accident(session, district.village)
        both, only = new_rider(), new_rider()
        for accident, rider in ((first, both), (second, both), (second, only)):
            people.link_rider(session, accident, rider, "rider", supervisor, utc_now())
        closing.mark_duplicate(session, second, first, supervisor, NOW)
        assert (second.state, second.duplicate_of_id, second.voided_utc) == ("voided", first.id, NOW)
        assert len(records.list_riders(session, first.id)) == 2
        assert audited(session, "accidents:accident:void").detail == {"duplicate_of": first.id}
        with pytest.raises(Stale):
            closing.mark_duplicate(session, first, second, supervisor, NOW)
        assert first.state == "recorded"

    def test_no_record_is_a_duplicate_of_itself(self, session: Session, district: District, supervisor: Actor) -> None:
        accident = make_accident(session, district.village)
        with pytest.raises(Stale):
            closing.mark_duplicate(session, accident, accident, supervisor, NOW)


class TestCorrect:
    def test_somebody_died_later(self, session: Session, district: District, officer: Actor) -> None:
        accident = make_accident(session, district.village, severity="serious")
        changed = new_accident(district.village, severity="fatal", killed=1, injured=0)
        recording.correct(session, accident, changed, accident.version, officer, NOW)
        assert (accident.severity, accident.killed, accident.version) == ("fatal", 1, 2)
        assert audited(session, "accidents:accident:correct").detail == {"fields": ["severity", "killed", "injured"]}

    def test_kinds_alone_raise_the_version(self, session: Session, district: District, officer: Actor) -> None:
        accident = make_accident(session, district.village)
        recording.correct(session, accident, new_accident(district.village, kinds=("2004",)), 1, officer, NOW)
        session.expire_all()
        assert ([kind.code for kind in accident.kinds], accident.version) == (["2004"], 2)

    def test_the_same_again_changes_nothing(self, session: Session, district: District, officer: Actor) -> None:
        accident = make_accident(session, district.village)
        recording.correct(session, accident, new_accident(district.village), 1, officer, NOW)
        assert accident.version == 1

    def test_the_second_editor_is_told(self, session: Session, district: District, officer: Actor) -> None:
        accident = make_accident(session, district.village)
        recording.correct(session, accident, new_accident(district.village, injured=2), 1, officer, NOW)
        with pytest.raises(Stale):
            recording.correct(session, accident, new_accident(district.village, injured=3), 1, officer, NOW)

    def test_a_voided_record_stays_as_it_is(self, session: Session, district: District, supervisor: Actor) -> None:
        accident = make_accident(session, district.village)
        closing.void(session, accident, "误录", supervisor, NOW)
        with pytest.raises(Stale):
            recording.correct(session, accident, new_accident(district.village), accident.version, supervisor, NOW)


class TestVoid:
    def test_it_keeps_the_reason(self, session: Session, district: District, supervisor: Actor) -> None:
        accident = make_accident(session, district.village)
        closing.void(session, accident, " 误录 ", supervisor, NOW)
        assert (accident.state, accident.state_reason, accident.voided_by_id) == ("voided", "误录", supervisor.user_id)
        assert [step.what for step in records.history_of(accident)] == ["recorded", "voided"]
        with pytest.raises(Stale):
            closing.void(session, accident, "again", supervisor, NOW)

    def test_without_a_reason_it_stands(self, session: Session, district: District, supervisor: Actor) -> None:
        accident = make_accident(session, district.village)
        with pytest.raises(Refusal) as caught:
            closing.void(session, accident, "  ", supervisor, NOW)
        assert (caught.value.field, accident.state) == ("reason", "recorded")


class TestRiders:
    def test_a_link_is_audited_with_ids_only(self, session: Session, district: District, officer: Actor) -> None:
        accident = make_accident(session, district.village)
        link = people.link_rider(session, accident, new_rider(name="张三"), "rider", officer, utc_now())
        entry = audited(session, "accidents:rider:link")
        assert entry.detail == {"rider_id": link.rider_id, "role": "rider"}

    def test_twice_is_once(self, session: Session, district: District, officer: Actor) -> None:
        accident, rider = make_accident(session, district.village), new_rider()
        one = people.link_rider(session, accident, rider, "rider", officer, utc_now())
        assert people.link_rider(session, accident, rider, "passenger", officer, utc_now()).id == one.id
        assert session.scalar(select(func.count()).select_from(AccidentRider)) == 1

    def test_it_takes_the_permission(self, session: Session, district: District, acting: Acting) -> None:
        accident = make_accident(session, district.village)
        for role in ("leader", "analyst"):
            with pytest.raises(Denied):
                people.link_rider(session, accident, new_rider(), "rider", acting(role, district.town), utc_now())

    def test_nobody_rode_where_there_was_no_e_bike(self, session: Session, district: District, officer: Actor) -> None:
        accident = make_accident(session, district.village, ebike_involved=False)
        with pytest.raises(Refusal) as caught:
            people.link_rider(session, accident, new_rider(), "rider", officer, utc_now())
        assert caught.value.field == "role"
        assert people.link_rider(session, accident, new_rider(), "other", officer, utc_now()).role == "other"

    def test_a_mistake_is_taken_back(self, session: Session, district: District, officer: Actor) -> None:
        accident = make_accident(session, district.village)
        link = people.link_rider(session, accident, new_rider(), "rider", officer, utc_now())
        rider_id, number = link.rider_id, link.rider.number
        people.unlink_rider(session, records.find_link(session, accident, number), officer)
        assert list(records.list_riders(session, accident.id)) == []
        assert audited(session, "accidents:rider:unlink").detail["rider_id"] == rider_id
        with pytest.raises(Missing):
            records.find_link(session, accident, number)


def test_a_fatal_accident_needs_its_dead_in_the_database_too(session: Session, district: District) -> None:
    accident = make_fatal(session, district.village, NOW - timedelta(days=3))
    accident.killed = 0
    with pytest.raises(Exception, match="ck_accident_fatal"):
        session.flush()
