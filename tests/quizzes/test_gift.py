from __future__ import annotations

import time
from contextlib import suppress

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from trafficedu.core.errors import Refusal
from trafficedu.core.text import translate
from trafficedu.quizzes.models import QuestionVersion
from trafficedu.quizzes.rules import gift, rows
from trafficedu.quizzes.rules.questions import Both, NewQuestion, Option
from trafficedu.quizzes.rules.words import QuestionForm

MOODLE = """// a comment of Moodle's own
$CATEGORY: $course$/top/Road

::Q1::What is 20 \\= 4 \\* 5\\: right\\? {
  =yes#feedback nobody keeps
  ~no
  ####Because it is.
}

::Q2::[html]<p>两个正确</p> { ~%50%甲 ~%50%乙 ~%-100%丙 }

真的吗？{T}
"""


def test_what_moodle_writes_is_read() -> None:
    one, two, three = gift.read("\ufeff" + MOODLE.replace("\n", "\r\n"))
    assert (one.code, one.line, one.question.form) == ("Q1", 4, QuestionForm.SINGLE)
    assert one.question.text.en == "What is 20 = 4 \\* 5: right\\?", "only what GIFT escapes is unescaped"
    assert [(option.text.en, option.right) for option in one.question.options] == [("yes", True), ("no", False)]
    assert one.question.explanation.en == "Because it is."
    assert two.question.form == QuestionForm.SEVERAL
    assert [option.right for option in two.question.options] == [True, True, False]
    assert three.question.form == QuestionForm.TRUE_FALSE
    assert three.question.text == Both("真的吗？")
    assert three.question.options[0].right


def test_what_is_shipped_goes_out_and_comes_in_as_the_same(session: Session) -> None:
    versions = session.scalars(select(QuestionVersion)).all()
    bank = [(version.question.code, version.as_entered) for version in versions]
    assert [(each.code, each.question) for each in gift.read(gift.write(bank))] == bank


def test_every_sign_of_the_format_may_stand_in_a_text() -> None:
    odd = Both("a~b=c#d{e}f:g\\h//i::j%50%k\\\\", "x -> y \\= {T}")
    options = (Option(odd, True), Option(Both("=", "~"), True), Option(Both("#", "%5%")))
    question = NewQuestion(
        QuestionForm.SEVERAL, odd, options, odd, Both("《法》", "law"), ("2007",), {"basic": 3}, "stop"
    )
    assert [each.question for each in gift.read(gift.write([("odd-1", question)]))] == [question]


@pytest.mark.parametrize(
    ("text", "line", "column", "why"),
    [
        ("::Q1 question {=a ~b}", 1, 1, "two colons"),
        ("\n\nfirst line\nsecond", 3, 1, "no answers"),
        ("what {=a ~b", 1, 6, "not closed"),
        ("what {=a ~b} after", 1, 13, "missing word"),
        ("what {\n =a\n ~\n}", 3, 2, "empty"),
        ("what {#3:1}", 1, 7, "begin with"),
        ("what {=a -> b =c -> d}", 1, 7, "Matching"),
        ("what {=a =b}", 1, 7, "Short answers"),
        ("fine {=a ~b}\n\n// note\nbad {}", 4, 6, "begin with"),
    ],
)
def test_what_is_not_understood_says_where(text: str, line: int, column: int, why: str) -> None:
    with pytest.raises(gift.GiftFault, match="Line") as fault:
        gift.read(text)
    assert (fault.value.line, fault.value.column) == (line, column)
    assert why in translate(fault.value.text, "en")


def test_a_file_made_to_keep_the_server_busy_is_answered_at_once() -> None:
    spans = '<span lang="zh" class="multilang">' * 20_000
    for text in (
        f"::a::{spans} {{=甲 ~乙 ####因为}}",
        "::a::题 {=甲 " + "~乙" * 300_000 + "}",
        "::a::题" + "\\{" * 300_000 + " {=甲 ~乙 ####因为}",
    ):
        began = time.process_time()
        with suppress(gift.GiftFault):
            gift.read(text)
        assert time.process_time() - began < 5


def test_a_number_that_is_none_is_refused_in_words() -> None:
    with pytest.raises(Refusal, match="Write weights"):
        gift.read("// @weights basic=" + "9" * 5_000 + "\n::a::题 {=甲 ~乙 ####因为}")
    cells = dict.fromkeys(rows.COLUMN_NAMES, "") | {"form": "single", "right": "9" * 5_000, "option_1_zh": "甲"}
    with pytest.raises(Refusal, match="numbers of the right answers"):
        rows.read(cells)
