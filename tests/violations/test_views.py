"""The pages, as the people who use them."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from tests import databases
from tests.conftest import Browser
from tests.factories.places import names_in
from tests.factories.violations import District, identity, make_company, make_violation, new_rider
from trafficedu.accounts.models import User
from trafficedu.accounts.queries import actor_of
from trafficedu.companies.models import Company
from trafficedu.core import reach, web
from trafficedu.core.actors import SYSTEM
from trafficedu.core.clock import local, today, utc_now
from trafficedu.riders.models import Rider
from trafficedu.riders.services.engagements import NewEngagement, engage
from trafficedu.violations.models.records import Violation, ViolationKind
from trafficedu.violations.services import objections

STATEMENTS = 25
"""The whole of it for a known rider: actor, figures, ground, rider, opening noted, engagement, plate, the row, audit,
stamp (12), whether it is recorded already, in PostgreSQL in turn (2), and what it opens: lock, task, course, seat,
booking, notice and their audit rows (11)."""


def typed(district: District, **changes: Any) -> dict[str, Any]:
    """What an officer types for a new rider."""
    return {
        "kind": "2007",
        "occurred_at": local(utc_now()).strftime("%Y-%m-%dT%H:%M"),
        "area_code": district.village.code,
        "place": "市心路口",
        "source": "field",
        "plate": "杭州A12345",
        "offender": "rider",
        "id_type": "identity_card",
        "id_number": identity(),
        "name": "测试骑手",
        "company_code": "auto",
        "penalty": "fine",
        "fine_yuan": "20",
        "note": "雨天",
        "client_reference": "c-1",
        **changes,
    }


def engaged(session: Session, rider: Rider, company: Company) -> None:
    engage(session, rider, NewEngagement(company.id, date(2020, 1, 1), None, "contract"), SYSTEM, utc_now())


def count(session: Session) -> int:
    return session.scalar(select(func.count()).select_from(Violation)) or 0


class TestRecordPage:
    def test_it_offers_the_own_villages_and_the_kinds_in_force(self, phone: Browser, district: District) -> None:
        html = phone.get("/record").get_data(as_text=True)
        assert html.count('name="kind"') == 6
        offered = phone.get(names_in(html)[0]).get_data(as_text=True)
        assert district.village.code in offered
        assert district.other_village.code not in offered
        assert 'value="NM-PHONE"' in html

    def test_recording_leads_to_what_it_opened(self, session: Session, phone: Browser, district: District) -> None:
        answer = phone.post("/record", data=typed(district))
        assert answer.status_code == 303
        violation = session.scalars(select(Violation)).one()
        assert answer.location.endswith(f"/record/{violation.number}")
        html = phone.get(answer.location).get_data(as_text=True)
        assert violation.number in html
        assert f"/violations/{violation.number}/receipt" in html
        assert f' {district.village.code}">' in phone.get("/record").get_data(as_text=True), "the next is often near"

    def test_a_repeated_submit_leads_to_the_first_record(
        self, session: Session, phone: Browser, district: District
    ) -> None:
        given = typed(district)
        assert phone.post("/record", data=given).location == phone.post("/record", data=given).location
        assert count(session) == 1

    def test_recording_asks_the_database_little(self, session: Session, phone: Browser, district: District) -> None:
        given = typed(district)
        phone.post("/record", data=given)
        with databases.statements() as asked:
            answer = phone.post("/record", data=given | {"client_reference": "c-2", "kind": "2004"})
        assert answer.status_code == 303
        assert 10 < len(asked) <= STATEMENTS, asked

    def test_the_time_is_that_of_the_first_tap_and_never_of_the_page(
        self, session: Session, phone: Browser, district: District
    ) -> None:
        assert re.search(r'name="occurred_at"[^>]*value=""', phone.get("/record").text)
        tapped = phone.get("/record?kind=2007").text  # a key of the first screen
        assert re.search(r'name="occurred_at"[^>]*value="[0-9]{4}-', tapped)
        before = utc_now().replace(second=0, microsecond=0)
        answer = phone.post("/record", data=typed(district, occurred_at="", place="x" * 121))
        kept = re.search(r'name="occurred_at"[^>]*value="([^"]+)"', answer.text)
        assert answer.status_code == 422
        assert kept is not None
        assert phone.post("/record", data=typed(district, occurred_at="")).status_code == 303
        newest = session.scalars(select(Violation).order_by(Violation.id.desc())).first()
        assert newest is not None
        assert before <= newest.occurred_utc <= utc_now()
        assert kept[1] >= local(before).strftime("%Y-%m-%dT%H:%M")

    @pytest.mark.parametrize(
        ("change", "says"),
        [
            ({"kind": ""}, "Choose what happened."),
            ({"kind": "other", "other_kind": ""}, "Choose what happened."),
            ({"kind": "4711"}, "no kind of violation with the code 4711"),
            ({"area_code": ""}, "Choose the village."),
            ({"area_code": "000"}, "no village with the code 000"),
            ({"occurred_at": "yesterday"}, "Write the date and time like"),
            ({"occurred_at": "2199-01-01T10:00"}, "is in the future"),
            ({"occurred_at": "2020-01-01T10:00"}, "more than 30 days ago"),
            ({"plate": "12"}, "A plate has"),
            ({"id_number": "999999199005170010"}, "check digit"),
            ({"id_number": ""}, "Enter the rider"),
            ({"name": ""}, "Enter the name"),
            ({"phone": "12"}, "eleven digits"),
            ({"fine_yuan": "51"}, "between 5 and 50 yuan"),
            ({"fine_yuan": ""}, "Enter the amount of the fine"),
            ({"fine_yuan": "many"}, "integer"),
            ({"company_code": "nobody"}, "no company with the code nobody"),
            ({"id_number": identity(date(2014, 1, 1))}, "cannot be fined"),
            ({"id_number": identity(date(2014, 1, 1)), "penalty": "warning", "fine_yuan": ""}, "name of a guardian"),
            ({"place": "x" * 121}, "At most 120 characters."),
        ],
    )
    def test_what_is_wrong_is_said_and_what_was_typed_is_kept(
        self, session: Session, phone: Browser, district: District, change: dict[str, str], says: str
    ) -> None:
        answer = phone.post("/record", data=typed(district, **change))
        html = answer.get_data(as_text=True)
        assert answer.status_code == 422
        assert says in html
        assert "雨天" in html
        if "place" not in change:
            assert "市心路口" in html
        assert 'value="c-1"' in html
        assert count(session) == 0
        assert session.scalar(select(func.count()).select_from(Rider)) == 0

    def test_other_people_s_villages_are_refused(self, session: Session, phone: Browser, district: District) -> None:
        answer = phone.post("/record", data=typed(district, area_code=district.other_village.code))
        assert answer.status_code == 422
        assert count(session) == 0

    def test_a_kind_from_the_list(self, session: Session, phone: Browser, district: District) -> None:
        assert phone.post("/record", data=typed(district, kind="other", other_kind="NM-PHONE")).status_code == 303
        assert session.scalars(select(Violation)).one().kind.code == "NM-PHONE"

    @pytest.mark.parametrize("by", ["id_number", "phone", "plate"])
    def test_a_rider_is_looked_up_and_everything_typed_is_kept(
        self, session: Session, phone: Browser, district: District, by: str
    ) -> None:
        company = make_company(session)
        known = {"id_number": identity(), "phone": "13812345678", "plate": "杭州B55555"}
        make_violation(
            session,
            district.other_village,
            now=utc_now(),
            occurred_utc=utc_now() - timedelta(hours=1),
            plate=known["plate"],
            rider=new_rider(id_number=known["id_number"], phone=known["phone"], name="老熟人"),
        )
        engaged(session, session.scalars(select(Rider)).one(), company)
        session.commit()
        given = typed(district, id_number="", plate="", phone="") | {by: known[by], "action": "look_up"}
        answer = phone.post("/record", data=given)
        html = answer.get_data(as_text=True)
        assert answer.status_code == 200
        assert "老熟人" in html
        assert known["id_number"] not in html or by == "id_number"
        assert company.name in html
        assert "雨天" in html
        number = re.search(r'name="rider_number" value="(R\w+)"', html)
        assert number is not None
        given = typed(district, id_number="", name="", plate="", rider_number=number[1])
        assert phone.post("/record", data=given).status_code == 303
        recorded = session.scalars(select(Violation).order_by(Violation.id.desc())).first()
        assert recorded is not None
        assert recorded.rider is not None
        assert (recorded.rider.name, recorded.company_id) == ("老熟人", company.id)

    def test_nobody_found_is_said(self, phone: Browser, district: District) -> None:
        answer = phone.post("/record", data=typed(district, action="look_up"))
        html = answer.get_data(as_text=True)
        assert "No rider found by: document number · plate · name" in html
        assert "others by the whole number or plate" in html

    def test_a_rider_s_number_alone_opens_nobody(self, session: Session, phone: Browser, district: District) -> None:
        stranger = make_violation(
            session, district.other_village, rider=new_rider(home_area_id=district.other_village.id)
        )
        assert stranger.rider is not None
        number = stranger.rider.number
        session.commit()
        answer = phone.post("/record", data=typed(district, id_number="", name="", rider_number=number))
        assert answer.status_code == 422
        assert "Look up the rider again" in answer.get_data(as_text=True)


class TestList:
    def test_it_shows_the_own_area_only(self, session: Session, desk: Browser, district: District) -> None:
        now = utc_now()
        mine = make_violation(session, district.village, now=now, occurred_utc=now)
        theirs = make_violation(session, district.other_village, now=now, occurred_utc=now)
        session.commit()
        html = desk.get("/violations").get_data(as_text=True)
        assert mine.number in html
        assert theirs.number not in html
        searched = desk.get(f"/violations?q={theirs.number}").get_data(as_text=True)
        assert f"/violations/{theirs.number}" not in searched

    def test_filters_and_sort(self, session: Session, desk: Browser, district: District) -> None:
        now = utc_now()
        red = make_violation(session, district.village, now=now, occurred_utc=now, penalty="fine", fine_yuan=30)
        lane = make_violation(session, district.neighbour, now=now, occurred_utc=now, kind_code="2009")
        camera = make_violation(session, district.village, now=now, occurred_utc=now, source="camera", rider=None)
        session.commit()

        def listed(query: str) -> list[str]:
            html = desk.get(f"/violations?{query}").get_data(as_text=True)
            return re.findall(r'/violations/(V\w{11})"', html)

        assert listed("kind=2009") == [lane.number]
        assert listed(f"area={district.neighbour.code}") == [lane.number]
        assert set(listed(f"area={district.town.code}")) == {red.number, lane.number, camera.number}
        assert listed("source=camera") == [camera.number]
        assert listed("state=pending") == [camera.number]
        assert listed("mine=y") == []
        assert listed(f"q={red.number.lower()}") == [red.number]
        assert listed("sort=occurred") == listed("sort=-occurred")[::-1]
        assert listed("sort=-fine") == listed("")
        assert listed(f"since={(today() + timedelta(days=1)).isoformat()}") == []


class TestRecord:
    def test_somebody_else_s_is_not_there(self, session: Session, desk: Browser, district: District) -> None:
        theirs = make_violation(session, district.other_village)
        session.commit()
        for path in ("", "/void", "/reject", "/identify"):
            assert desk.get(f"/violations/{theirs.number}{path}").status_code == 404
        for path in ("/confirm", "/void", "/rider"):
            assert desk.post(f"/violations/{theirs.number}{path}", data={"reason": "x"}).status_code == 404
        session.expire_all()
        assert theirs.state == "confirmed"

    def test_an_analyst_sees_no_identity(
        self, session: Session, client: Browser, make_user: Callable[..., User], district: District
    ) -> None:
        violation = make_violation(session, district.village, rider=new_rider(name="保密人"), plate="杭州C77777")
        number = violation.number
        client.sign_in(make_user("analyst", area_id=district.root.id))
        html = client.get(f"/violations/{number}").get_data(as_text=True)
        assert number in html
        assert "保密人" not in html
        assert "杭州C77777" not in html

    def test_a_company_has_no_access(
        self, session: Session, client: Browser, make_user: Callable[..., User], district: District
    ) -> None:
        violation = make_violation(session, district.village)
        company = make_company(session)
        client.sign_in(make_user("company", company_id=company.id))
        assert client.get("/violations").status_code == 403
        assert client.get(f"/violations/{violation.number}").status_code == 403

    def test_voiding_asks_why(self, session: Session, desk: Browser, district: District) -> None:
        violation = make_violation(session, district.village)
        session.commit()
        page = f"/violations/{violation.number}/void"
        assert "cannot be undone" in desk.get(page).get_data(as_text=True)
        assert desk.post(page, data={"reason": " "}).status_code == 422
        assert desk.post(page, data={"reason": "认错人"}).status_code == 303
        session.expire_all()
        assert violation.state == "voided"
        assert "认错人" in desk.get(f"/violations/{violation.number}").get_data(as_text=True)
        assert desk.post(page, data={"reason": "again"}).status_code == 409

    def test_an_officer_neither_voids_nor_reviews(self, session: Session, phone: Browser, district: District) -> None:
        violation = make_violation(session, district.village, source="camera", rider=None)
        session.commit()
        assert phone.post(f"/violations/{violation.number}/void", data={"reason": "x"}).status_code == 403
        assert phone.post(f"/violations/{violation.number}/confirm").status_code == 403

    def test_the_first_screen_counts_what_waits_to_a_limit(
        self, session: Session, desk: Browser, district: District, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        for _ in range(7):
            make_violation(session, district.village, source="camera", rider=None)
        session.commit()
        assert "Camera records 7</a>" in desk.get("/").text
        for module in (reach, web):
            monkeypatch.setattr(module, "CAP", 6)
        assert "Camera records 6+</a>" in desk.get("/").text

    def test_a_camera_record_is_reviewed_and_its_rider_named(
        self, session: Session, desk: Browser, district: District
    ) -> None:
        violation = make_violation(session, district.village, source="camera", rider=None)
        violation.review_due_on = today()
        session.commit()
        assert violation.number in desk.get("/reviews").get_data(as_text=True)
        assert desk.post(f"/violations/{violation.number}/confirm").status_code == 303
        assert desk.post(f"/violations/{violation.number}/confirm").status_code == 409
        page = f"/violations/{violation.number}/identify"
        assert desk.post(page, data={"id_type": "identity_card", "id_number": "1", "name": "甲"}).status_code == 422
        given = {"id_type": "identity_card", "id_number": identity(), "name": "被找到的人"}
        assert desk.post(page, data=given).status_code == 303
        assert "被找到的人" in desk.get(f"/violations/{violation.number}").get_data(as_text=True)


class TestObjections:
    def test_they_are_decided_within_the_area(self, session: Session, desk: Browser, district: District) -> None:
        mine, theirs = make_violation(session, district.village), make_violation(session, district.other_village)
        own = objections.raise_objection(session, mine, "不是我骑的", "13800000000", utc_now())
        other = objections.raise_objection(session, theirs, "别处的异议", "", utc_now())
        session.commit()
        html = desk.get("/objections").get_data(as_text=True)
        assert "不是我骑的" in html
        assert "别处的异议" not in html
        assert desk.get(f"/objections/{other.number}").status_code == 404
        page = f"/objections/{own.number}"
        assert "138****0000" in desk.get(page).get_data(as_text=True)
        assert desk.post(page, data={"outcome": "upheld", "decision": ""}).status_code == 422
        assert desk.post(page, data={"outcome": "upheld", "decision": "确有错误"}).status_code == 303
        session.expire_all()
        assert mine.state == "voided"


class TestCatalogue:
    @pytest.fixture
    def admin(self, client: Browser, make_user: Callable[..., User]) -> Browser:
        return client.sign_in(make_user("administrator"))

    def test_a_new_version_ends_the_old_one(self, session: Session, admin: Browser) -> None:
        assert "2007" in admin.get("/kinds").get_data(as_text=True)
        kind = session.scalars(select(ViolationKind).where(ViolationKind.code == "2009")).one()
        given = {
            "name_zh": "骑快车道",
            "name_en": "Riding in the motor lane",
            "fine_min_yuan": "10",
            "fine_max_yuan": "60",
            "law_zh": "法",
            "law_en": "law",
            "valid_from": "2027-01-01",
            "version": str(kind.version),
            "seen_from": kind.valid_from.isoformat(),
        }
        assert admin.post("/kinds/2009", data=given | {"fine_max_yuan": "5"}).status_code == 422
        assert admin.post("/kinds/2009", data=given).status_code == 303
        session.expire_all()
        assert kind.valid_to == date(2026, 12, 31)
        assert admin.post("/kinds/2009", data=given).status_code == 409

    def test_adding_and_ending(self, session: Session, admin: Browser) -> None:
        given = {
            "code": "X-1",
            "name_zh": "测试",
            "name_en": "Test",
            "fine_min_yuan": "5",
            "fine_max_yuan": "50",
            "law_zh": "法",
            "law_en": "law",
            "valid_from": "2026-01-01",
        }
        assert admin.post("/kinds/new", data=given | {"code": ""}).status_code == 422
        assert admin.post("/kinds/new", data=given).status_code == 303
        assert admin.post("/kinds/new", data=given).status_code == 422
        assert admin.post("/kinds/X-1/end", data={"last_day": "2026-12-31", "version": "1"}).status_code == 303
        assert admin.get("/kinds/none").status_code == 404
        session.expire_all()
        kind = session.scalars(select(ViolationKind).where(ViolationKind.code == "X-1")).one()
        assert kind.valid_to == date(2026, 12, 31)


def test_an_officer_s_own_day(session: Session, phone: Browser, officer_user: User, district: District) -> None:
    phone.post("/record", data=typed(district))
    number = session.scalars(select(Violation.number)).one()
    html = phone.get("/violations?mine=y").get_data(as_text=True)
    assert number in html
    assert actor_of(session.merge(officer_user)).user_id == session.scalars(select(Violation.officer_id)).one()
