"""Which records came late, were corrected or voided between two versions of a month: why a colour is another."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, or_, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from trafficedu.accidents.models import Accident
from trafficedu.analysis.colours.rule_set import COMPANY
from trafficedu.areas.queries import tree as areas
from trafficedu.core.corrections import Correction
from trafficedu.core.month import Month, Period
from trafficedu.core.text import Message, message
from trafficedu.evaluation.models import EvaluationResult
from trafficedu.helmets.models import HelmetSheet, HelmetSite, HelmetSurvey
from trafficedu.points.models import PointEntry
from trafficedu.violations.models.records import Violation

NAMED = 8
"""How many records of a kind are named; the others are counted."""


@dataclass(frozen=True)
class LateRecords:
    """Records of one kind that changed between two versions: what they are, the first of their numbers, how many.

    ``page`` is the endpoint that shows one by its ``number``; "" where they have no page of their own.
    """

    what: Message
    numbers: Sequence[str]
    count: int
    page: str


@dataclass(frozen=True)
class _Between:
    """The time between two versions, and the target that is asked about."""

    session: Session
    result: EvaluationResult
    months: Period
    since: datetime
    until: datetime

    def holds(self, moment: InstrumentedAttribute[Any]) -> ColumnElement[bool]:
        """Return the condition that something happened then."""
        return and_(moment > self.since, moment <= self.until)

    def found(self, what: Message, page: str, query: Select[tuple[str]]) -> list[LateRecords]:
        """Return the records of a query of their numbers, if there are any."""
        numbers = self.session.scalars(query).all()
        return [LateRecords(what, numbers[:NAMED], len(numbers), page)] if numbers else []


def list_late(
    session: Session, result: EvaluationResult, month: Month, since: datetime, until: datetime
) -> list[LateRecords]:
    """Return the target's own records judged that came, were corrected or taken out in ``since`` to ``until``.

    They are of its window (rule set 2), or of ``month``, with twelve months of accidents (rule set 1).
    """
    window = result.inputs.get("window")
    months = Period(Month.parse(window[0]), month) if window else Period(month, month)
    between = _Between(session, result, months, since, until)
    return [*_violations(between), *_points(between), *([] if result.kind == COMPANY else _of_places(between))]


def _violations(between: _Between) -> list[LateRecords]:
    months, result = between.months, between.result
    own = (
        Violation.company_id == result.company_id
        if result.kind == COMPANY
        else Violation.area_id.in_(areas.within(_path(result)))
    )
    of_month = select(Violation.number).where(own, Violation.occurred_on.between(months.first_day, months.last_day))
    of_month = of_month.order_by(Violation.occurred_on, Violation.id)
    came = or_(between.holds(Violation.recorded_utc), between.holds(Violation.reviewed_utc))
    corrected = select(Correction.id).where(
        Correction.subject_kind == Violation.__tablename__,
        Correction.subject_id == Violation.id,
        between.holds(Correction.made_utc),
    )
    came_late, page = of_month.where(came, Violation.voided_utc.is_(None)), "violations.show"
    return [
        *between.found(message("violations that came late"), page, came_late),
        *between.found(message("violations voided"), page, of_month.where(between.holds(Violation.voided_utc))),
        *between.found(message("violations corrected"), page, of_month.where(corrected.exists())),
    ]


def _points(between: _Between) -> list[LateRecords]:
    months, result = between.months, between.result
    own = (
        PointEntry.company_id == result.company_id
        if result.kind == COMPANY
        else PointEntry.area_id.in_(areas.within(_path(result)))
    )
    query = select(PointEntry.number).where(
        own, PointEntry.occurred_on.between(months.first_day, months.last_day), between.holds(PointEntry.recorded_utc)
    )
    return between.found(message("point entries that came late"), "", query.order_by(PointEntry.id))


def _of_places(between: _Between) -> list[LateRecords]:
    inside, last = areas.within(_path(between.result)), between.months.last
    first = between.months.first if between.result.inputs.get("window") else last - 11
    accidents = select(Accident.number).where(
        Accident.area_id.in_(inside), Accident.occurred_on.between(first.first, last.last)
    )
    accidents = accidents.order_by(Accident.occurred_on, Accident.id)
    surveys = (
        select(HelmetSurvey.number)
        .join(HelmetSurvey.site)
        .where(HelmetSite.area_id.in_(inside), HelmetSurvey.occurred_on.between(first.first, last.last))
        .order_by(HelmetSurvey.occurred_on, HelmetSurvey.id)
    )
    ended = between.holds(HelmetSheet.ended_utc)
    counted = select(HelmetSheet.id).where(HelmetSheet.survey_id == HelmetSurvey.id, ended)
    came = and_(between.holds(Accident.recorded_utc), Accident.voided_utc.is_(None))
    return [
        *between.found(message("accidents that came late"), "accidents.show", accidents.where(came)),
        *between.found(
            message("accidents voided"), "accidents.show", accidents.where(between.holds(Accident.voided_utc))
        ),
        *between.found(message("helmet counts that came late"), "", surveys.where(counted.exists())),
        *between.found(message("helmet counts voided"), "", surveys.where(between.holds(HelmetSurvey.voided_utc))),
    ]


def _path(result: EvaluationResult) -> str:
    assert result.area is not None  # a company has none, and is asked otherwise
    return result.area.path
