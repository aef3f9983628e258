from __future__ import annotations

import io
from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from tests.conftest import Browser
from tests.factories.education import NOW, District
from trafficedu.accounts.models import User
from trafficedu.core.actors import SYSTEM
from trafficedu.core.errors import Refusal
from trafficedu.core.tabular import ImportReport, numbered, silent
from trafficedu.core.text import translate
from trafficedu.quizzes import imports
from trafficedu.quizzes.models import Question
from trafficedu.quizzes.queries.bank import find_question
from trafficedu.quizzes.rules.words import QuestionState
from trafficedu.quizzes.services import bank, exchange

LATER = NOW + timedelta(days=1)
MakeUser = Callable[..., User]


def take(session: Session, rows: list[dict[str, str]]) -> ImportReport:
    return imports.QuestionImport.run(session, iter(numbered(rows)), SYSTEM, LATER, skip_errors=False, progress=silent)


def all_rows(session: Session) -> list[dict[str, str]]:
    return [dict(row) for row in imports.list_rows(session, SYSTEM, NOW, None, clear=False)]


def count(session: Session) -> int:
    return session.scalar(select(func.count()).select_from(Question)) or 0


def test_an_export_comes_in_again_and_changes_nothing(session: Session) -> None:
    rows = all_rows(session)
    report = take(session, rows)
    assert (report.unchanged, report.added, report.updated, report.refused) == (len(rows), 0, 0, [])


def test_a_file_adds_makes_versions_and_says_what_is_wrong_where(session: Session) -> None:
    row = next(row for row in all_rows(session) if row["code"] == "red-02")
    report = take(session, [row | {"code": "extra-1", "text_en": ""}, row | {"text_zh": "红灯亮了怎么办？"}])
    assert (report.added, report.updated) == (1, 1)
    assert find_question(session, "extra-1").state == QuestionState.DRAFT
    assert find_question(session, "red-02").newest == 2
    assert bank.newest(find_question(session, "red-02")).sign == "red-light"
    before = count(session)
    wrong = [
        row | {"code": "extra-2", "right": "9"},
        row | {"code": "extra-3", "kinds": "9999"},
        row | {"code": "extra-4", "form": "essay"},
        row | {"code": "extra-5"},
        row | {"code": "extra-5"},
    ]
    report = take(session, wrong)
    assert [(refused.line, refused.column) for refused in report.refused] == [
        (2, "right"),
        (3, "kinds"),
        (4, "form"),
        (6, "code"),
    ]
    assert count(session) == before


def test_gift_comes_and_goes_and_says_where_it_is_wrong(session: Session) -> None:
    text = exchange.gift_of_bank(session)
    taken = exchange.take_gift(session, text.encode(), SYSTEM, LATER)
    assert (taken.added, taken.changed, taken.unchanged) == (0, 0, count(session))
    before = count(session)
    for content, said in (
        (b"\xff\xfe", "UTF-8"),
        (b"// nothing", "no question"),
        ("::red-99:: 问？ {=甲 ~乙}\n\n问 {".encode(), "Line"),
        ("::red-99:: 问？ {=甲 ~乙}".encode(), "Line"),
    ):
        with pytest.raises(Refusal) as refused, session.begin_nested():
            exchange.take_gift(session, content, SYSTEM, LATER)
        assert refused.value.field == "file"
        assert said in refused.value.text.msgid
    assert count(session) == before, "all of a file or nothing"


def test_the_pages_take_and_give_gift(client: Browser, make_user: MakeUser, district: District) -> None:
    client.sign_in(make_user("supervisor", area_id=district.root.id))
    text = client.get("/questions.gift").data
    assert "::red-02::" in text.decode()
    sent = {"file": (io.BytesIO(text.replace("亮".encode(), "亮起".encode())), "bank.gift")}
    assert client.post("/questions/gift", data=sent).headers["Location"] == "/questions"
    refused = client.post("/questions/gift?lang=en", data={"file": (io.BytesIO(b"what {=a"), "bad.gift")})
    assert refused.status_code == 422
    assert "Line 1, column 6" in refused.text


@pytest.mark.parametrize(
    ("notes", "said"),
    [
        ("::long-1::" + "长" * 501 + " {=甲 ~乙 ####因为}", "500"),
        ("::long-1::问？ {=" + "长" * 201 + " ~乙 ####因为}", "200"),
        ("::long-1::问？ {=甲 ~乙 ####" + "长" * 501 + "}", "500"),
    ],
)
def test_gift_refuses_what_is_longer_than_it_is_kept(session: Session, notes: str, said: str) -> None:
    with pytest.raises(Refusal) as refused:
        exchange.take_gift(session, f"// @source_zh 《法》\n{notes}".encode(), SYSTEM, LATER)
    assert said in translate(refused.value.text, "en")


def test_gift_is_written_as_if_typed_and_keeps_nobodys_number(session: Session) -> None:
    content = "// @source_zh 《法》\n::odd-1::请打\x0013812345678？ {=甲\u200b ~乙 ####因为}".encode()
    exchange.take_gift(session, content, SYSTEM, LATER)
    kept = bank.newest(find_question(session, "odd-1")).as_entered
    assert "13812345678" not in kept.text.zh
    assert "\x00" not in kept.text.zh
    assert kept.options[0].text.zh == "甲"
