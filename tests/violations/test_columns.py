"""The columns of the list: chosen in the address, for those who may see them, on the page as in its file."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Callable

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from tests.conftest import Browser
from tests.factories.violations import District, make_violation, new_rider
from trafficedu.accounts.models import User
from trafficedu.accounts.queries import actor_of
from trafficedu.core.actors import SYSTEM
from trafficedu.core.audit import AuditEntry
from trafficedu.core.clock import utc_now
from trafficedu.violations.models.records import Violation
from trafficedu.violations.services import reviewing

CHOSEN = "since=2020-01-01&columns=kind&columns=plate&columns=rider&columns=officer&columns=penalty"


@pytest.fixture
def record(session: Session, district: District, officer_user: User) -> Violation:
    officer_user.display_name = "林警官"
    made = make_violation(
        session, district.village, actor_of(officer_user), rider=new_rider(name="保密人"), plate="杭州C77777"
    )
    session.commit()
    return made


def heads(html: str) -> list[str]:
    found = re.findall(r'<th scope="col"[^>]*>(.*?)</th>', html, re.DOTALL)
    return [re.sub(r"<[^>]+>", "", head).strip() for head in found]


def test_the_usual_columns_name_nobody(desk: Browser, record: Violation) -> None:
    html = desk.get("/violations?since=2020-01-01").text
    assert heads(html) == ["When", "Violation", "Village", "Place", "Company", "Source", "Fine", "State"]
    assert "保" not in html


def test_chosen_columns_are_shown_and_taken_away_in_the_order_of_the_list(
    session: Session, desk: Browser, record: Violation
) -> None:
    html = desk.get(f"/violations?{CHOSEN}").text
    assert heads(html) == ["Violation", "Plate", "Rider", "Officer", "Penalty"]
    assert "保*人" in html
    assert "保密人" not in html
    file = desk.fetch(f"/violations/export/csv?{CHOSEN}").get_data().decode("utf-8-sig").splitlines()
    assert file[0] == "Number,Violation,Plate,Rider,Area code,Officer,Penalty,State"
    cells = ["杭州C77777", "保*人", record.area.code, "林警官", "warning", "confirmed"]
    assert file[1] == ",".join([record.number, "Running a red light", *cells])
    noted = session.scalars(select(AuditEntry).where(AuditEntry.action == "violations:violation:export")).one()
    assert noted.detail["columns"] == ["kind", "plate", "rider", "officer", "penalty"]


def test_who_is_not_told_of_riders_has_no_column_of_them(
    client: Browser, district: District, record: Violation, make_user: Callable[..., User]
) -> None:
    client.sign_in(make_user("analyst", area_id=district.root.id))
    html = client.get(f"/violations?{CHOSEN}&lang=en").text
    assert heads(html) == ["Violation", "Officer", "Penalty"]
    assert "no column “plate, rider”" in html
    assert "C77777" not in html
    assert "C77777" not in client.get("/violations?since=2020-01-01").text


def test_a_row_is_named_on_a_phone_by_plate_kind_and_time(desk: Browser, record: Violation) -> None:
    card = re.search(r'<span class="as-card">(.*?)</a>', desk.get("/violations?since=2020-01-01").text, re.DOTALL)
    assert card
    words = re.sub(r"<[^>]+>", "", card[1]).split()
    assert words == ["杭州C77777", "Running", "a", "red", "light", "2026-11-20", "11:00"]


def test_the_file_has_every_row_of_the_screen_in_its_order(session: Session, desk: Browser, district: District) -> None:
    made = [make_violation(session, district.village) for _ in range(3)]
    rejected = make_violation(session, district.village, source="camera")
    reviewing.reject(session, rejected, "看不清", SYSTEM, utc_now())
    reviewing.void(session, made[1], "记错了", SYSTEM, utc_now())
    session.commit()
    for sort in ("occurred", "-occurred"):
        address = f"?since=2020-01-01&sort={sort}&columns=occurred"
        shown = re.findall(r'row-link" href="/violations/(V\w{11})"', desk.get(f"/violations{address}").text)
        lines = desk.fetch(f"/violations/export/csv{address}").get_data().decode("utf-8-sig").splitlines()
        assert [line.split(",")[0] for line in lines[1:]] == shown
        assert len(shown) == 4
        assert {line.rsplit(",", 1)[1] for line in lines[1:]} == {"confirmed", "rejected", "voided"}
        book = zipfile.ZipFile(io.BytesIO(desk.fetch(f"/violations/export/xlsx{address}").get_data()))
        texts = re.findall(r"<t[^>]*>([^<]*)</t>", book.read("xl/worksheets/sheet1.xml").decode())
        assert [text for text in texts if text.startswith("V") and len(text) == 12] == shown


def test_columns_stay_while_a_list_is_sorted_and_narrowed(desk: Browser, record: Violation) -> None:
    html = desk.get(f"/violations?{CHOSEN}&columns=occurred").text
    assert '<input type="hidden" name="columns" value="plate">' in html
    assert re.search(r'class="sort" href="[^"]*columns=plate[^"]*sort=', html)


@pytest.mark.parametrize("address", ["/companies?columns=name", "/notices?columns=state", "/education?columns=due"])
def test_every_list_has_columns_to_choose(desk: Browser, district: District, address: str) -> None:
    assert 'class="list-columns"' in desk.get(address).text
