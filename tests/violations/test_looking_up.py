"""Who is it: the record page while somebody types, its button, the keys that choose; the card."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from tests.conftest import Browser
from tests.factories.violations import District, identity, make_company, make_violation, new_rider
from tests.violations.test_views import typed
from trafficedu.configuration.queries import find_parameter
from trafficedu.configuration.services import set_figure
from trafficedu.core.actors import SYSTEM
from trafficedu.core.audit import AuditEntry
from trafficedu.core.clock import today, utc_now
from trafficedu.riders.models import Rider, RiderLookup
from trafficedu.riders.services.engagements import NewEngagement, engage
from trafficedu.violations.models.records import Violation

PLATE, PHONE = "演示A00042", "13812340042"


def hours_ago(hours: int) -> datetime:
    return utc_now() - timedelta(hours=hours)


def known(session: Session, district: District, home: str = "village", plate: str = PLATE, **values: Any) -> Rider:
    area = getattr(district, home)
    given = new_rider(home_area_id=area.id, **{"name": "孟明帆", "phone": PHONE, **values})
    rider = make_violation(session, area, now=utc_now(), occurred_utc=hours_ago(9), rider=given, plate=plate).rider
    assert rider is not None
    session.commit()
    return rider


def asked(browser: Browser, district: District, by: str, /, **changes: str) -> str:
    """Return what the page is told while ``by`` is typed into."""
    blank = {"plate": "", "id_number": "", "name": "", "phone": ""}
    return str(browser.post("/record/riders", data=typed(district, **blank | changes, typed=by)).text)


def taken(html: str) -> str:
    """Return the number of the rider whom a record would be of."""
    found = re.search(r'name="rider_number" value="(R\w+)"', html)
    return found[1] if found else ""


class TestTyping:
    def test_the_rider_of_a_whole_plate_is_taken(self, session: Session, phone: Browser, district: District) -> None:
        rider = known(session, district)
        html = asked(phone, district, "plate", plate=PLATE)
        assert taken(html) == rider.number
        assert f'name="found_by_plate" value="{PLATE}"' in html
        assert 'id="plate"' not in html, "what is typed into stays as it is"
        assert 'id="who"' not in html
        assert '<div id="rider-rest" hx-swap-oob="true">' in html

    @pytest.mark.parametrize(
        ("by", "text"), [("plate", "00042"), ("phone", "0042"), ("phone", "40042"), ("name", "明帆")]
    )
    def test_somebody_found_by_an_end_or_a_name_is_chosen_by_one_tap(
        self, session: Session, phone: Browser, district: District, by: str, text: str
    ) -> None:
        rider = known(session, district)
        html = asked(phone, district, by, **{by: text})
        assert not taken(html)
        assert re.search(rf'name="choose"\s+value="{rider.number}"', html)
        blank = {"plate": "", "id_number": "", "name": "", "phone": ""}
        page = phone.post("/record", data=typed(district, **blank | {by: text}, choose=rider.number)).text
        assert taken(page) == rider.number
        if by == "plate":
            assert f'value="{PLATE}"' in page, "the record gets the whole plate"
        chosen = typed(district, **blank, rider_number=rider.number)
        assert phone.post("/record", data=chosen).status_code == 303

    def test_several_are_a_short_masked_list(self, session: Session, phone: Browser, district: District) -> None:
        for n in range(9):
            known(session, district, plate=f"演示B{n}0042", phone=f"1391{n}110042", name=f"孟明{n}")
        html = asked(phone, district, "phone", phone="0042")
        assert html.count('name="choose"') == 8
        assert "There are more. Type more of it." in html
        assert "孟*" in html
        assert "孟明" not in html
        assert not taken(html)

    @pytest.mark.parametrize(("by", "text"), [("plate", "A0"), ("phone", "042"), ("name", "孟"), ("id_number", "99")])
    def test_too_little_asks_for_nobody(
        self, session: Session, phone: Browser, district: District, by: str, text: str
    ) -> None:
        known(session, district)
        html = asked(phone, district, by, **{by: text})
        assert "choose" not in html
        assert "No rider" not in html

    def test_a_rider_of_elsewhere_is_found_by_the_whole_number_alone(
        self, session: Session, phone: Browser, district: District
    ) -> None:
        rider = known(session, district, "other_village")
        for by, text in {"plate": "00042", "phone": "40042", "name": "孟明帆"}.items():
            html = asked(phone, district, by, **{by: text})
            assert rider.number not in html
            assert "others by the whole number or plate" in html
            refused = phone.post("/record", data=typed(district, **{"plate": "", by: text}, choose=rider.number)).text
            assert rider.number not in refused, "a number alone chooses nobody"
        assert taken(asked(phone, district, "plate", plate="A00042")) == ""
        assert "孟明帆" in asked(phone, district, "phone", phone=PHONE)

    def test_a_changed_plate_is_looked_at_again(self, session: Session, phone: Browser, district: District) -> None:
        first, second = known(session, district), known(session, district, plate="演示B00043", phone="", name="史娜婷")
        card = {"rider_number": first.number, "found_by_plate": PLATE}
        phone.post("/record/riders", data=typed(district, id_number="", plate=PLATE, typed="plate"))
        assert taken(asked(phone, district, "plate", plate="演示B00043", **card)) == second.number
        unknown = asked(phone, district, "plate", plate="演示C00044", **card)
        assert taken(unknown) == first.number
        assert f"This rider was found by plate {PLATE}." in unknown
        by_document = asked(phone, district, "plate", plate="演示B00043", rider_number=first.number)
        assert taken(by_document) == first.number, "who was found by a document is not found anew by a plate"
        assert "What does that mean?" in by_document

    def test_the_code_of_a_receipt(self, session: Session, phone: Browser, district: District) -> None:
        rider = known(session, district)
        mine = session.scalars(select(Violation)).one().number
        assert taken(asked(phone, district, "code", code=mine.lower())) == rider.number
        other = make_violation(session, district.other_village)
        session.commit()
        html = asked(phone, district, "code", code=other.number)
        assert not taken(html)
        assert "No rider found by: code of a receipt" in html

    def test_beyond_the_limit_it_says_how_long_to_wait_and_recording_goes_on(
        self, session: Session, phone: Browser, district: District
    ) -> None:
        set_figure(session, find_parameter(session, "riders.lookups_minute"), 1, 1, SYSTEM)
        known(session, district)
        known(session, district, plate="演示B00043", phone="13812340043")
        assert taken(asked(phone, district, "plate", plate=PLATE))
        told = asked(phone, district, "phone", phone="40043")
        assert "Look up again in 1 minute; recording goes on." in told
        assert "choose" not in told
        button = phone.post("/record", data=typed(district, id_number="", phone="13812340043", action="look_up")).text
        assert "Look up again in 1 minute" in button
        assert phone.post("/record", data=typed(district)).status_code == 303


def test_the_button_says_what_it_tried_and_goes_on_to_the_next_field(
    session: Session, phone: Browser, district: District
) -> None:
    rider = known(session, district)
    given = typed(district, id_number=identity(sequence=999), name="", plate=PLATE, action="look_up")
    html = phone.post("/record", data=given).text
    assert "No rider found by: document number." in html
    assert not taken(html), "whoever shows an unknown document is somebody else"
    assert f'value="{rider.number}"' in html
    nothing = phone.post("/record", data=typed(district, id_number="", name="", plate="", action="look_up")).text
    assert "Enter a plate, a number or a name" in nothing


def test_the_card_says_what_an_officer_needs(session: Session, phone: Browser, district: District) -> None:
    rider = known(session, district)
    company = make_company(session, name="测试外卖")
    engage(session, rider, NewEngagement(company.id, today()), SYSTEM, utc_now())
    by_hand: dict[str, Any] = {"now": utc_now(), "rider_number": rider.number}
    for hours, kind in enumerate(("2009", "2004", "2007"), 1):
        told: dict[str, Any] = {"kind_code": kind, "place": f"地点{kind}", "occurred_utc": hours_ago(hours)}
        make_violation(session, district.neighbour, **by_hand, **told)
    elsewhere = make_violation(session, district.other_village, **by_hand, occurred_utc=hours_ago(8), place="别处")
    session.commit()
    html = asked(phone, district, "plate", plate=PLATE)
    assert "5 violations in the last" in html
    assert "badge" in html or "colour" in html
    assert "测试外卖" in html
    assert [f"地点{kind}" in html for kind in ("2009", "2004", "2007")] == [True] * 3
    assert elsewhere.place not in html, "of another town"
    assert "Study task" in html
    assert "If you record now:" in html
    assert html.count("<li>") == 3


def test_a_record_gives_its_look_up_a_reason(session: Session, phone: Browser, district: District) -> None:
    rider = known(session, district)
    asked(phone, district, "plate", plate="00042")
    asked(phone, district, "plate", plate=PLATE)
    session.expire_all()
    assert [row.followed_utc for row in session.scalars(select(RiderLookup))] == [None]
    done = typed(district, id_number="", name="", plate=PLATE, rider_number=rider.number, found_by_plate=PLATE)
    assert phone.post("/record", data=done).status_code == 303
    session.expire_all()
    assert session.scalars(select(RiderLookup)).one().followed_utc is not None
    kinds = select(func.count()).where(AuditEntry.action == "riders:rider:look_up")
    assert session.scalar(kinds) == 1


def test_who_may_not_record_looks_nobody_up(client: Browser, make_user: Any, district: District) -> None:
    client.sign_in(make_user("analyst", area_id=district.root.id))
    assert client.post("/record/riders", data={"typed": "plate", "plate": PLATE}).status_code == 403
