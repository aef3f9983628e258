"""The pages, as the people who use them."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from tests.conftest import Browser
from tests.factories import education
from tests.factories.accidents import make_accident, make_unasked
from tests.factories.places import names_in
from tests.factories.violations import District, identity, new_rider
from trafficedu.accidents.models import Accident, AccidentRider
from trafficedu.accidents.services import people
from trafficedu.accounts.models import User
from trafficedu.accounts.queries import actor_of
from trafficedu.core.actors import Actor
from trafficedu.core.audit import AuditEntry
from trafficedu.core.clock import local, local_date, utc_now
from trafficedu.core.numbers import new_number
from trafficedu.education.models.tasks import StudyTask


def typed(district: District, **changes: Any) -> dict[str, Any]:
    """What an officer types."""
    return {
        "severity": "slight",
        "killed": "0",
        "injured": "2",
        "killed_30_days": "",
        "occurred_at": local(utc_now()).strftime("%Y-%m-%dT%H:%M"),
        "area_code": district.village.code,
        "place": "市心路口",
        "latitude": "",
        "longitude": "",
        "ebike_involved": "yes",
        "rider_helmet": "no",
        "responsibility": "main",
        "kinds": ["2004", "2007"],
        "client_reference": "c-1",
        **changes,
    }


def count(session: Session) -> int:
    return session.scalar(select(func.count()).select_from(Accident)) or 0


def make_recent(session: Session, area: Any, **values: Any) -> Accident:
    now = utc_now()
    accident = make_accident(session, area, now=now, **{"occurred_utc": now - timedelta(minutes=5)} | values)
    session.commit()
    return accident


def make_pair(session: Session, area: Any) -> tuple[Accident, Accident]:
    """Make two records that nobody compared: the earlier one first."""
    now = utc_now()
    first = make_unasked(session, area, now=now, occurred_utc=now - timedelta(minutes=30))
    second = make_unasked(session, area, now=now, occurred_utc=now - timedelta(minutes=5))
    session.commit()
    return first, second


def in_english(client: Browser, user: User) -> Browser:
    client.sign_in(user)
    with client.session_transaction() as cookie:
        cookie["locale"] = "en"
    return client


@pytest.fixture
def phone(client: Browser, officer_user: User) -> Browser:
    """The officer's phone, in English."""
    return in_english(client, officer_user)


@pytest.fixture
def desk(client: Browser, make_user: Callable[..., User], district: District) -> Browser:
    """The supervisor's browser, in English."""
    return in_english(client, make_user("supervisor", area_id=district.town.id))


def text(answer: Any) -> str:
    return re.sub(r"\s+", " ", answer.get_data(as_text=True))


