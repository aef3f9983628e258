"""Questions as a table, ``questions`` of the command line's contract: the same columns as the shipped file.

Decisions, as the documentation tells them: the key is ``code``; a row of a known question that says something else
makes its next version, one that says the same changes nothing; what lacks a language comes in as a draft. Whether a
question is in use is no matter of a file, and neither is an uploaded picture, which stays.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from trafficedu.core import bulk, parsing
from trafficedu.core.actors import Actor
from trafficedu.core.columns import Column, Columns, closed
from trafficedu.core.errors import Refusal
from trafficedu.core.keyed_import import FileImport
from trafficedu.core.loading import loaded
from trafficedu.core.month import Month
from trafficedu.core.reading import Row
from trafficedu.core.tabular import Exporter, Importer
from trafficedu.core.text import message
from trafficedu.quizzes.models import Question, QuestionVersion
from trafficedu.quizzes.queries.bank import READ
from trafficedu.quizzes.rules import rows
from trafficedu.quizzes.rules.questions import LONGEST_CODE, LONGEST_OPTION, LONGEST_SOURCE, LONGEST_TEXT, MOST_OPTIONS
from trafficedu.quizzes.rules.words import QuestionForm
from trafficedu.quizzes.services import bank
from trafficedu.quizzes.services.bank import MANAGE


def _pair(name: str, longest: int, zh: Any, en: Any, heading: str, *, optional: bool = False) -> tuple[Column, Column]:
    return (
        Column(f"{name}_zh", parsing.prose(longest), optional=optional, title=zh, headings=(heading,)),
        Column(f"{name}_en", parsing.prose(longest), optional=True, title=en),
    )


def _options() -> list[Column]:
    texts = parsing.prose(LONGEST_OPTION)
    columns = []
    for place in range(1, MOST_OPTIONS + 1):
        zh, en = message("Answer %(n)d in Chinese", n=place), message("Answer %(n)d in English", n=place)
        columns.append(Column(f"option_{place}_zh", texts, optional=True, title=zh, headings=(f"选项{place}",)))
        columns.append(Column(f"option_{place}_en", texts, optional=True, title=en))
    return columns


COLUMNS = Columns(
    Column("code", parsing.needed(LONGEST_CODE), title=message("Code"), headings=("题号",), example="helmet-07"),
    closed("form", QuestionForm, title=message("Kind of answer"), headings=("题型",)),
    Column(
        "kinds",
        parsing.prose(200),
        optional=True,
        title=message("Kinds of violation"),
        headings=("违法代码",),
        note=message("Codes parted by blanks; empty for a general question."),
        example="2007",
    ),
    Column("weights", parsing.prose(200), optional=True, title=message("Weight by course"), example="basic=2"),
    *_pair("text", LONGEST_TEXT, message("Question in Chinese"), message("Question in English"), "题目"),
    *_options(),
    Column(
        "right",
        title=message("Right answers"),
        headings=("答案", "正确答案"),
        note=message("Numbers such as 1 3; of a statement true or false."),
        example="1",
    ),
    *_pair("explanation", LONGEST_TEXT, message("Why, in Chinese"), message("Why, in English"), "解析"),
    *_pair(
        "source",
        LONGEST_SOURCE,
        message("Law or standard, in Chinese"),
        message("Law or standard, in English"),
        "法律依据",
    ),
    Column("sign", parsing.prose(40), optional=True, title=message("Shipped picture")),
    *_pair(
        "alt",
        LONGEST_SOURCE,
        message("What the picture shows, in Chinese"),
        message("What the picture shows, in English"),
        "图片说明",
        optional=True,
    ),
)


class QuestionImport(FileImport):
    """Row by row through the services of the bank: a file of questions is hundreds of rows, never more."""

    columns = COLUMNS

    def __init__(self, session: Session, by: Actor, now: datetime, skip_errors: bool) -> None:
        super().__init__(session, by, now, skip_errors)
        self._lines: dict[str, int] = {}

    def take(self, batch: Sequence[Row]) -> None:
        """Add what is new, make the next version of what says something else."""
        codes = [str(row["code"]).strip() for row in batch]
        query = select(Question).where(Question.code.in_(codes)).options(loaded(Question.versions))
        known = {question.code: question for question in self.session.scalars(query)}
        for row in batch:
            try:
                self._take_row(row, known)
            except Refusal as refusal:
                self.refuse(row, refusal)

    def _take_row(self, row: Row, known: Mapping[str, Question]) -> None:
        cells = self.read(row)
        code, new = cells["code"], rows.read(cells)
        if (first := self._lines.setdefault(code, row.line)) != row.line:
            text = message("This code is in line %(line)d already.", line=first)
            raise Refusal(text, field="code", value=code)
        bank.check_question(self.session, new)
        question = known.get(code)
        if question is None:
            if self.writes:
                bank.add_question(self.session, code, new, self.by, self.now)
            self.report.added += 1
        elif bank.newest(question).as_entered == new:
            self.report.unchanged += 1
        else:
            if self.writes:
                bank.change_question(self.session, question, new, self.by, self.now)
            self.report.updated += 1


def list_rows(
    session: Session, by: Actor, now: datetime, month: Month | None, clear: bool
) -> Iterable[Mapping[str, Any]]:
    """Yield the newest version of every question by its code; see ``core.tabular.ListRows``."""
    query = (
        select(QuestionVersion)
        .join(QuestionVersion.question)
        .where(QuestionVersion.number == Question.newest)
        .options(loaded(QuestionVersion.question))
        .order_by(Question.code)
    )
    for version in session.scalars(query.execution_options(yield_per=bulk.BATCH)):
        yield rows.write(version.question.code, version.as_entered)


IMPORTER = Importer(COLUMNS, QuestionImport.run, permission=MANAGE)
EXPORTER = Exporter(COLUMNS, list_rows, permission=READ)
