from __future__ import annotations

import io
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import xlsxwriter
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from tests.conftest import Browser
from tests.factories import places
from trafficedu.accounts.models import User
from trafficedu.areas.models import Area
from trafficedu.core.database import database
from trafficedu.core.services import services_of

MakeUser = Callable[..., User]
HEAD = "code,name,level,parent_code\n"
GOOD, BAD = "330109900,新镇,town,330109\n", "330109901,<b>无根</b>,town,999\n"


def send(client: Browser, content: bytes, name: str = "areas.csv", kind: str = "areas") -> Any:
    return client.fetch("/imports", data={"kind": kind, "file": (io.BytesIO(content), name)})


def hidden(page: str) -> dict[str, str]:
    """Return the hidden fields of the confirmation."""
    found = {name: re.search(rf'name="{name}"[^>]*value="([^"]*)"', page) for name in ("kind", "token")}
    return {name: match[1] for name, match in found.items() if match}


def there(session: Session) -> bool:
    session.expire_all()
    return session.scalar(select(Area.id).where(Area.code == "330109900")) is not None


@pytest.fixture
def admin(client: Browser, make_user: MakeUser) -> Browser:
    return client.sign_in(make_user("administrator"))


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
def test_a_file_is_tried_then_taken_in(session: Session, admin: Browser, encoding: str) -> None:
    trial = send(admin, (HEAD + GOOD).encode(encoding))
    assert trial.status_code == 200
    assert not there(session)
    assert "文件已导入" in admin.fetch("/imports/confirm", data=hidden(trial.text)).text
    assert there(session)
    assert session.scalars(select(Area.name).where(Area.code == "330109900")).one() == "新镇"


def test_refused_lines_are_shown_and_left_out_only_when_asked(session: Session, admin: Browser) -> None:
    trial = send(admin, (HEAD + GOOD + BAD).encode())
    for words in ("第 3 行", "上级区划代码", "999", "没有该代码的区划"):
        assert words in trial.text
    assert "<b>无根" not in trial.text
    without = admin.fetch("/imports/confirm", data=hidden(trial.text))
    assert hidden(without.text) == hidden(trial.text)
    assert not there(session)
    admin.fetch("/imports/confirm", data=hidden(trial.text) | {"skip_errors": "y"})
    assert there(session)


def test_a_file_is_taken_in_once(session: Session, admin: Browser) -> None:
    fields = hidden(send(admin, (HEAD + GOOD).encode()).text)
    admin.fetch("/imports/confirm", data=fields)
    again = admin.fetch("/imports/confirm", data=fields)
    assert "该文件已失效" in again.text


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("a.xlsx", b"PK no workbook", "XLSX"),
        ("a.csv", b"", "空"),
        ("a.csv", b"code,name,level\n1,2,3\n", "缺少列：上级区划代码"),
        ("a.csv", b"code,code,name,level,parent_code\n", "辖区代码"),
        ("a.csv", b"code,name,level,parent_code,colour\n", "colour"),
        ("a.csv", b"\xff\xff\xff", "GB18030"),
    ],
)
def test_a_file_that_cannot_be_read_is_said_with_the_reason(
    admin: Browser, app: Flask, name: str, content: bytes, words: str
) -> None:
    with app.app_context():
        waiting = services_of(database().session).settings.instance / "uploads"
    before = set(waiting.glob("*"))
    answer = send(admin, content, name)
    assert "无法读取该文件" in answer.text
    assert words in answer.text
    waits = set(waiting.glob("*")) - before
    assert len(waits) == ("对应列名" in answer.text), "a file waits where its headings can be paired"


def test_the_headings_of_a_source_are_paired_once(session: Session, admin: Browser) -> None:
    content = "编码,叫法,是什么,在哪\n330109900,新镇,乡一级,330109\n".encode()
    trial = send(admin, content)
    number = re.search(r"/imports/(\w+)/headings", trial.text)
    assert number is not None
    chosen = {"name": "民政", "heading_1": "name", "heading_2": "level", "heading_3": "parent_code"}
    twice = admin.fetch(number[0], data=chosen | {"heading_0": "name"})
    assert (twice.status_code, "重复" in twice.text) == (422, True)
    again = admin.fetch(number[0], data=chosen | {"heading_0": "code"})
    words = re.search(r"/imports/(\w+)/headings", again.text)
    assert words is not None
    assert "乡一级" in admin.get(words[0]).text
    right = admin.fetch(words[0], data={"name": "民政", "word_level_0": "town"})
    admin.fetch("/imports/confirm", data=hidden(right.text) | {"mapping": "民政"})
    assert there(session)