class TestForm:
    def test_recording_leads_to_the_record(self, session: Session, phone: Browser, district: District) -> None:
        answer = phone.post("/accidents/new", data=typed(district))
        assert answer.status_code == 303
        accident = session.scalars(select(Accident)).one()
        assert answer.location.endswith(f"/accidents/{accident.number}")
        assert (accident.killed, accident.injured, accident.killed_30_days) == (0, 2, None)
        html = text(phone.get(answer.location))
        assert "Accident: slight injury" in html
        assert "main responsibility" in html

    def test_it_offers_the_own_villages_only(self, phone: Browser, district: District) -> None:
        html = text(phone.get("/accidents/new"))
        offered = text(phone.get(names_in(html)[0]))
        assert district.village.code in offered
        assert district.other_village.code not in offered

    def test_a_double_submit_makes_one_record(self, session: Session, phone: Browser, district: District) -> None:
        given = typed(district)
        assert phone.post("/accidents/new", data=given).location == phone.post("/accidents/new", data=given).location
        assert count(session) == 1

    @pytest.mark.parametrize(
        ("change", "says"),
        [
            ({"severity": ""}, "Choose the severity."),
            ({"severity": "fatal"}, "at least one person killed within 7 days"),
            ({"killed": "1"}, "so this is a fatal accident"),
            ({"injured": "501"}, "from 0 to 500"),
            ({"occurred_at": "2099-01-01T10:00"}, "is in the future"),
            ({"area_code": ""}, "Choose the village."),
            ({"area_code": "000"}, "no village with the code 000"),
            ({"latitude": "30"}, "A position needs both latitude and longitude."),
            ({"ebike_involved": "no"}, "no e-bike was involved"),
            ({"kinds": ["4711"]}, "no kind of violation with the code 4711"),
        ],
    )
    def test_what_is_wrong_is_said_and_nothing_typed_is_lost(
        self, session: Session, phone: Browser, district: District, change: dict[str, Any], says: str
    ) -> None:
        answer = phone.post("/accidents/new", data=typed(district) | change)
        assert answer.status_code == 422
        html = text(answer)
        assert says in html
        assert 'value="市心路口"' in html
        assert count(session) == 0

    def test_a_likely_duplicate_is_shown_before_it_is_saved(
        self, session: Session, phone: Browser, district: District
    ) -> None:
        first = make_recent(session, district.village)
        answer = phone.post("/accidents/new", data=typed(district))
        assert answer.status_code == 422
        html = text(answer)
        assert "Is it one of these accidents?" in html
        assert first.number in html
        assert count(session) == 1
        assert phone.post("/accidents/new", data=typed(district, told_apart="y")).status_code == 303
        assert count(session) == 2

    def test_correcting_shows_what_is_there_and_keeps_the_second_editor_out(
        self, session: Session, phone: Browser, district: District
    ) -> None:
        accident = make_recent(session, district.village, kinds=("2004",))
        address = f"/accidents/{accident.number}/correct"
        html = text(phone.get(address))
        assert re.search(r'<input[^>]*checked[^>]*value="2004"', html)
        changed = typed(district, version="1", severity="fatal", killed="1", killed_30_days="1", injured="0")
        assert phone.post(address, data=changed).status_code == 422, "why is asked, too"
        changed |= {"reason": "家属告知死亡"}
        assert phone.post(address, data=changed).status_code == 303
        assert phone.post(address, data=changed).status_code == 409
        session.expire_all()
        assert (accident.severity, accident.killed_30_days) == ("fatal", 1)
        assert phone.post(address, data=typed(district, version="2", injured="")).status_code == 422


class TestList:
    def test_it_shows_the_own_area_and_filters_by_the_address(
        self, session: Session, phone: Browser, district: District
    ) -> None:
        mine = make_recent(session, district.village)
        theirs = make_recent(session, district.other_village)
        html = text(phone.get("/accidents"))
        assert mine.number in html
        assert theirs.number not in html
        assert mine.number in text(phone.get(f"/accidents?severity=casualty&kind=2007&area={district.village.code}"))
        assert mine.number not in text(phone.get("/accidents?severity=fatal"))
        assert mine.number not in text(phone.get("/accidents?ebike=no"))
        elsewhere = text(phone.get(f"/accidents?area={district.other_town.code}"))
        assert "There is no place with this name or code." in elsewhere
        assert theirs.number not in elsewhere
        for sort in ("occurred", "-occurred", "-severity", "nonsense"):
            assert phone.get(f"/accidents?sort={sort}").status_code == 200

    @pytest.mark.parametrize("suffix", ["csv", "xlsx"])
    def test_it_goes_out_as_a_file_narrowed_alike(
        self, session: Session, desk: Browser, district: District, suffix: str
    ) -> None:
        make_recent(session, district.village)
        make_recent(session, district.other_village)
        answer = desk.fetch(f"/accidents/export/{suffix}?severity=slight&suffix=x")
        assert answer.status_code == 200
        assert f"accidents-{local_date(utc_now())}.{suffix}" in answer.headers["Content-Disposition"]
        if suffix == "csv":
            lines = answer.get_data().decode("utf-8-sig").splitlines()
            assert len(lines) == 2
            assert district.village.code in lines[1]
        entry = session.scalars(select(AuditEntry).where(AuditEntry.action == "accidents:accident:export")).one()
        assert entry.detail == {"rows": 1, "format": suffix}
        answer.close()

    def test_an_odd_address_does_not_break_the_export_keys(self, desk: Browser) -> None:
        assert desk.get("/accidents?suffix=x&_anchor=y").status_code == 200


