from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from random import Random

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from tests.factories.education import NOW
from tests.quizzes.conftest import ready
from tests.quizzes.test_attempts import Seat
from trafficedu.core.actors import SYSTEM, VISITOR, Actor
from trafficedu.core.errors import Refusal, Stale
from trafficedu.quizzes.models import Question, QuestionVersion
from trafficedu.quizzes.queries.attempts import candidates
from trafficedu.quizzes.queries.bank import find_question
from trafficedu.quizzes.rules.questions import Both, NewQuestion, Option
from trafficedu.quizzes.rules.words import Device, QuestionForm, QuestionState
from trafficedu.quizzes.services import attempts, bank

TWO = (Option(Both("停车", "Stop"), True), Option(Both("不停", "Go on")))
NEW = NewQuestion(
    QuestionForm.SINGLE,
    Both("红灯怎么办？", "What at red?"),
    TWO,
    Both("红灯停。", "Red is stop."),
    Both("《道路交通安全法》第二十六条", "Road Traffic Safety Law, art. 26"),
    ("2007",),
    {"basic": 3},
)


def test_what_is_shipped_can_be_asked_in_both_languages_and_is_loaded_once(session: Session) -> None:
    versions = session.scalars(select(QuestionVersion)).all()
    assert len(versions) >= 80
    assert [version.question.code for version in versions if not version.as_entered.is_whole] == []
    for version in versions:
        bank.check_question(session, version.as_entered)
    assert {question.state for question in session.scalars(select(Question))} == {QuestionState.IN_USE}
    assert bank.load_shipped(session, NOW) == 0


@pytest.mark.parametrize("language", ["zh", "en"])
def test_the_longest_answer_is_right_about_as_often_as_any_other(session: Session, language: str) -> None:
    """Who knows nothing and takes the longest answer must not come near the pass mark."""
    asked = [each for each in session.scalars(select(QuestionVersion)) if each.form == QuestionForm.SINGLE]
    lengths = [[len(option.text.said(language)) for option in each.choices] for each in asked]
    told = [of.index(max(of)) in each.right and of.count(max(of)) == 1 for each, of in zip(asked, lengths, strict=True)]
    assert sum(told) / len(told) < 0.4


def test_no_source_is_a_standard_that_another_one_took_the_place_of(session: Session) -> None:
    sources = {version.source_zh for version in session.scalars(select(QuestionVersion))}
    assert not any("17761-2018" in source for source in sources), "GB 17761-2024 has been in force since 2025-09-01"


def test_a_change_is_a_new_version_and_what_was_asked_stays(session: Session, seat: Seat, staff: Actor) -> None:
    question = bank.add_question(session, "extra-1", NEW, SYSTEM, NOW)
    booking = seat()
    attempt = attempts.begin(session, booking, Device.PHONE, VISITOR, ready(session, booking, staff), Random(1))
    attempt.items[0].version = bank.newest(question)
    asked = attempt.items[0].version
    fresh = bank.change_question(session, question, replace(NEW, text=Both("红灯？", "Red?")), SYSTEM, NOW)
    assert (fresh.number, question.newest, asked.text_zh) == (2, 2, "红灯怎么办？")
    assert bank.change_question(session, question, replace(NEW, text=Both("红灯？", "Red?")), SYSTEM, NOW) is fresh
    drawn = {each.version_id for each in candidates(session, "basic")}
    assert fresh.id in drawn
    assert asked.id not in drawn
    with pytest.raises(Stale):
        bank.change_question(session, question, NEW, SYSTEM, NOW, seen=0)


def test_a_retired_question_is_asked_no_more_until_it_is_released(session: Session) -> None:
    question = bank.add_question(session, "extra-1", NEW, SYSTEM, NOW)
    bank.retire_question(session, question, SYSTEM)
    assert bank.newest(question).id not in {each.version_id for each in candidates(session, "basic")}
    with pytest.raises(Stale):
        bank.retire_question(session, question, SYSTEM)
    bank.release_question(session, question, SYSTEM)
    assert [each.weight for each in candidates(session, "basic") if each.question_id == question.id] == [3]


def test_without_one_of_the_languages_it_is_a_draft(session: Session) -> None:
    question = bank.add_question(session, "extra-1", replace(NEW, text=Both("红灯？")), SYSTEM, NOW)
    assert question.state == QuestionState.DRAFT
    with pytest.raises(Refusal, match="lacks text"):
        bank.release_question(session, question, SYSTEM)


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"text": Both()}, "text_zh"),
        ({"options": TWO[:1]}, "options"),
        ({"options": TWO * 4}, "options"),
        ({"options": (TWO[0], TWO[0])}, "options"),
        ({"options": (TWO[1], Option(Both("等", "Wait")))}, "options"),
        ({"form": QuestionForm.TRUE_FALSE}, "options"),
        ({"explanation": Both()}, "explanation_zh"),
        ({"source": Both()}, "source_zh"),
        ({"kinds": ("9999",)}, "kinds"),
        ({"weights": {"none": 1}}, "weights"),
        ({"weights": {"basic": 10}}, "weights"),
        ({"sign": "unknown"}, "sign"),
    ],
)
def test_what_cannot_be_asked_is_refused_at_its_field(session: Session, change: dict[str, object], field: str) -> None:
    before = session.scalar(select(func.count()).select_from(Question))
    with pytest.raises(Refusal) as refused:
        bank.add_question(session, "extra-1", replace(NEW, **change), SYSTEM, NOW)  # type: ignore[arg-type]
    assert refused.value.field == field
    assert session.scalar(select(func.count()).select_from(Question)) == before


@pytest.mark.parametrize("code", ["", "红灯", "a" * 41, "helmet 1"])
def test_a_code_that_is_none_is_refused(session: Session, code: str) -> None:
    with pytest.raises(Refusal) as refused:
        bank.add_question(session, code, NEW, SYSTEM, NOW)
    assert refused.value.field == "code"


def test_a_code_in_use_is_refused(session: Session) -> None:
    with pytest.raises(Refusal, match="in use"):
        bank.add_question(session, "red-01", NEW, SYSTEM, NOW + timedelta(days=1))


def test_a_question_is_found_with_its_versions(session: Session) -> None:
    assert bank.newest(find_question(session, "red-02")).sign == "red-light"
