"""Tables of films, their segments and pieces of video; and of who watches which, with what was seen."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from trafficedu.accounts.models import User
from trafficedu.core.keys import EVIDENCE
from trafficedu.core.orm import Base, UTCDateTime, Versioned, one_of, partial_index, word
from trafficedu.core.states import StateIs
from trafficedu.education.models.tasks import StudyTask
from trafficedu.films.rules.segments import NewFilm, NewSegment, write_time
from trafficedu.films.rules.watching import Run
from trafficedu.films.rules.words import FILM_LIFE, FilmAct, FilmKind, FilmState
from trafficedu.quizzes.rules.questions import Both

IN_USE = f"state = '{FilmState.IN_USE}'"


class Film(Versioned, Base):
    """A version of a film. At most one version of a code is in use; once in use, none is ever changed.

    ``courses`` are codes of courses between spaces, with one before and after them, "" for all courses. ``seconds`` is
    the length of a video's file, or of all segments of a film of pictures.
    """

    __tablename__ = "film"
    __table_args__ = (
        UniqueConstraint("code", "number"),
        one_of("kind", FilmKind),
        one_of("state", FilmState),
        CheckConstraint("seconds >= 0 AND bytes >= 0", "sizes"),
        partial_index("uq_film_code_in_use", "code", where=IN_USE, unique=True),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    code: Mapped[str] = mapped_column(String(40))
    number: Mapped[int]
    kind: Mapped[FilmKind] = mapped_column(word(FilmKind, 10))
    state: Mapped[FilmState] = mapped_column(word(FilmState, 10), default=FilmState.DRAFT)
    title_zh: Mapped[str] = mapped_column(String(120))
    title_en: Mapped[str] = mapped_column(String(120))
    courses: Mapped[str] = mapped_column(String(400), default="")
    seconds: Mapped[int] = mapped_column(default=0)
    media_type: Mapped[str] = mapped_column(String(20), default="")
    bytes: Mapped[int] = mapped_column(default=0)
    made_utc: Mapped[datetime] = mapped_column(UTCDateTime)
    made_by_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))

    made_by: Mapped[User | None] = relationship()
    segments: Mapped[list[FilmSegment]] = relationship(
        back_populates="film", order_by="FilmSegment.position", cascade="all, delete-orphan"
    )
    pieces: Mapped[list[FilmPiece]] = relationship(order_by="FilmPiece.position")

    is_draft = StateIs(FilmState.DRAFT)
    """Whether it can still be changed."""
    is_in_use = StateIs(FilmState.IN_USE)
    """Whether riders get it."""
    is_retired = StateIs(FilmState.RETIRED)
    """Whether riders get it no more; who began it may end it."""

    def may(self, act: FilmAct) -> bool:
        """Tell whether ``act`` may happen to it as it stands."""
        return FILM_LIFE.may(act, self.state)

    @property
    def is_video(self) -> bool:
        """Whether it is a file that is played."""
        return self.kind == FilmKind.VIDEO

    @property
    def course_codes(self) -> list[str]:
        """The courses it is for, none for all."""
        return self.courses.split()

    @property
    def length(self) -> str:
        """How long it lasts, as m:ss."""
        return write_time(self.seconds)

    def title(self, locale: str) -> str:
        """Return the title in a language."""
        return Both(self.title_zh, self.title_en).said(locale)

    @property
    def as_entered(self) -> NewFilm:
        """What was entered, to be changed, checked, or copied into the next version."""
        return NewFilm(
            Both(self.title_zh, self.title_en), self.course_codes, [each.as_entered for each in self.segments]
        )


class FilmSegment(Base):
    """A part of a film that counts as a whole once it was seen to its end."""

    __tablename__ = "film_segment"
    __table_args__ = (UniqueConstraint("film_id", "position"), CheckConstraint("ends_at >= begins_at", "times"))

    id: Mapped[int] = mapped_column(primary_key=True)
    film_id: Mapped[int] = mapped_column(ForeignKey("film.id"))
    position: Mapped[int]
    begins_at: Mapped[int]
    ends_at: Mapped[int]
    title_zh: Mapped[str] = mapped_column(String(120))
    title_en: Mapped[str] = mapped_column(String(120))
    text_zh: Mapped[str] = mapped_column(String(4000))
    text_en: Mapped[str] = mapped_column(String(4000))
    source_zh: Mapped[str] = mapped_column(String(300), default="")
    source_en: Mapped[str] = mapped_column(String(300), default="")
    sign: Mapped[str] = mapped_column(String(40), default="")

    film: Mapped[Film] = relationship(back_populates="segments")

    @property
    def seconds(self) -> int:
        """How long it lasts."""
        return self.ends_at - self.begins_at

    @property
    def length(self) -> str:
        """How long it lasts, as m:ss."""
        return write_time(self.seconds)

    def title(self, locale: str) -> str:
        """Return the title in a language."""
        return Both(self.title_zh, self.title_en).said(locale)

    def sentences(self, locale: str) -> list[str]:
        """Return what is said in it, sentence by sentence."""
        text = Both(self.text_zh, self.text_en).said(locale)
        return [line.strip() for line in text.splitlines() if line.strip()]

    def source(self, locale: str) -> str:
        """Return the law that it rests on."""
        return Both(self.source_zh, self.source_en).said(locale)

    @property
    def as_entered(self) -> NewSegment:
        """What was entered."""
        return NewSegment(
            self.ends_at,
            Both(self.title_zh, self.title_en),
            Both(self.text_zh, self.text_en),
            Both(self.source_zh, self.source_en),
            self.sign,
        )


class FilmPiece(Base):
    """A piece of a video's file in the store of evidence, so that a part of it is read without the whole."""

    __tablename__ = "film_piece"

    film_id: Mapped[int] = mapped_column(ForeignKey("film.id"), primary_key=True)
    position: Mapped[int] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(String(64), info={EVIDENCE: True})


