"""The question bank: shipped questions, new ones, new versions, retired ones. Flushes, never commits."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from trafficedu.core import audit
from trafficedu.core.actors import SYSTEM, Actor
from trafficedu.core.catalogue import REFERENCE
from trafficedu.core.errors import Refusal
from trafficedu.core.orm import expect_version, flush_or_refuse
from trafficedu.core.parsing import CODE
from trafficedu.core.pictures import redrawn
from trafficedu.core.services import services_of
from trafficedu.core.text import message
from trafficedu.education.models.courses import Course
from trafficedu.quizzes.models import Question, QuestionTally, QuestionVersion
from trafficedu.quizzes.rules import rows, signs
from trafficedu.quizzes.rules.questions import LONGEST_CODE, NewQuestion, check
from trafficedu.quizzes.rules.words import QUESTION_LIFE, QuestionAct, QuestionState
from trafficedu.violations.models.records import ViolationKind

MANAGE = "quizzes:question:manage"
SHIPPED = "questions.csv"


def load_shipped(session: Session, now: datetime) -> int:
    """Add the shipped questions whose code the installation does not have yet; never changes one. Returns how many."""
    known, count = set(session.scalars(select(Question.code))), 0
    with (REFERENCE / SHIPPED).open(encoding="utf-8", newline="") as file:
        for cells in csv.DictReader(file):
            if cells["code"] not in known:
                _insert(session, cells["code"], rows.read(cells), None, SYSTEM, now)
                count += 1
    session.flush()
    return count


def add_question(
    session: Session, code: str, new: NewQuestion, by: Actor, now: datetime, picture: bytes | None = None
) -> Question:
    """Add a question under a code of its own; one that lacks a language is a draft.

    Raises
    ------
    Refusal
        The code is in use or none, or the question cannot be asked (at the field).
    """
    if not CODE.fullmatch(code) or len(code) > LONGEST_CODE:
        text = message("A code has at most %(most)d letters, digits and hyphens.", most=LONGEST_CODE)
        raise Refusal(text, field="code", value=code)
    check_question(session, new)
    question = _insert(session, code, new, _saved(session, picture), by, now)
    in_use = Refusal(message("This code is in use. Open that question and change it."), field="code", value=code)
    flush_or_refuse(session, {"quiz_question.code": in_use})
    audit.write(session, MANAGE, by, subject=question, code=code, act="add")
    return question


def change_question(
    session: Session,
    question: Question,
    new: NewQuestion,
    by: Actor,
    now: datetime,
    *,
    seen: int | None = None,
    picture: bytes | None = None,
) -> QuestionVersion:
    """Make the next version of a question, unless it says the same; attempts keep the version they were asked.

    Raises
    ------
    Stale
        Somebody else changed it since version ``seen`` of the record.
    Refusal
        It cannot be asked (at the field).
    """
    if seen is not None:
        expect_version(question, seen)
    check_question(session, new)
    present = newest(question)
    key = _saved(session, picture) or (None if new.sign else present.picture_key)
    if present.as_entered == new and key == present.picture_key:
        return present
    question.newest += 1
    if not new.is_whole:
        question.state = QuestionState.DRAFT
    fresh = _version(new, question.newest, key, by, now)
    question.versions.append(fresh)
    session.flush()
    audit.write(session, MANAGE, by, subject=question, code=question.code, act="change", number=fresh.number)
    return fresh


def retire_question(session: Session, question: Question, by: Actor) -> None:
    """Ask a question no more; attempts that have it keep it. Raises Stale where it is retired already."""
    question.state = QUESTION_LIFE.after(QuestionAct.RETIRE, question.state)
    session.flush()
    audit.write(session, MANAGE, by, subject=question, code=question.code, act="retire")


def release_question(session: Session, question: Question, by: Actor) -> None:
    """Ask a draft, or a retired question, from now on. Raises Stale, or Refusal where it lacks one of the languages."""
    QUESTION_LIFE.require(QuestionAct.RELEASE, question.state)
    if not newest(question).as_entered.is_whole:
        raise Refusal(message("The question lacks text in one of the two languages. Complete it first."))
    question.state = QUESTION_LIFE.after(QuestionAct.RELEASE, question.state)
    session.flush()
    audit.write(session, MANAGE, by, subject=question, code=question.code, act="release")


def newest(question: Question) -> QuestionVersion:
    """Return the version that is asked now."""
    return next(version for version in question.versions if version.number == question.newest)


def check_question(session: Session, new: NewQuestion) -> None:
    """Raise Refusal for what cannot be asked; see ``rules.questions.check``."""
    kinds, courses = session.scalars(select(ViolationKind.code)), session.scalars(select(Course.code))
    check(new, set(kinds), set(courses), signs.SIGNS)


def _saved(session: Session, picture: bytes | None) -> str | None:
    return services_of(session).evidence.save(redrawn(picture, field="picture")) if picture else None


def _insert(
    session: Session, code: str, new: NewQuestion, picture_key: str | None, by: Actor, now: datetime
) -> Question:
    state = QuestionState.IN_USE if new.is_whole else QuestionState.DRAFT
    question = Question(code=code, state=state, newest=1, versions=[_version(new, 1, picture_key, by, now)])
    session.add(question)
    return question


def _version(new: NewQuestion, number: int, picture_key: str | None, by: Actor, now: datetime) -> QuestionVersion:
    kinds = f" {' '.join(new.kinds)} " if new.kinds else ""
    texts: Mapping[str, str] = {
        f"{name}_{language}": getattr(getattr(new, name), language)
        for name in ("text", "explanation", "source", "alt")
        for language in ("zh", "en")
    }
    return QuestionVersion(
        number=number,
        form=new.form,
        options=[{"zh": each.text.zh, "en": each.text.en, "right": each.right} for each in new.options],
        kinds=kinds,
        weights=dict(new.weights),
        sign=new.sign,
        picture_key=picture_key,
        made_utc=now,
        made_by_id=by.user_id,
        tally=QuestionTally(chosen=[0] * len(new.options)),
        **texts,
    )