def test_other_files_and_no_file_are_said_at_the_field(admin: Browser) -> None:
    for answer in (send(admin, b"x", "a.exe"), admin.post("/imports", data={"kind": "areas"})):
        assert answer.status_code == 422
        assert 'id="file-error"' in answer.text


def test_an_upload_of_200_megabytes_gets_a_page_that_says_so(admin: Browser) -> None:
    class Zeros(io.RawIOBase):
        """A body of 200 MB that nobody holds in memory; reading past the limit fails the test."""

        def readable(self) -> bool:
            return True

        def readinto(self, buffer: Any) -> int:
            raise AssertionError("the body was read")

    answer = admin.post(
        "/imports",
        content_type="multipart/form-data; boundary=x",
        environ_overrides={"wsgi.input": Zeros(), "CONTENT_LENGTH": str(200 * 1024 * 1024)},
    )
    assert answer.status_code == 413
    assert "文件太大" in answer.text


def test_an_analyst_brings_in_ebikes_of_the_district_but_no_areas(
    session: Session, client: Browser, make_user: MakeUser
) -> None:
    client.sign_in(make_user("analyst", area_id=places.area(session, places.DISTRICT).id))
    assert send(client, (HEAD + GOOD).encode()).status_code == 422
    forged = hidden(send(client, f"area_code,month,ebikes\n{places.TOWN},2026-01,5\n".encode(), kind="ebikes").text)
    assert client.fetch("/imports/confirm", data=forged | {"kind": "areas"}).status_code == 400
    assert "文件已导入" in client.fetch("/imports/confirm", data=forged).text


def test_the_file_of_another_user_cannot_be_confirmed(session: Session, admin: Browser, make_user: MakeUser) -> None:
    fields = hidden(send(admin, (HEAD + GOOD).encode()).text)
    admin.sign_in(make_user("administrator"))
    assert "该文件已失效" in admin.fetch("/imports/confirm", data=fields).text
    assert not there(session)


@pytest.mark.parametrize("suffix", ["csv", "xlsx"])
def test_what_is_downloaded_can_be_sent_back(admin: Browser, tmp_path: Path, suffix: str) -> None:
    answer = admin.fetch("/exports", data={"export-kind": "areas", "export-suffix": suffix})
    assert answer.status_code == 200
    assert f".{suffix}" in answer.headers["Content-Disposition"]
    assert answer.headers["Cache-Control"] == "no-store"
    trial = send(admin, answer.data, f"a.{suffix}")
    assert trial.status_code == 200
    assert "613" in trial.text
    assert hidden(trial.text) == {}


def test_an_export_keeps_to_the_scope(session: Session, client: Browser, make_user: MakeUser) -> None:
    client.sign_in(make_user("supervisor", area_id=places.area(session).id))
    wanted = {"export-kind": "areas", "export-suffix": "csv"}
    text = client.fetch("/exports", data=wanted).data.decode("utf-8-sig")
    assert places.VILLAGE in text
    assert places.OTHER_TOWN not in text
    assert client.fetch("/exports", data={"export-kind": "nothing", "export-suffix": "csv"}).status_code == 422


def test_a_template_is_fetched_filled_in_and_sent(session: Session, admin: Browser) -> None:
    page = admin.get("/imports").text
    assert "/imports/templates/areas.xlsx" in page
    assert admin.get("/imports/templates/areas.xlsx").data.startswith(b"PK")
    head = admin.get("/imports/templates/areas.csv").data.decode("utf-8-sig")
    trial = send(admin, (head + "330109900,新镇,镇街,330109\r\n").encode())
    admin.fetch("/imports/confirm", data=hidden(trial.text))
    assert there(session)
    for wrong in ("areas.ods", "users.csv"):
        assert admin.get(f"/imports/templates/{wrong}").status_code == 404


def test_a_sheet_that_must_be_chosen_is_asked_for(session: Session, admin: Browser) -> None:
    book = io.BytesIO()
    with xlsxwriter.Workbook(book) as made:
        for name, code in (("五月", "330109901"), ("六月", "330109900")):
            sheet = made.add_worksheet(name)
            sheet.write_row(0, 0, ["code", "name", "level", "parent_code"])
            sheet.write_row(1, 0, [code, "新镇", "town", "330109"])
    assert "五月、六月" in send(admin, book.getvalue(), "a.xlsx").text
    data = {"kind": "areas", "file": (io.BytesIO(book.getvalue()), "a.xlsx"), "sheet": "六月"}
    trial = admin.fetch("/imports", data=data)
    confirmed = hidden(trial.text) | {"sheet": "六月"}
    assert 'name="sheet"' in trial.text
    admin.fetch("/imports/confirm", data=confirmed)
    assert there(session)
