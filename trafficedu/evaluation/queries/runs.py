"""Reads of runs and results, kept to what the asker may see."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Select, case, func, or_, select
from sqlalchemy.orm import Session

from trafficedu.analysis.colours.rule_set import COLOURS, COMPANY, GREY, RuleSet
from trafficedu.areas.models import Area
from trafficedu.areas.queries import tree as areas
from trafficedu.core.actors import Actor
from trafficedu.core.errors import Missing
from trafficedu.core.loading import loaded
from trafficedu.core.month import Month
from trafficedu.core.paging import BEGINNING, Page, Place, paginate
from trafficedu.core.places import Order
from trafficedu.core.text import message
from trafficedu.evaluation.models import EvaluationPools, EvaluationResult, EvaluationRun, RuleSetRecord

MANAGE = "evaluation:run:manage"
RANKS = case({colour: rank for rank, colour in enumerate((*COLOURS, GREY))}, value=EvaluationResult.colour)
SORTS: dict[str, ColumnElement[Any]] = {
    "code": EvaluationResult.code.expression,
    "name": EvaluationResult.name.expression,
    "colour": RANKS,
    "score": EvaluationResult.score.expression,
}


@dataclass(frozen=True)
class ResultFilter:
    """What the list of results is narrowed to; ``below`` is the path of a town."""

    kind: str
    colour: str = ""
    words: str = ""
    below: str = ""


def visible_to(by: Actor) -> ColumnElement[bool]:
    """Return the condition that ``by`` may see a result.

    An area sees itself and what lies below it; a company itself; companies deliver across the whole district, so
    that their results belong to who answers for all of it.
    """
    return by.scope.condition(area=_below, company=EvaluationResult.company_id)


def _below(path: str) -> ColumnElement[bool]:
    below = EvaluationResult.area_id.in_(areas.within(path))
    return or_(below, EvaluationResult.kind == COMPANY) if path.count("/") == 1 else below


def latest_run(session: Session, month: Month) -> EvaluationRun | None:
    """Return the newest version of the evaluation of ``month``, published or not."""
    return session.scalar(_runs(month).limit(1))


def published_run(session: Session, month: Month) -> EvaluationRun | None:
    """Return the newest published version of the evaluation of ``month``."""
    return session.scalar(_runs(month).where(EvaluationRun.published_utc.is_not(None)).limit(1))


def shown_run(session: Session, month: Month, by: Actor) -> EvaluationRun | None:
    """Return the version ``by`` works with: what was published; for who evaluates, else the newest."""
    published = published_run(session, month)
    return latest_run(session, month) if published is None and by.may(MANAGE) else published


def list_versions(session: Session, month: Month) -> Sequence[EvaluationRun]:
    """Return all versions of the evaluation of ``month``, the newest first."""
    return session.scalars(_runs(month)).all()


def _runs(month: Month) -> Select[tuple[EvaluationRun]]:
    return (
        select(EvaluationRun)
        .where(EvaluationRun.month == month)
        .order_by(EvaluationRun.number.desc())
        .options(loaded(EvaluationRun.rule_set), loaded(EvaluationRun.published_by))
    )


def count_pools(session: Session, month: Month) -> int:
    """Return how many times the pools of a month were estimated."""
    return session.scalar(select(func.count()).where(EvaluationPools.month == month)) or 0


def find_version(session: Session, month: Month, number: int) -> EvaluationRun:
    """Return one version of the evaluation of ``month``; raise :class:`Missing`."""
    run = session.scalar(_runs(month).where(EvaluationRun.number == number))
    if run is None:
        raise Missing(message("This month has no such version of the evaluation."))
    return run


def list_months(session: Session, by: Actor, limit: int = 120) -> Sequence[Month]:
    """Return the months evaluated (published, unless ``by`` evaluates), the latest first."""
    query = select(EvaluationRun.month).distinct().order_by(EvaluationRun.month.desc()).limit(limit)
    return session.scalars(query if by.may(MANAGE) else query.where(EvaluationRun.published_utc.is_not(None))).all()


def list_kinds(session: Session, run: EvaluationRun) -> set[str]:
    """Return the kinds of target that were evaluated."""
    return set(session.scalars(select(EvaluationResult.kind).where(EvaluationResult.run_id == run.id).distinct()))


def results_of(
    session: Session, run: EvaluationRun, kind: str | None = None, by: Actor | None = None, below: str | None = None
) -> Sequence[EvaluationResult]:
    """Return the results of a run by kind and code; with ``by``, only those they may see.

    ``below`` is the path of an area and narrows to what lies in it; companies lie in none and are not narrowed.
    """
    query = select(EvaluationResult).where(EvaluationResult.run_id == run.id)
    if below is not None and kind != COMPANY:
        query = query.where(EvaluationResult.area_id.in_(areas.within(below)))
    if kind is not None:
        query = query.where(EvaluationResult.kind == kind)
    if by is not None:
        query = query.where(visible_to(by))
    return session.scalars(query.order_by(EvaluationResult.kind, EvaluationResult.code)).all()


def list_known_runs(session: Session) -> list[EvaluationRun]:
    """Return of every month the version that counts: the one published last, else the newest; the earliest first."""
    query = select(EvaluationRun).options(loaded(EvaluationRun.rule_set))
    order = (EvaluationRun.month, EvaluationRun.published_utc.is_not(None), EvaluationRun.number)
    return list({run.month: run for run in session.scalars(query.order_by(*order))}.values())


def same_scheme(run: EvaluationRun, other: EvaluationRun) -> bool:
    """Tell whether two months were judged alike: under different schemes their colours are not compared."""
    return RuleSet("", run.rule_set.payload).scheme == RuleSet("", other.rule_set.payload).scheme


class ResultSaid(NamedTuple):
    """What a result says, without what it rests on."""

    id: int
    kind: str
    code: str
    colour: str
    firm: str
    veto: str
    score: float | None

    @property
    def key(self) -> tuple[str, str]:
        """What tells one target from another."""
        return self.kind, self.code


def results_said(session: Session, run: EvaluationRun) -> list[ResultSaid]:
    """Return what every result of a run says, by kind and code."""
    columns = (getattr(EvaluationResult, name) for name in ResultSaid._fields)
    query = select(*columns).where(EvaluationResult.run_id == run.id)
    rows = session.execute(query.order_by(EvaluationResult.kind, EvaluationResult.code))
    return [ResultSaid(*row) for row in rows]


def result_of(
    session: Session, run: EvaluationRun, kind: str, code: str, by: Actor | None = None
) -> EvaluationResult | None:
    """Return the result of one target in a run, or None; with ``by``, only if they may see it."""
    query = select(EvaluationResult).where(
        EvaluationResult.run_id == run.id, EvaluationResult.kind == kind, EvaluationResult.code == code
    )
    return session.scalar(query if by is None else query.where(visible_to(by)))


def find_result(session: Session, run: EvaluationRun, kind: str, code: str, by: Actor) -> EvaluationResult:
    """Return the result of one target if ``by`` may see it; raise :class:`Missing`."""
    result = result_of(session, run, kind, code, by)
    if result is None:
        raise Missing(message("This result does not exist, or you do not have access to it."))
    return result


def list_results(
    session: Session,
    run: EvaluationRun,
    filters: ResultFilter,
    by: Actor,
    place: Place = BEGINNING,
    sort: str = "score",
) -> Page[EvaluationResult]:
    """Return a page of the results that ``by`` may see."""
    return paginate(session, _filtered(run, filters, by), _order(sort), place)


def list_all_results(
    session: Session, run: EvaluationRun, filters: ResultFilter, by: Actor, sort: str
) -> Sequence[EvaluationResult]:
    """Return the results of all pages, in their order, for a file."""
    return session.scalars(_filtered(run, filters, by).order_by(*Order(_order(sort)).clauses())).all()


def _order(sort: str) -> list[ColumnElement[Any]]:
    """Return the order of a sort; what has no score comes last."""
    column = SORTS.get(sort.removeprefix("-"), SORTS["score"])
    return [column.desc() if sort.startswith("-") else column, EvaluationResult.code.expression]


def _filtered(run: EvaluationRun, filters: ResultFilter, by: Actor) -> Select[tuple[EvaluationResult]]:
    query = select(EvaluationResult).where(
        EvaluationResult.run_id == run.id, EvaluationResult.kind == filters.kind, visible_to(by)
    )
    if filters.colour:
        query = query.where(EvaluationResult.colour == filters.colour)
    if filters.below:
        query = query.where(EvaluationResult.area_id.in_(areas.within(filters.below)))
    if filters.words:
        text = filters.words.lower()
        named = func.lower(EvaluationResult.name).contains(text, autoescape=True)
        query = query.where(or_(named, EvaluationResult.code.startswith(text, autoescape=True)))
    return query


def count_colours(session: Session, run: EvaluationRun, by: Actor) -> dict[str, Counter[str]]:
    """Return kind -> colour -> results that ``by`` may see."""
    query = (
        select(EvaluationResult.kind, EvaluationResult.colour, func.count())
        .where(EvaluationResult.run_id == run.id, visible_to(by))
        .group_by(EvaluationResult.kind, EvaluationResult.colour)
    )
    counts: dict[str, Counter[str]] = {}
    for kind, colour, number in session.execute(query):
        counts.setdefault(kind, Counter())[colour] = number
    return counts


def history_of(
    session: Session, kind: str, code: str, until: Month, by: Actor, months: int = 12
) -> list[tuple[Month, EvaluationResult]]:
    """Return the results of one target in the months up to ``until``, the earliest first, as ``by`` sees them."""
    query = (
        select(EvaluationRun.month, EvaluationResult)
        .join(EvaluationRun, EvaluationRun.id == EvaluationResult.run_id)
        .where(
            EvaluationResult.kind == kind, EvaluationResult.code == code, EvaluationRun.month <= until, visible_to(by)
        )
        .order_by(EvaluationRun.month, EvaluationRun.published_utc.is_not(None), EvaluationRun.number)
    )
    if not by.may(MANAGE):
        query = query.where(EvaluationRun.published_utc.is_not(None))
    by_month = {month: result for month, result in session.execute(query)}
    return list(by_month.items())[-months:]


def schemes_of(session: Session, run_ids: Collection[int]) -> dict[int, int]:
    """Return run id -> scheme that it was judged under."""
    query = select(EvaluationRun.id, RuleSetRecord.payload).join(EvaluationRun.rule_set)
    rows = session.execute(query.where(EvaluationRun.id.in_(run_ids)))
    return {run_id: RuleSet("", payload).scheme for run_id, payload in rows}


def find_own(session: Session, by: Actor, month: Month | None = None) -> EvaluationResult | None:
    """Return the published result of the area or company ``by`` answers for, of the last month or of ``month``."""
    query = (
        select(EvaluationResult)
        .join(EvaluationResult.run)
        .outerjoin(EvaluationResult.area)
        .where(EvaluationRun.published_utc.is_not(None), visible_to(by))
        .order_by(EvaluationRun.month.desc(), EvaluationRun.number.desc())
        .limit(1)
    )
    if by.scope.company_id is not None:
        query = query.where(EvaluationResult.company_id == by.scope.company_id)
    elif by.scope.area_path is not None:
        query = query.where(Area.path == by.scope.area_path)
    else:
        return None
    return session.scalar(query if month is None else query.where(EvaluationRun.month == month))


def list_worse_below(session: Session, result: EvaluationResult, by: Actor) -> list[tuple[EvaluationResult, str]]:
    """Return the villages of an area whose published colour is worse than the month before, with that colour."""
    earlier = published_run(session, result.run.month - 1)
    if result.area is None or earlier is None or not same_scheme(earlier, result.run):
        return []
    rank = {colour: place for place, colour in enumerate(COLOURS)}
    old = {row.code: row.colour for row in results_of(session, earlier, "village", by) if row.colour in rank}
    return [
        (row, old[row.code])
        for row in results_of(session, result.run, "village", by)
        if row.code in old and row.area_id != result.area_id and rank.get(row.colour, -1) > rank[old[row.code]]
    ]
