"""Balances of a month: exactly the sums of its entries, read from what is settled and what came since."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from trafficedu.areas.models import TOWN, VILLAGE, Area
from trafficedu.companies.models import Company
from trafficedu.core.actors import SYSTEM, Actor
from trafficedu.core.month import Month, Period
from trafficedu.core.paging import Page, Place, cut
from trafficedu.core.validity import Validity
from trafficedu.points.queries.catalogue import expectations
from trafficedu.points.queries.monthly import EARNED, ENTRIES, LOST, OF_AREAS, OF_COMPANIES
from trafficedu.points.queries.scope import PointTarget, of_area, of_company, sees_companies
from trafficedu.points.rules import COMPANY, DISTRICT, EVALUATED_KINDS, MonthPoints
from trafficedu.settled.queries import sums_alone

Key = tuple[str, int]


@dataclass(frozen=True)
class Balance:
    """One target's month: what it earned, what it lost (not positive), of how many entries, and what was expected."""

    target: PointTarget
    earned: int
    lost: int
    entries: int
    expected: int | None

    @property
    def points(self) -> int:
        """The month's sum."""
        return self.earned + self.lost

    @property
    def share(self) -> float | None:
        """Points over those expected; None without an expectation."""
        return None if self.expected is None else self.points / self.expected


def month_points(session: Session, month: Month) -> Mapping[Key, MonthPoints]:
    """Return the month's points beside those expected, whoever asks: for the evaluation.

    Returns
    -------
    ``(kind, id)`` -> :class:`MonthPoints`; ``kind`` is town, village or company, ``id`` that of the area or company.
        A target's points are its own entries: a town's are not those of its villages. Every target with an
        expectation in the month is there, with 0 points where it has no entry; one with entries alone has
        ``expected`` None.
    """
    lines = [line for kind in EVALUATED_KINDS for line in list_month(session, month, kind, SYSTEM)]
    return {
        (line.target.kind, line.target.id): MonthPoints(line.points, line.expected)
        for line in lines
        if line.entries or line.expected is not None
    }


def points_by_month(session: Session, period: Period) -> Mapping[tuple[bool, int], Mapping[Month, int]]:
    """Return the points of every area and company alone in the months in which it has entries, whoever asks.

    Returns
    -------
    (whether it is a company, its id) -> month -> points; a month without an entry is not there, one whose entries add
    up to 0 is.
    """
    points: dict[tuple[bool, int], Counter[Month]] = {}
    entered: dict[tuple[bool, int], Counter[Month]] = {}
    for figure in (OF_AREAS, OF_COMPANIES):
        for row in sums_alone(session, figure, period):
            sums = entered if row.part == ENTRIES else points
            sums.setdefault((figure is OF_COMPANIES, row.area_id), Counter())[row.month] += row.n
    none = Counter[Month]()
    return {key: {month: points.get(key, none)[month] for month, n in of.items() if n} for key, of in entered.items()}


def list_month(session: Session, month: Month, kind: str, by: Actor) -> list[Balance]:
    """Return the month of every target of ``kind`` that ``by`` sees, in the order of the tree or of names.

    Targets are the areas of the level that exist in the month and are evaluated, or the active companies; others
    appear where they have entries.
    """
    targets, expected = _targets(session, kind, month, by), expectations(session, month)
    own_areas = select(Area.id).where(Area.level == kind, by.scope.condition(area=Area.path))
    figure, holders = (OF_COMPANIES, None) if kind == COMPANY else (OF_AREAS, own_areas)
    sums = Counter[tuple[int, str]]()
    for row in sums_alone(session, figure, Period(month, month), holders) if targets else ():
        sums[row.area_id, row.part] += row.n
    lines = []
    for target, regular in targets:
        earned, lost, entries = (sums[target.id, part] for part in (EARNED, LOST, ENTRIES))
        wanted = expected.of(kind, target.id, month) if regular and kind != DISTRICT else None
        if regular or entries:
            lines.append(Balance(target, earned, lost, entries, wanted))
    return lines


SORTS = ("code", "name", "earned", "lost", "points", "share")


def page_month(session: Session, month: Month, kind: str, by: Actor, place: Place, sort: str) -> Page[Balance]:
    """Return a page of :func:`list_month`; ``sort`` is one of :data:`SORTS`, with "-" before it descending."""
    lines = list_month(session, month, kind, by)
    key = sort.removeprefix("-")
    if key in {"earned", "lost", "points"}:
        lines.sort(key=lambda line: int(getattr(line, key)))
    elif key == "share":
        worst = float("-inf") if sort.startswith("-") else float("inf")
        lines.sort(key=lambda line: worst if line.share is None else line.share)
    elif key in {"code", "name"}:
        lines.sort(key=lambda line: str(getattr(line.target, key)))
    if sort.startswith("-"):
        lines.reverse()
    return cut(lines, lambda line: str(line.target.code), place)


def _targets(session: Session, kind: str, month: Month, by: Actor) -> list[tuple[PointTarget, bool]]:
    """Return the targets of a kind, each with whether it is one of which points are expected in the month."""
    if kind == COMPANY:
        if not sees_companies(by):
            return []
        companies = session.scalars(select(Company).order_by(Company.name))
        return [(of_company(company), company.active) for company in companies]
    own = by.scope.condition(area=Area.path)
    query = (
        select(Area)
        .where(Area.level == kind, Area.overlaps(Validity(month.first, month.last)), own)
        .order_by(Area.path)
    )
    return [(of_area(area), area.evaluated) for area in session.scalars(query)]


def kinds_seen(session: Session, by: Actor) -> Sequence[str]:
    """Return the kinds of target whose balances ``by`` can see, for the tabs of the page."""
    post = session.scalar(select(Area.level).where(Area.path == by.scope.area_path)) if by.scope.area_path else None
    levels: list[str] = [] if by.scope.area_path is None and not by.scope.everything else [TOWN, VILLAGE]
    if post == VILLAGE:
        levels.remove(TOWN)
    return [*levels, *([COMPANY] if sees_companies(by) else [])]
