"""Reads of the question bank: the list, one question, its pictures."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Select, func, or_, select
from sqlalchemy.orm import Session, contains_eager

from trafficedu.analysis import items as analysis
from trafficedu.core.actors import Actor
from trafficedu.core.errors import Missing
from trafficedu.core.listing import FIGURES, Column, Listing, Part
from trafficedu.core.loading import loaded
from trafficedu.core.text import message
from trafficedu.education.models.courses import Course
from trafficedu.quizzes.models import Question, QuestionTally, QuestionVersion
from trafficedu.quizzes.rules.words import QuestionForm, QuestionState
from trafficedu.violations.models.records import ViolationKind

GENERAL = "general"
"""What the filter of kinds says for questions that belong to none."""
READ = "quizzes:question:read"


@dataclass(frozen=True)
class QuestionFilter:
    """What the bank is narrowed to; ``words`` stand in the text, an option or the source, or are the code."""

    words: str = ""
    kind: str = ""
    state: QuestionState | None = None
    form: QuestionForm | None = None


@dataclass(frozen=True)
class ListedQuestion:
    """A version with the kinds of violation it is about."""

    version: QuestionVersion
    about: Sequence[ViolationKind]


@dataclass(frozen=True)
class QuestionResult:
    """A version with how it does."""

    version: QuestionVersion
    result: analysis.ItemResult


def find_question(session: Session, code: str) -> Question:
    """Return a question with its versions; raise Missing."""
    options = loaded(Question.versions, QuestionVersion.made_by), loaded(Question.versions, QuestionVersion.tally)
    question = session.scalar(select(Question).where(Question.code == code).options(*options))
    if question is None:
        raise Missing(message("There is no question with the code %(code)s.", code=code[:40]))
    return question


def list_kinds(session: Session) -> dict[str, ViolationKind]:
    """Return the kinds of violation by code, each in its newest version."""
    rows = session.scalars(select(ViolationKind).order_by(ViolationKind.position, ViolationKind.valid_from))
    return {kind.code: kind for kind in rows}


def list_courses(session: Session) -> Sequence[Course]:
    """Return the courses from short to long."""
    return session.scalars(select(Course).order_by(Course.rank)).all()


def _filtered(_by: Actor, chosen: QuestionFilter) -> Select[tuple[QuestionVersion]]:
    query = (
        select(QuestionVersion)
        .join(QuestionVersion.question)
        .join(QuestionVersion.tally)
        .where(QuestionVersion.number == Question.newest)
        .options(contains_eager(QuestionVersion.question), contains_eager(QuestionVersion.tally))
    )
    if chosen.words:
        columns = [Question.code, QuestionVersion.text_zh, QuestionVersion.text_en, QuestionVersion.source_zh]
        held = [func.lower(column).contains(chosen.words.lower(), autoescape=True) for column in columns]
        query = query.where(or_(*held))
    if chosen.kind == GENERAL:
        query = query.where(QuestionVersion.kinds == "")
    elif chosen.kind:
        query = query.where(QuestionVersion.kinds.contains(f" {chosen.kind} ", autoescape=True))
    if chosen.state is not None:
        query = query.where(Question.state == chosen.state)
    return query if chosen.form is None else query.where(QuestionVersion.form == chosen.form)


def _listed(session: Session, versions: Sequence[QuestionVersion]) -> list[ListedQuestion]:
    kinds = list_kinds(session)
    return [ListedQuestion(each, [kinds[code] for code in each.kind_codes if code in kinds]) for each in versions]


def _text(row: ListedQuestion) -> Part:
    return row.version.text


def _source(row: ListedQuestion) -> Part:
    return row.version.source


def _about(row: ListedQuestion) -> Sequence[Part]:
    return [kind.name for kind in row.about] or [message("general")]


def _code(row: ListedQuestion) -> Part:
    return row.version.question.code


BANK: Listing[ListedQuestion, QuestionFilter] = Listing(
    _filtered,
    [
        Column("code", message("Code"), value=_code, sort=Question.code.expression, look="whole"),
        Column("text", message("Question"), value=_text),
        Column("form", message("Kind of answer"), value=lambda row: row.version.form.label),
        Column("kinds", message("Violations asked about"), value=_about),
        Column("source", message("Source"), value=_source, chosen_only=True),
        Column("state", message("State"), value=lambda row: row.version.question.state, sort=Question.state.expression),
        Column("number", message("Version"), value=lambda row: row.version.number, look=FIGURES),
    ],
    sort="code",
    order=[QuestionVersion.id.expression],
    complete=_listed,
    headline=["code", "text"],
)


def _judged(version: QuestionVersion) -> analysis.ItemResult:
    tally = version.tally
    sums = analysis.Sums(tally.shown, tally.right_count, tally.rest_sum, tally.rest_squares, tally.right_rest_sum)
    return analysis.describe(sums)


def _results(_session: Session, versions: Sequence[QuestionVersion]) -> list[QuestionResult]:
    return [QuestionResult(version, _judged(version)) for version in versions]


def result_of(version: QuestionVersion) -> analysis.ItemResult:
    """Return how a version does."""
    return _judged(version)


STATISTICS: Listing[QuestionResult, QuestionFilter] = Listing(
    _filtered,
    [
        Column("code", message("Code"), sort=Question.code.expression, look="whole"),
        Column("text", message("Question")),
        Column("shown", message("Times asked"), sort=QuestionTally.shown.expression, look=FIGURES),
        Column("share", message("Answered right"), sort=QuestionTally.share.expression, look=FIGURES),
        Column("telling", message("Telling"), sort=QuestionTally.telling.expression, look=FIGURES),
        Column("look", message("Deserves a look")),
    ],
    sort="share",
    order=[QuestionVersion.id.expression],
    complete=_results,
    headline=["code", "text"],
)
