"""A trial says row by row what would change, and gives refused rows back to be mended."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from tests.accidents.test_imports import row as accident_row
from tests.accidents.test_imports import run
from tests.conftest import Browser
from tests.factories.violations import District
from tests.transfers.test_views import hidden
from trafficedu.accidents.models import Accident
from trafficedu.accounts.models import User
from trafficedu.core.jobs import Job

MakeUser = Callable[..., User]


def table(*rows: dict[str, str]) -> bytes:
    out = io.StringIO()
    writer = csv.DictWriter(out, list(rows[0]))
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue().encode()


@pytest.fixture
def supervisor(client: Browser, make_user: MakeUser, district: District) -> Browser:
    client.sign_in(make_user("supervisor", area_id=district.root.id))
    return client


def tried(client: Browser, body: bytes) -> str:
    """Return the page of the trial of a file."""
    return str(client.fetch("/imports", data={"kind": "accidents", "file": (io.BytesIO(body), "事故.csv")}).text)


def test_the_page_says_old_and_new_and_refused_rows_come_back(
    session: Session, supervisor: Browser, district: District
) -> None:
    known = accident_row(district.village, "17")
    run(session, [known])
    session.commit()
    changed = accident_row(district.village, "17", injured="9")
    other = accident_row(district.village, "18", severity="fatal", killed="0")
    new = accident_row(district.village, "19", occurred_at="2026-05-01 10:00")
    page = re.sub(r"\s+", " ", tried(supervisor, table(changed, other, new)))
    number = session.scalars(select(Job.number)).one()
    assert "3 → 9" in page
    assert all(text in page for text in ("17", "18", "19"))
    everything = supervisor.get(f"/jobs/{number}/changes").get_data(as_text=True)
    assert len(list(csv.reader(io.StringIO(everything)))) == 4
    refused = supervisor.get(f"/jobs/{number}/refused").get_data().decode("utf-8-sig")
    (back,) = csv.DictReader(io.StringIO(refused))
    assert (back["reference"], len(back)) == ("18", len(other) + 1)
    mended = back | {"killed": "1"}
    tried(supervisor, table(mended))
    assert session.scalars(select(Job.counts).order_by(Job.id.desc()).limit(1)).one()["added"] == 1


def test_rows_stay_in_the_order_of_the_file_and_a_shared_reason_is_said_once(
    session: Session, supervisor: Browser, district: District
) -> None:
    run(session, [accident_row(district.village, "3")])
    session.commit()
    rows = [
        accident_row(district.village, "1", occurred_at="2026-05-01 10:00"),
        accident_row(district.village, "2", severity="schlimm"),
        accident_row(district.village, "3", injured="9"),
        accident_row(district.village, "4", severity="ärger"),
        accident_row(district.village, "5", occurred_at="2026-05-02 10:00"),
    ]
    page = re.sub(r"\s+", " ", tried(supervisor, table(*rows)))
    assert re.findall(r"<td class=\"text-nowrap\">(?:Line |第 ?)(\d)", page) == ["2", "3", "4", "5", "6"]
    reason = "Write one of: fatal" if "Write one of" in page else "请填写下列之一"
    assert page.count(reason) == 1
    assert "3, 5" in page
    number = session.scalars(select(Job.number)).one()
    everything = supervisor.get(f"/jobs/{number}/changes").get_data(as_text=True)
    lines = [int(line[0]) for line in list(csv.reader(io.StringIO(everything.lstrip("\ufeff"))))[1:]]
    assert lines == sorted(lines)


def test_a_known_reference_of_another_day_is_taken_with_a_tick(
    session: Session, supervisor: Browser, district: District
) -> None:
    run(session, [accident_row(district.village, "17")])
    session.commit()
    body = table(accident_row(district.village, "17", occurred_at="2026-08-20 08:15"))
    page = tried(supervisor, body)
    assert "2026-03-04" in page
    assert "2026-08-20" in page
    assert 'name="accept_differing"' in page
    answer = supervisor.fetch("/imports/confirm", data=hidden(page) | {"accept_differing": "y"})
    assert "文件已导入" in answer.text
    session.expire_all()
    assert str(session.scalars(select(Accident.occurred_on)).one()) == "2026-08-20"