class TestRecord:
    def test_somebody_elses_is_missing(self, session: Session, desk: Browser, district: District) -> None:
        theirs = make_recent(session, district.other_village)
        mine = make_recent(session, district.village)
        for path in ("", "/correct", "/void", "/riders", f"/compare/{mine.number}"):
            assert desk.get(f"/accidents/{theirs.number}{path}").status_code == 404
        assert desk.get(f"/accidents/{mine.number}/compare/{theirs.number}").status_code == 404

    def test_voiding_asks_why(self, session: Session, desk: Browser, district: District) -> None:
        accident = make_recent(session, district.village)
        address = f"/accidents/{accident.number}/void"
        assert desk.post(address, data={"reason": " "}).status_code == 422
        assert desk.post(address, data={"reason": "误录"}).status_code == 303
        assert desk.post(address, data={"reason": "误录"}).status_code == 409
        html = text(desk.get(f"/accidents/{accident.number}"))
        assert "误录" in html
        assert "Correct the record" not in html

    def test_duplicates_are_compared_and_one_is_voided(
        self, session: Session, desk: Browser, district: District
    ) -> None:
        first, second = make_pair(session, district.village)
        address = f"/accidents/{first.number}/compare/{second.number}"
        assert address in text(desk.get("/accidents/duplicates"))
        assert "Possible duplicates" in text(desk.get(f"/accidents/{first.number}"))
        assert desk.post(address, data={}).status_code == 422
        assert desk.post(address, data={"decision": "one"}).status_code == 303
        session.expire_all()
        assert (first.state, second.state, second.duplicate_of_id) == ("recorded", "voided", first.id)
        assert first.number in text(desk.get(f"/accidents/{second.number}"))
        assert "nothing left to decide" in text(desk.get(address))
        assert address not in text(desk.get("/accidents/duplicates"))

    def test_two_accidents_stay_two(self, session: Session, desk: Browser, district: District) -> None:
        first, second = make_pair(session, district.village)
        address = f"/accidents/{first.number}/compare/{second.number}"
        assert desk.post(address, data={"decision": "apart"}).status_code == 303
        assert address not in text(desk.get("/accidents/duplicates"))
        session.expire_all()
        assert {first.state, second.state} == {"recorded"}
        assert "two accidents" in text(desk.get(f"/accidents/{first.number}"))
        assert "Compare" in text(desk.get(f"/accidents/{first.number}")), "who erred may still merge them"

    def test_the_first_screen_says_what_waits_for_a_decision(
        self, session: Session, desk: Browser, district: District
    ) -> None:
        assert "may be recorded twice" not in text(desk.get("/"))
        first, second = make_pair(session, district.village)
        address = f"/accidents/{first.number}/compare/{second.number}"
        assert "may be recorded twice" in text(desk.get("/"))
        assert address in text(desk.get("/"))
        desk.post(address, data={"decision": "apart"})
        assert "may be recorded twice" not in text(desk.get("/"))

    def test_those_of_others_are_not_shown(self, session: Session, desk: Browser, district: District) -> None:
        first, _second = make_pair(session, district.other_village)
        assert first.number not in text(desk.get("/accidents/duplicates"))
        assert "may be recorded twice" not in text(desk.get("/"))


