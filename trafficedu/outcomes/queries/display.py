"""What pages and files show of what is kept: rows in the reader's words."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from trafficedu.accounts.models import User
from trafficedu.analysis.said.outcomes import signing_sentence, standing_word
from trafficedu.core.spreadsheet import Column
from trafficedu.core.text import Message, message, translate
from trafficedu.education.models.courses import Course
from trafficedu.outcomes import rules
from trafficedu.stations.models import Station
from trafficedu.violations.models.records import ViolationKind

OTHER_KINDS = message("others together")
Names = Mapping[str, Mapping[str, Message]]
"""FACTOR -> LEVEL -> its name."""


@dataclass(frozen=True)
class Line:
    """A group, or a level of a factor: the plain rate, and its ratio beside what was expected, or the reference.

    ``verdict`` and ``direction`` are those of ``analysis.said``; ``is_reference``: the others are compared with it.
    """

    name: Message
    riders: int
    observed: int | None = None
    again: int | None = None
    limits: Sequence[float] | None = None
    ratio: float | None = None
    low: float | None = None
    high: float | None = None
    p_value: float | None = None
    expected: float | None = None
    verdict: str = ""
    direction: str = ""
    drifts: bool = False
    is_reference: bool = False


def names_of(session: Session, result: Mapping[str, Any], locale: str) -> Names:
    """Return what every level of a result is called."""
    stations = [int(row["name"]) for row in result["groups"][rules.STATION] if row["name"].isdigit()]
    named = session.execute(select(Station.id, Station.name).where(Station.id.in_(stations))).tuples()
    courses = {one.code: one.name(locale) for one in session.scalars(select(Course).order_by(Course.rank))}
    kinds = {one.code: one.name(locale) for one in session.scalars(select(ViolationKind).order_by(ViolationKind.id))}
    return {
        **rules.LEVEL_NAMES,
        rules.COURSE: {code: said(name) for code, name in courses.items()},
        rules.KIND: {code: said(name) for code, name in kinds.items()},
        rules.STATION: {str(key): said(name) for key, name in named},
    }


def said(name: str) -> Message:
    """Return a name that somebody gave, as a sentence."""
    return message("%(name)s", name=name)


def level_name(names: Names, factor: str, level: str) -> Message:
    """Return what a level is called; an instructor by the name that the session gives."""
    if (known := names.get(factor, {}).get(level)) is not None:
        return known
    if level == "other":
        return OTHER_KINDS
    if level == rules.UNKNOWN:
        return message("not known")
    return said(level)


def group_lines(names: Names, result: Mapping[str, Any], dimension: str) -> list[Line]:
    """Return the groups of a dimension, those with most riders first."""
    return sorted(
        (_group_line(level_name(names, dimension, row["name"]), row) for row in result["groups"][dimension]),
        key=lambda line: -line.riders,
    )


def _group_line(name: Message, row: Mapping[str, Any]) -> Line:
    if "observed" not in row:
        return Line(name, row["riders"])
    standing = row["standing"]
    verdict, direction = standing_word(standing)
    given = standing or {}
    return Line(
        name,
        row["riders"],
        row["observed"],
        row["again"],
        row["limits"],
        ratio=given.get("ratio"),
        low=given.get("low"),
        high=given.get("high"),
        p_value=given.get("p_value"),
        expected=given.get("expected"),
        verdict=str(verdict),
        direction=str(direction),
    )


def model_lines(names: Names, model: Mapping[str, Any] | None) -> list[tuple[Message, list[Line]]]:
    """Return by factor its levels, the one that the others are compared with first."""
    if model is None:
        return []
    return [
        (
            rules.FACTOR_NAMES[one["factor"]],
            [
                Line(level_name(names, one["factor"], one["level"]), one["people"], is_reference=True),
                *(_model_line(names, row) for row in model["rows"] if row["factor"] == one["factor"]),
            ],
        )
        for one in model["references"]
    ]


def _model_line(names: Names, row: Mapping[str, Any]) -> Line:
    return Line(
        level_name(names, row["factor"], row["level"]),
        row["people"],
        ratio=row["ratio"],
        low=row["low"],
        high=row["high"],
        p_value=row["p_value"],
        drifts=row["drift_p"] < 0.05,
    )


COLUMNS = [
    Column("part", message("Part"), 30),
    Column("name", message("Name"), 30),
    Column("riders", message("Riders")),
    Column("observed", message("Observed long enough")),
    Column("again", message("Offended again")),
    Column("low_percent", message("Rate from (%)")),
    Column("high_percent", message("Rate to (%)")),
    Column("ratio", message("Ratio beside riders alike")),
    Column("low", message("Ratio from")),
    Column("high", message("Ratio to")),
    Column("p", message("p-value")),
]
"""The columns of the file."""


def file_rows(names: Names, result: Mapping[str, Any], locale: str) -> Iterator[tuple[Any, ...]]:
    """Yield the rows of the file: the groups by what they are told apart, then the model."""
    for dimension in rules.DIMENSIONS:
        yield from _rows(
            translate(rules.FACTOR_NAMES[dimension], locale), group_lines(names, result, dimension), locale
        )
    for factor, lines in model_lines(names, result["model"]):
        part = translate(message("Model: %(factor)s", factor=factor), locale)
        yield from _rows(part, lines, locale)


def _rows(part: str, lines: Iterable[Line], locale: str) -> Iterator[tuple[Any, ...]]:
    for line in lines:
        low, high = (100 * line.limits[0], 100 * line.limits[1]) if line.limits else (None, None)
        ratio = 1.0 if line.is_reference else line.ratio
        rest = (low, high, ratio, line.low, line.high, line.p_value)
        name = translate(line.name, locale)
        yield (
            part,
            name,
            line.riders,
            line.observed,
            line.again,
            *(round(v, 4) if v is not None else None for v in rest),
        )


def signer_said(names: Mapping[int, str], row: Mapping[str, Any]) -> Message:
    """Return the sentence on a signer who stands out."""
    return signing_sentence(said(names.get(row["signer"], "—")), row["cases"], row["total"], row["expected"])


def signers_of(session: Session, result: Mapping[str, Any]) -> dict[int, str]:
    """Return the names of those who signed."""
    ids = {row["signer"] for rows in result["measures"].values() for row in rows}
    return dict(session.execute(select(User.id, User.display_name).where(User.id.in_(ids))).tuples().all())
