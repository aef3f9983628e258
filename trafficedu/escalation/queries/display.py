"""A replay as its page and its file show it: measures by month under each policy, companies, months reported."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from trafficedu.companies.models import Company
from trafficedu.core.spreadsheet import Column
from trafficedu.core.text import Message, message
from trafficedu.escalation.models import PolicyReplay
from trafficedu.escalation.rules import CompanyCount, measure_of, severity
from trafficedu.feedback.rules.policy import in_words

MOST_COMPANIES = 30
NOTHING = message("nothing")


@dataclass(frozen=True)
class MeasureRow:
    """A measure, and how often it would have been recommended: a month, both policies, and in all."""

    name: Message
    months: Sequence[tuple[int, int]]

    @property
    def totals(self) -> tuple[int, int]:
        """In all months, by each policy."""
        return sum(first for first, _ in self.months), sum(second for _, second in self.months)


@dataclass(frozen=True)
class CompanyRow:
    """A company, and how many of its riders only one of the policies, or both, would have taken off the road."""

    name: str
    only_first: int
    only_second: int
    both: int


@dataclass(frozen=True)
class CalledIn:
    """A company, and in how many months either policy would have had it published and called in for something.

    ``most`` is the most that was counted in one of them, ``needed`` how many it takes.
    """

    name: str
    kind: CompanyCount
    most: int
    needed: int
    by_first: int
    by_second: int


def measure_rows(result: Mapping[str, Any]) -> list[MeasureRow]:
    """Return the measures that either policy would have recommended, from none to the hardest."""
    first, second = ([*policy["months"]] for policy in result["policies"])
    keys = sorted({key for month in (*first, *second) for key in month}, key=severity)
    return [
        MeasureRow(
            in_words(measure) if (measure := measure_of(key)) is not None else NOTHING,
            [(a.get(key, 0), b.get(key, 0)) for a, b in zip(first, second, strict=True)],
        )
        for key in keys
    ]


def company_rows(session: Session, result: Mapping[str, Any]) -> list[CompanyRow]:
    """Return the companies where the policies differ or agree on somebody, those with the most differences first."""
    names = _names(session, {row[0] for row in result["companies"]})
    rows = [CompanyRow(names.get(company, ""), *counts) for company, *counts in result["companies"]]
    return sorted(rows, key=lambda row: (-(row.only_first + row.only_second), -row.both, row.name))[:MOST_COMPANIES]


def called_in(session: Session, result: Mapping[str, Any]) -> list[CalledIn]:
    """Return the companies that either policy would have had called in, those in the most months first."""
    names = _names(session, {row[1] for rows in result["called_in"] for row in rows})
    months: dict[tuple[int, str, int], list[int]] = {}
    for which, rows in enumerate(result["called_in"]):
        for _month, company, kind, count, needed in rows:
            found = months.setdefault((company, kind, needed), [0, 0, 0])
            found[which] += 1
            found[2] = max(found[2], count)
    called = [
        CalledIn(names.get(company, ""), CompanyCount(kind), most, needed, first, second)
        for (company, kind, needed), (first, second, most) in months.items()
    ]
    return sorted(called, key=lambda row: (-max(row.by_first, row.by_second), row.name, row.kind))


def _names(session: Session, ids: set[int]) -> dict[int, str]:
    return dict(session.execute(select(Company.id, Company.name).where(Company.id.in_(ids))).tuples().all())


def columns_of(names: Sequence[str]) -> list[Column]:
    """Return the columns of the file."""
    return [
        Column("month", message("Month")),
        Column("measure", message("Recommended measure"), 40),
        Column("first", message("%(name)s", name=names[0])),
        Column("second", message("%(name)s", name=names[1])),
    ]


def file_rows(replay: PolicyReplay, result: Mapping[str, Any]) -> list[tuple[Any, ...]]:
    """Return the rows of the file: a month and a measure each."""
    rows = measure_rows(result)
    return [
        (str(month), row.name, *row.months[place])
        for place, month in enumerate(replay.months)
        for row in rows
        if any(row.months[place])
    ]