class Viewing(Versioned, Base):
    """A rider watches a film for a task: what runs now, and where the question of presence stands.

    ``run`` names what plays now; another phone, tab or reload begins another one, and the earlier is told so. It is
    ``position`` that runs, with ``counted`` seconds up to ``beat_utc``. ``check_at`` is the second of the segment from
    which presence is asked for; ``check_asked_utc`` since when the question of ``check_wanted`` among ``check_offered``
    waits; ``check_done``: it was answered in this run. ``missed`` counts unanswered ones of the whole film.
    """

    __tablename__ = "film_viewing"
    __table_args__ = (UniqueConstraint("task_id", "film_id"), Index("ix_film_viewing_film_id", "film_id"))

    id: Mapped[int] = mapped_column(primary_key=True)
    task_id: Mapped[int] = mapped_column(ForeignKey("study_task.id"))
    film_id: Mapped[int] = mapped_column(ForeignKey("film.id"))
    begun_utc: Mapped[datetime] = mapped_column(UTCDateTime)
    ended_utc: Mapped[datetime | None] = mapped_column(UTCDateTime)
    run: Mapped[str | None] = mapped_column(String(36))
    position: Mapped[int] = mapped_column(default=0)
    run_begun_utc: Mapped[datetime | None] = mapped_column(UTCDateTime)
    beat_utc: Mapped[datetime | None] = mapped_column(UTCDateTime)
    counted: Mapped[float] = mapped_column(default=0.0)
    playing: Mapped[bool] = mapped_column(default=False)
    check_at: Mapped[int] = mapped_column(default=0)
    check_asked_utc: Mapped[datetime | None] = mapped_column(UTCDateTime)
    check_wanted: Mapped[str] = mapped_column(String(40), default="")
    check_offered: Mapped[str] = mapped_column(String(200), default="")
    check_tries: Mapped[int] = mapped_column(default=0)
    check_done: Mapped[bool] = mapped_column(default=False)
    missed: Mapped[int] = mapped_column(default=0)

    task: Mapped[StudyTask] = relationship()
    film: Mapped[Film] = relationship()
    seen: Mapped[list[SegmentSeen]] = relationship(order_by="SegmentSeen.position", back_populates="viewing")

    @property
    def as_run(self) -> Run:
        """What counts of the run so far; precondition: one was begun."""
        assert self.beat_utc is not None
        return Run(self.counted, self.beat_utc, self.playing)

    @property
    def seen_positions(self) -> set[int]:
        """The segments that count."""
        return {each.position for each in self.seen}

    @property
    def next_segment(self) -> FilmSegment | None:
        """The first segment that does not count yet, None after the last."""
        seen = self.seen_positions
        return next((segment for segment in self.film.segments if segment.position not in seen), None)

    @property
    def seconds_seen(self) -> int:
        """How many seconds of the film count."""
        return sum(each.seconds for each in self.seen)


class SegmentSeen(Base):
    """A segment that was seen to its end, with its length."""

    __tablename__ = "film_segment_seen"
    __table_args__ = (CheckConstraint("ended_utc >= began_utc", "times"),)

    viewing_id: Mapped[int] = mapped_column(ForeignKey("film_viewing.id"), primary_key=True)
    position: Mapped[int] = mapped_column(primary_key=True)
    began_utc: Mapped[datetime] = mapped_column(UTCDateTime)
    ended_utc: Mapped[datetime] = mapped_column(UTCDateTime)
    seconds: Mapped[int]

    viewing: Mapped[Viewing] = relationship(back_populates="seen")
