"""Tables of questions, their versions and tallies, and of attempts with what was asked and answered."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, CheckConstraint, ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from trafficedu.accounts.models import User
from trafficedu.core.keys import EVIDENCE
from trafficedu.core.orm import Base, UTCDateTime, Versioned, one_of, partial_index, word
from trafficedu.core.states import StateIs
from trafficedu.education.models.tasks import Attendance
from trafficedu.quizzes.rules import marking, signs
from trafficedu.quizzes.rules.questions import Both, NewQuestion, Option
from trafficedu.quizzes.rules.words import (
    ATTEMPT_LIFE,
    QUESTION_LIFE,
    AttemptAct,
    AttemptState,
    Device,
    QuestionAct,
    QuestionForm,
    QuestionState,
)


class Question(Versioned, Base):
    """A question by its code. What it says is said by its versions; ``newest`` is the number of the one now asked."""

    __tablename__ = "quiz_question"
    __table_args__ = (one_of("state", QuestionState),)

    id: Mapped[int] = mapped_column(primary_key=True)
    code: Mapped[str] = mapped_column(String(40), unique=True)
    state: Mapped[QuestionState] = mapped_column(word(QuestionState, 10), default=QuestionState.IN_USE)
    newest: Mapped[int] = mapped_column(default=1)

    versions: Mapped[list[QuestionVersion]] = relationship(back_populates="question", order_by="QuestionVersion.number")

    is_in_use = StateIs(QuestionState.IN_USE)
    """Whether it is asked."""
    is_retired = StateIs(QuestionState.RETIRED)
    """Whether it is asked no more."""

    def may(self, act: QuestionAct) -> bool:
        """Tell whether ``act`` may happen to it as it stands."""
        return QUESTION_LIFE.may(act, self.state)


class QuestionVersion(Base):
    """What a question says, never changed once written: an answer is judged by the version that was asked.

    ``options`` are ``{"zh", "en", "right"}`` in the order in which they were entered; answers name them by their place.
    ``kinds`` are codes of kinds of violation between spaces, with one before and after them, "" for a general question.
    ``sign`` names a shipped picture, ``picture_key`` one that was uploaded.
    """

    __tablename__ = "quiz_question_version"
    __table_args__ = (UniqueConstraint("question_id", "number"), one_of("form", QuestionForm))

    id: Mapped[int] = mapped_column(primary_key=True)
    question_id: Mapped[int] = mapped_column(ForeignKey("quiz_question.id"))
    number: Mapped[int]
    form: Mapped[QuestionForm] = mapped_column(word(QuestionForm, 12))
    text_zh: Mapped[str] = mapped_column(String(500))
    text_en: Mapped[str] = mapped_column(String(500))
    options: Mapped[list[dict[str, Any]]] = mapped_column(JSON)
    explanation_zh: Mapped[str] = mapped_column(String(500))
    explanation_en: Mapped[str] = mapped_column(String(500))
    source_zh: Mapped[str] = mapped_column(String(200))
    source_en: Mapped[str] = mapped_column(String(200))
    kinds: Mapped[str] = mapped_column(String(200), default="")
    weights: Mapped[dict[str, int]] = mapped_column(JSON)
    sign: Mapped[str] = mapped_column(String(40), default="")
    picture_key: Mapped[str | None] = mapped_column(String(64), info={EVIDENCE: True})
    alt_zh: Mapped[str] = mapped_column(String(200), default="")
    alt_en: Mapped[str] = mapped_column(String(200), default="")
    made_utc: Mapped[datetime] = mapped_column(UTCDateTime)
    made_by_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))

    question: Mapped[Question] = relationship(back_populates="versions")
    made_by: Mapped[User | None] = relationship()
    tally: Mapped[QuestionTally] = relationship(back_populates="of")

    @property
    def choices(self) -> list[Option]:
        """Its options."""
        return [Option(Both(each["zh"], each["en"]), each["right"]) for each in self.options]

    @property
    def right(self) -> set[int]:
        """The places of the right options."""
        return {place for place, each in enumerate(self.options) if each["right"]}

    @property
    def takes_several(self) -> bool:
        """Whether more than one option may be chosen."""
        return self.form == QuestionForm.SEVERAL

    @property
    def kind_codes(self) -> list[str]:
        """The kinds of violation it is about."""
        return self.kinds.split()

    @property
    def has_picture(self) -> bool:
        """Whether there is something to look at."""
        return bool(self.sign or self.picture_key)

    def text(self, locale: str) -> str:
        """Return the question in a language."""
        return Both(self.text_zh, self.text_en).said(locale)

    def explanation(self, locale: str) -> str:
        """Return why the answer is right."""
        return Both(self.explanation_zh, self.explanation_en).said(locale)

    def source(self, locale: str) -> str:
        """Return the law or standard."""
        return Both(self.source_zh, self.source_en).said(locale)

    def alt(self, locale: str) -> str:
        """Return what the picture shows, in words; of a shipped one its own words where nobody wrote others."""
        shipped = signs.SIGNS[self.sign][1].said(locale) if self.sign in signs.SIGNS else ""
        return Both(self.alt_zh, self.alt_en).said(locale) or shipped

    @property
    def as_entered(self) -> NewQuestion:
        """What was entered, to be compared, exported or changed into a new version."""
        return NewQuestion(
            self.form,
            Both(self.text_zh, self.text_en),
            tuple(self.choices),
            Both(self.explanation_zh, self.explanation_en),
            Both(self.source_zh, self.source_en),
            tuple(self.kind_codes),
            dict(self.weights),
            self.sign,
            Both(self.alt_zh, self.alt_en),
        )


class QuestionTally(Base):
    """What first attempts add up to for a version: from these sums ``analysis.items`` says how it does.

    ``rest_sum`` and ``rest_squares`` add up the share (0 to 1) that riders got right of their *other* questions,
    ``right_rest_sum`` of those who got this one right. ``chosen`` counts each option. ``share`` and ``telling`` are the
    results, kept so that lists sort by them; None while there is too little.
    """

    __tablename__ = "quiz_question_tally"
    __table_args__ = (
        CheckConstraint("right_count >= 0 AND right_count <= shown", "right_count"),
        Index("ix_quiz_question_tally_share", "share", "version_id"),
        Index("ix_quiz_question_tally_telling", "telling", "version_id"),
        Index("ix_quiz_question_tally_shown", "shown", "version_id"),
    )

    version_id: Mapped[int] = mapped_column(ForeignKey("quiz_question_version.id"), primary_key=True)
    shown: Mapped[int] = mapped_column(default=0)
    right_count: Mapped[int] = mapped_column(default=0)
    rest_sum: Mapped[float] = mapped_column(default=0.0)
    rest_squares: Mapped[float] = mapped_column(default=0.0)
    right_rest_sum: Mapped[float] = mapped_column(default=0.0)
    chosen: Mapped[list[int]] = mapped_column(JSON)
    share: Mapped[float | None]
    telling: Mapped[float | None]

    of: Mapped[QuestionVersion] = relationship(back_populates="tally")


RUNNING = f"state = '{AttemptState.RUNNING}'"


class Attempt(Versioned, Base):
    """One time a rider takes the quiz of a study. Its questions and their order were drawn once and stay.

    ``is_first``: the rider never took a quiz before; only these count for how questions do, for who knows the answers
    says nothing about a question.
    """

    __tablename__ = "quiz_attempt"
    __table_args__ = (
        UniqueConstraint("attendance_id", "number"),
        one_of("state", AttemptState),
        one_of("device", Device),
        CheckConstraint("score BETWEEN 0 AND 100", "score"),
        CheckConstraint(f"({RUNNING}) = (score IS NULL)", "marked"),
        partial_index("uq_quiz_attempt_attendance_id_running", "attendance_id", where=RUNNING, unique=True),
        partial_index("ix_quiz_attempt_running_ends_utc", "ends_utc", where=RUNNING),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    attendance_id: Mapped[int] = mapped_column(ForeignKey("attendance.id"))
    number: Mapped[int]
    state: Mapped[AttemptState] = mapped_column(word(AttemptState, 12), default=AttemptState.RUNNING)
    device: Mapped[Device] = mapped_column(word(Device, 10))
    begun_utc: Mapped[datetime] = mapped_column(UTCDateTime)
    ends_utc: Mapped[datetime] = mapped_column(UTCDateTime)
    ended_utc: Mapped[datetime | None] = mapped_column(UTCDateTime)
    pass_mark: Mapped[int]
    score: Mapped[int | None]
    is_first: Mapped[bool] = mapped_column(default=False)

    attendance: Mapped[Attendance] = relationship()
    items: Mapped[list[AttemptItem]] = relationship(back_populates="attempt", order_by="AttemptItem.position")

    is_running = StateIs(AttemptState.RUNNING)
    """Whether answers are still taken."""
    was_timed_out = StateIs(AttemptState.TIMED_OUT)
    """Whether the clock ended it."""

    def may(self, act: AttemptAct) -> bool:
        """Tell whether ``act`` may happen to it as it stands."""
        return ATTEMPT_LIFE.may(act, self.state)

    def is_over(self, now: datetime) -> bool:
        """Tell whether its time is up, whoever has looked since."""
        return now >= self.ends_utc

    @property
    def passed(self) -> bool:
        """Whether the score is enough."""
        return self.score is not None and self.score >= self.pass_mark

    @property
    def right_answers(self) -> int:
        """How many questions were answered right."""
        return sum(bool(item.right) for item in self.items)

    @property
    def next_open(self) -> int | None:
        """The position of the first question without an answer, None where all have one."""
        return next((item.position for item in self.items if item.answer is None), None)


class AttemptItem(Base):
    """One question of an attempt: the version asked, the options' order as shown, and the answer as it was given."""

    __tablename__ = "quiz_attempt_item"
    __table_args__ = (
        UniqueConstraint("attempt_id", "position"),
        Index("ix_quiz_attempt_item_version_id", "version_id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    attempt_id: Mapped[int] = mapped_column(ForeignKey("quiz_attempt.id"))
    position: Mapped[int]
    version_id: Mapped[int] = mapped_column(ForeignKey("quiz_question_version.id"))
    options_order: Mapped[str] = mapped_column(String(20))
    answer: Mapped[str | None] = mapped_column(String(20))
    answered_utc: Mapped[datetime | None] = mapped_column(UTCDateTime)
    right: Mapped[bool | None]

    attempt: Mapped[Attempt] = relationship(back_populates="items")
    version: Mapped[QuestionVersion] = relationship()

    @property
    def shown(self) -> list[tuple[int, Option]]:
        """The options in the order of this attempt, each with its place in the question."""
        choices = self.version.choices
        return [(place, choices[place]) for place in marking.read(self.options_order)]

    @property
    def chosen(self) -> tuple[int, ...]:
        """The places of the options chosen."""
        return marking.read(self.answer or "")
