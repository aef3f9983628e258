"""Questions from and to other programs, in GIFT. Flushes, never commits."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from trafficedu.core import audit
from trafficedu.core.actors import Actor
from trafficedu.core.errors import Refusal
from trafficedu.core.loading import loaded
from trafficedu.core.personal import hide_personal
from trafficedu.core.text import message
from trafficedu.quizzes.models import Question, QuestionVersion
from trafficedu.quizzes.rules import gift
from trafficedu.quizzes.rules.words import QuestionState
from trafficedu.quizzes.services import bank

MOST_BYTES, MOST_QUESTIONS = 2_000_000, 2_000
TOO_LARGE = message("The file is too large. Take it in parts.")


@dataclass(frozen=True)
class Taken:
    """What a file did to the bank."""

    added: int
    changed: int
    unchanged: int


def take_gift(session: Session, content: bytes, by: Actor, now: datetime) -> Taken:
    """Take in a file of questions, all of it or nothing; what lacks a language is a draft.

    A known code that says something else becomes the next version. Texts are written as typed ones, numbers of people
    masked: who wrote them cannot know who reads them. Raises Refusal at ``file`` with line and column.
    """
    if len(content) > MOST_BYTES:
        raise Refusal(TOO_LARGE, field="file")
    try:
        text = hide_personal(content.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        raise Refusal(message("The file is not UTF-8. Save it as UTF-8 and try again."), field="file") from error
    counts, seen, questions = {"added": 0, "changed": 0, "unchanged": 0}, set(), gift.read(text)
    if len(questions) > MOST_QUESTIONS:
        raise Refusal(TOO_LARGE, field="file")
    for given in questions:
        if given.code in seen:
            raise gift.GiftFault(given.line, 1, message("The code %(code)s comes twice.", code=given.code))
        seen.add(given.code)
        try:
            counts[_take(session, given, by, now)] += 1
        except Refusal as refusal:
            raise gift.GiftFault(given.line, 1, refusal.text) from refusal
    if not seen:
        raise Refusal(message("There is no question in the file."), field="file")
    audit.write(session, bank.MANAGE, by, act="gift", counts=counts)
    return Taken(**counts)


def _take(session: Session, given: gift.GiftQuestion, by: Actor, now: datetime) -> str:
    options = loaded(Question.versions)
    question = session.scalar(select(Question).where(Question.code == given.code).options(options))
    if question is None:
        bank.add_question(session, given.code, given.question, by, now)
        return "added"
    before = bank.newest(question)
    return "unchanged" if bank.change_question(session, question, given.question, by, now) is before else "changed"


def gift_of_bank(session: Session) -> str:
    """Return every question that is not retired, in GIFT."""
    query = (
        select(QuestionVersion)
        .join(QuestionVersion.question)
        .where(QuestionVersion.number == Question.newest, Question.state != QuestionState.RETIRED)
        .options(loaded(QuestionVersion.question))
        .order_by(Question.code)
    )
    return gift.write((version.question.code, version.as_entered) for version in session.scalars(query))
