"""What somebody said about months, how that came about, and how a figure tells that something was recorded."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, ForeignKey, Index, Select, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from trafficedu.areas.models import Area
from trafficedu.core.month import Month
from trafficedu.core.orm import Base, FirstOfMonth, UTCDateTime, Versioned, one_of, word
from trafficedu.coverage.rules import MARKS, FigureKind, IssueKind, State
from trafficedu.settled.models import AddedFigure


class CoverageMark(Versioned, Base):
    """What holds of a figure in a unit's month because somebody said so; how it came to that is in the acts."""

    __tablename__ = "coverage_mark"
    __table_args__ = (
        UniqueConstraint("figure", "area_id", "month"),
        one_of("figure", FigureKind),
        one_of("state", MARKS),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    figure: Mapped[FigureKind] = mapped_column(word(FigureKind, 20))
    area_id: Mapped[int] = mapped_column(ForeignKey("area.id"))
    month: Mapped[Month] = mapped_column(FirstOfMonth)
    state: Mapped[State] = mapped_column(word(State, 10))

    area: Mapped[Area] = relationship()


class CoverageAct(Base):
    """One act on a month: what somebody said of it then, and why. ``state`` None: what was said is taken back."""

    __tablename__ = "coverage_act"
    __table_args__ = (
        one_of("figure", FigureKind),
        Index("ix_coverage_act_of_month", "figure", "area_id", "month", "id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    figure: Mapped[FigureKind] = mapped_column(word(FigureKind, 20))
    area_id: Mapped[int] = mapped_column(ForeignKey("area.id"))
    month: Mapped[Month] = mapped_column(FirstOfMonth)
    before: Mapped[State | None] = mapped_column(word(State, 10))
    state: Mapped[State | None] = mapped_column(word(State, 10))
    reason: Mapped[str] = mapped_column(String(200), default="")
    by_file: Mapped[bool] = mapped_column(default=False)
    at_utc: Mapped[datetime] = mapped_column(UTCDateTime)
    by_user_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"), index=True)


class CoverageIssue(Base):
    """Something about a figure that somebody has to look into, as the worker found it; ended once it is no longer so.

    ``month``: of a silence the last month that was reported, of a contradicted nil report its month.
    """

    __tablename__ = "coverage_issue"
    __table_args__ = (
        UniqueConstraint("kind", "figure", "area_id", "month"),
        one_of("kind", IssueKind),
        one_of("figure", FigureKind),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[IssueKind] = mapped_column(word(IssueKind, 20))
    figure: Mapped[FigureKind] = mapped_column(word(FigureKind, 20))
    area_id: Mapped[int] = mapped_column(ForeignKey("area.id"))
    month: Mapped[Month] = mapped_column(FirstOfMonth)
    found_utc: Mapped[datetime] = mapped_column(UTCDateTime)
    ended_utc: Mapped[datetime | None] = mapped_column(UTCDateTime)

    area: Mapped[Area] = relationship()


class CoverageLook(Base):
    """When the worker last looked for what is missing of a figure."""

    __tablename__ = "coverage_look"

    figure: Mapped[FigureKind] = mapped_column(word(FigureKind, 20), primary_key=True)
    looked_utc: Mapped[datetime] = mapped_column(UTCDateTime)


@dataclass(frozen=True)
class Covered:
    """How a figure's records are counted by unit and month; declared by its feature, listed in ``figures.COVERED``.

    Parameters
    ----------
    kind
        Which it is.
    figure
        The settled sums that tell that something was recorded.
    counted
        Which parts of it are records; None: all.
    places
        Of a figure that is not of areas: a query of each owner's id and the path of its area, by the path of the top.
    import_kind
        Whose runs of imports bring its rows.
    """

    kind: FigureKind
    figure: AddedFigure
    counted: Callable[[ColumnElement[str]], ColumnElement[bool]] | None = None
    places: Callable[[str], Select[tuple[int, str]]] | None = None
    import_kind: str = ""
