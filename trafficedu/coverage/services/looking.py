"""The worker looks for sources that stopped and nil reports that records contradict; each is told of once."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from trafficedu.areas.models import DISTRICT, Area
from trafficedu.areas.queries import tree
from trafficedu.core.actors import SYSTEM, at_or_below
from trafficedu.core.clock import local_date
from trafficedu.core.events import publish
from trafficedu.core.month import EARLIEST, Month, Period
from trafficedu.core.transactions import writing
from trafficedu.coverage.events import NilReportContradicted, SourceFellSilent
from trafficedu.coverage.models import CoverageIssue, CoverageLook
from trafficedu.coverage.queries.coverage import Coverage, coverage_of
from trafficedu.coverage.queries.marks import contradicted, silent_sources
from trafficedu.coverage.rules import FigureKind, IssueKind

REST = timedelta(hours=6)
"""How long what was found of a figure holds, unless somebody says something of it."""
Found = tuple[IssueKind, int, Month]


def look_for_missing(session: Session, now: datetime) -> int:
    """Look once in six hours at each figure, one a round; returns how many issues are new. The worker's chore."""
    looked = dict(session.execute(select(CoverageLook.figure, CoverageLook.looked_utc)).tuples().all())
    due = [figure for figure in FigureKind if figure not in looked or looked[figure] <= now - REST]
    top = tree.root(session)
    if not due or top is None:
        return 0
    figure = due[0]
    found = {issue for district in _districts(session, top) for issue in _issues(session, figure, district, now)}
    with writing(session):
        return _keep(session, figure, found, now)


def look_again(session: Session, figure: FigureKind) -> None:
    """Let the worker look at a figure in its next round: somebody said something of it."""
    look = session.get(CoverageLook, figure)
    if look is not None:
        session.delete(look)
        session.flush()


def _districts(session: Session, top: Area) -> list[Area]:
    """Return the areas whose units stop together: each district of the tree."""
    query = select(Area).where(Area.level == DISTRICT, at_or_below(Area.path, top.path)).order_by(Area.path)
    return list(session.scalars(query)) or [top]


def _issues(session: Session, figure: FigureKind, district: Area, now: datetime) -> Iterator[Found]:
    running = Month.of(local_date(now))
    covered = coverage_of(session, figure, district, Period(max(EARLIEST, running - 12), running), now)
    for silence in silent_sources(covered):
        yield IssueKind.SILENT, silence.unit.id if silence.unit else district.id, silence.last
    yield from _contradicted(session, covered)


def _contradicted(session: Session, covered: Coverage) -> Iterator[Found]:
    for area_id, month in contradicted(session, covered):
        yield IssueKind.CONTRADICTED, area_id, month


def _keep(session: Session, figure: FigureKind, found: set[Found], now: datetime) -> int:
    """Keep what was found, end what is no longer so, and tell of what is new."""
    known = {
        (issue.kind, issue.area_id, issue.month): issue
        for issue in session.scalars(select(CoverageIssue).where(CoverageIssue.figure == figure))
    }
    for key, issue in known.items():
        if key not in found and issue.ended_utc is None:
            issue.ended_utc = now
        elif key in found and issue.ended_utc is not None:
            issue.ended_utc = None
    new = sorted(found - known.keys())
    for kind, area_id, month in new:
        session.add(CoverageIssue(kind=kind, figure=figure, area_id=area_id, month=month, found_utc=now))
    look = session.get(CoverageLook, figure)
    if look is None:
        session.add(CoverageLook(figure=figure, looked_utc=now))
    else:
        look.looked_utc = now
    session.flush()
    for kind, area_id, month in new:
        event = SourceFellSilent if kind is IssueKind.SILENT else NilReportContradicted
        publish(session, event(now, SYSTEM, figure, area_id, month))
    return len(new)