class TestPeople:
    @pytest.fixture
    def linked(self, session: Session, district: District, officer_user: User) -> AccidentRider:
        accident = make_recent(session, district.village)
        rider = new_rider(name="欧阳测试", home_area_id=district.village.id)
        link = people.link_rider(session, accident, rider, "rider", actor_of(officer_user), utc_now())
        session.commit()
        return link

    def test_a_person_is_linked_by_document(self, session: Session, phone: Browser, district: District) -> None:
        accident = make_recent(session, district.village)
        address, number = f"/accidents/{accident.number}/riders", identity()
        given = {"role": "rider", "id_type": "identity_card", "id_number": number, "name": "", "phone": ""}
        assert phone.post(address, data=given | {"id_number": "123"}).status_code == 422
        assert phone.post(address, data=given).status_code == 422  # nobody is known by it: a name is needed
        assert phone.post(address, data=given | {"name": "欧阳测试"}).status_code == 303
        html = text(phone.get(f"/accidents/{accident.number}"))
        assert "欧阳测试" in html
        assert number not in html

    def test_leaders_and_analysts_learn_how_many_but_not_who(
        self, client: Browser, district: District, make_user: Callable[..., User], linked: AccidentRider
    ) -> None:
        for role in ("leader", "analyst"):
            html = text(
                in_english(client, make_user(role, area_id=district.town.id)).get(
                    f"/accidents/{linked.accident.number}"
                )
            )
            assert "1 known rider is linked." in html
            assert "0.0 %" in html  # educated before: none of one
            for secret in ("欧阳测试", "欧*", "欧**试", linked.rider.number):
                assert secret not in html

    def test_the_riders_page_opens_from_here_and_that_is_kept(
        self, session: Session, desk: Browser, linked: AccidentRider
    ) -> None:
        answer = desk.post(f"/accidents/{linked.accident.number}/riders/{linked.rider.number}/open")
        assert answer.location.endswith(f"/riders/{linked.rider.number}")
        opened = select(AuditEntry).where(AuditEntry.action == "riders:rider:open")
        assert session.scalars(opened).all()[-1].detail == {"via": "accident"}

    def test_a_mistaken_link_is_taken_back(self, session: Session, desk: Browser, linked: AccidentRider) -> None:
        address = f"/accidents/{linked.accident.number}/riders/{linked.rider.number}/unlink"
        assert desk.post(address).status_code == 303
        assert session.scalar(select(func.count()).select_from(AccidentRider)) == 0
        assert desk.post(address).status_code == 404

    def test_who_takes_it_back_a_moment_late_is_told(
        self, desk: Browser, linked: AccidentRider, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def late(own: Session, link: AccidentRider, by: Actor) -> None:
            own.execute(delete(AccidentRider).execution_options(synchronize_session=False))
            unlink(own, link, by)

        unlink = people.unlink_rider
        monkeypatch.setattr(people, "unlink_rider", late)
        address = f"/accidents/{linked.accident.number}/riders/{linked.rider.number}/unlink"
        assert desk.post(address).status_code == 409

    @pytest.mark.parametrize(("days", "educated"), [(-1, "100.0 %"), (1, "0.0 %")])
    def test_only_studies_completed_before_count(
        self,
        session: Session,
        desk: Browser,
        district: District,
        linked: AccidentRider,
        days: int,
        educated: str,
    ) -> None:
        occurred = linked.accident.occurred_utc
        completed = occurred + timedelta(days=days)
        task = StudyTask(
            number=new_number("T"),
            rider_id=linked.rider_id,
            course_id=education.course(session).id,
            area_id=district.other_village.id,
            opened_utc=occurred - timedelta(days=9),
            opened_on=local_date(occurred - timedelta(days=9)),
            due_on=local_date(occurred + timedelta(days=6)),
            state="completed",
            completed_utc=completed,
            completed_on=local_date(completed),
        )
        session.add(task)
        session.commit()
        html = text(desk.get(f"/accidents/{linked.accident.number}"))
        panel = html[html.index("Education before the accident") :]
        assert educated in panel
        owed = re.search(r'data-label="Study tasks outstanding at the time" class="figures">(\d)<', panel)
        assert owed is not None
        assert owed[1] == ("0" if days < 0 else "1")
