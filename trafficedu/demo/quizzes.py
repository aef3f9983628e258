"""Quizzes of the latest studies: what was asked and answered, so that the bank shows how its questions do.

The scores are those that the history wrote; questions differ in how often they are missed, and riders in how much they
know, so that most questions tell a little and a few nothing. Some scores were entered by hand, with a reason.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from random import Random
from typing import Any

from sqlalchemy import insert, select, update
from sqlalchemy.orm import Session

from trafficedu.analysis import items as analysis
from trafficedu.education.models.courses import CourseModule
from trafficedu.education.models.tasks import Attendance, ModuleRecord
from trafficedu.education.rules.states import ModuleKind
from trafficedu.quizzes.models import Attempt, AttemptItem, QuestionTally, QuestionVersion
from trafficedu.quizzes.rules import marking
from trafficedu.quizzes.rules.words import AttemptState, Device, QuestionForm

STUDIES, QUESTIONS, BY_HAND = 240, 20, 4
"""The latest studies that have a quiz here; 20 questions, for the history's scores go by fives; scores by hand."""
REASONS = ("平板电脑没电，驾驶人在纸上作答，由值班民警批改", "驾驶人不识字，由工作人员逐题口试")
ON_PHONES = 0.7


def enter_quizzes(session: Session, seed: int) -> int:
    """Write the attempts of the latest studies, and why some scores were entered by hand; returns how many attempts."""
    chance = Random(seed)
    query = (
        select(Attendance.id, Attendance.quiz_score, Attendance.quiz_attempts, ModuleRecord.started_utc)
        .join(ModuleRecord, ModuleRecord.attendance_id == Attendance.id)
        .join(CourseModule, CourseModule.id == ModuleRecord.module_id)
        .where(CourseModule.kind == ModuleKind.QUIZ, ModuleRecord.credited.is_(False))
        .where(
            Attendance.quiz_score.is_not(None), ModuleRecord.ended_utc.is_not(None), Attendance.override_reason == ""
        )
        .order_by(Attendance.id.desc())
        .limit(STUDIES + BY_HAND)
    )
    studies = session.execute(query).all()
    for place, study in enumerate(studies[:BY_HAND]):
        reason = REASONS[place % len(REASONS)]
        session.execute(update(Attendance).where(Attendance.id == study.id).values(quiz_by_hand=reason))
    versions = session.scalars(select(QuestionVersion).order_by(QuestionVersion.id)).all()
    if len(versions) < QUESTIONS or not studies[BY_HAND:]:
        return 0
    hardness = {version.id: chance.uniform(0.2, 3.0) for version in versions}
    written = _Written(versions, hardness, chance)
    attempts = [attempt for study in studies[BY_HAND:] for attempt in written.attempts(*study)]
    ids = session.scalars(insert(Attempt).returning(Attempt.id, sort_by_parameter_order=True), attempts).all()
    rows = [row | {"attempt_id": key} for key, given in zip(ids, written.items, strict=True) for row in given]
    session.execute(insert(AttemptItem), rows)
    written.tally(session)
    session.flush()
    return len(attempts)


class _Written:
    """Attempts as rows, and what first ones add up to."""

    def __init__(self, versions: Sequence[QuestionVersion], hardness: dict[int, float], chance: Random) -> None:
        self._versions, self._hardness, self._chance = versions, hardness, chance
        self._sums = {version.id: analysis.Sums(0, 0, 0.0, 0.0, 0.0) for version in versions}
        self._chosen = {version.id: [0] * len(version.options) for version in versions}
        self.items: list[list[dict[str, Any]]] = []

    def attempts(self, attendance_id: int, score: int, number: int, begun: datetime) -> Iterator[dict[str, Any]]:
        """Yield the rows of the attempts of a study: all but the last one were failed."""
        for earlier in range(1, number):
            began = begun - timedelta(minutes=20 * (number - earlier))
            yield self.attempt(attendance_id, 5 * self._chance.randrange(6, 16), earlier, began)
        yield self.attempt(attendance_id, score, number, begun)

    def attempt(self, attendance_id: int, score: int, number: int, begun: datetime) -> dict[str, Any]:
        """Return the row of an attempt that ends with a score; its items follow in ``items``."""
        asked = self._chance.sample(self._versions, QUESTIONS)
        missed = QUESTIONS - round(score * QUESTIONS / 100)
        weighted = sorted(asked, key=lambda each: self._chance.random() ** (1 / self._hardness[each.id]), reverse=True)
        wrong = {version.id for version in weighted[:missed]}
        took = timedelta(minutes=self._chance.randrange(4, 12))
        rows = [self._item(place, version, version.id not in wrong, begun) for place, version in enumerate(asked, 1)]
        self.items.append(rows)
        if number == 1:
            self._count(rows)
        return {
            "attendance_id": attendance_id,
            "number": number,
            "state": AttemptState.HANDED_IN,
            "device": Device.PHONE if self._chance.random() < ON_PHONES else Device.TABLET,
            "begun_utc": begun,
            "ends_utc": begun + timedelta(minutes=15),
            "ended_utc": begun + took,
            "pass_mark": 80,
            "score": marking.score_of([row["right"] for row in rows]),
            "is_first": number == 1,
        }

    def _item(self, place: int, version: QuestionVersion, right: bool, begun: datetime) -> dict[str, Any]:
        order = list(range(len(version.options)))
        if version.form != QuestionForm.TRUE_FALSE:
            self._chance.shuffle(order)
        others = [option for option in order if option not in version.right]
        chosen = version.right if right else {self._chance.choice(others)} if others else {order[0]}
        return {
            "position": place,
            "version_id": version.id,
            "options_order": marking.written_in_order(order),
            "answer": marking.written(chosen),
            "answered_utc": begun + timedelta(seconds=20 * place),
            "right": marking.is_right(chosen, version.right),
        }

    def _count(self, rows: list[dict[str, Any]]) -> None:
        total = sum(row["right"] for row in rows)
        for row in rows:
            key = row["version_id"]
            self._sums[key] = self._sums[key].plus(row["right"], (total - row["right"]) / (len(rows) - 1))
            for option in marking.read(row["answer"]):
                self._chosen[key][option] += 1

    def tally(self, session: Session) -> None:
        """Write what the first attempts add up to."""
        for key, sums in self._sums.items():
            result = analysis.describe(sums)
            values = {
                "shown": sums.shown,
                "right_count": sums.right,
                "rest_sum": sums.rest,
                "rest_squares": sums.rest_squares,
                "right_rest_sum": sums.right_rest,
                "chosen": self._chosen[key],
                "share": result.difficulty.value if result.difficulty else None,
                "telling": result.telling.value if result.telling else None,
            }
            session.execute(update(QuestionTally).where(QuestionTally.version_id == key).values(**values))
