"""Reads of surveys: lists, one survey with its observers and counts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import ColumnElement, Row, Select, func, select
from sqlalchemy.orm import Session, joinedload, selectinload

from trafficedu.areas.queries import within
from trafficedu.companies.models import Company
from trafficedu.core.actors import Actor
from trafficedu.core.errors import Missing
from trafficedu.core.listing import FIGURES, Column, Listing
from trafficedu.core.month import Month
from trafficedu.core.numbers import normalise
from trafficedu.core.text import message
from trafficedu.helmets.models import HelmetCount, HelmetSheet, HelmetSite, HelmetSurvey
from trafficedu.helmets.rules import RiderGroup, Seat


@dataclass(frozen=True)
class SurveyFilter:
    """What the list of surveys is narrowed to."""

    month: Month | None = None
    area_path: str = ""
    site_code: str = ""
    method: str = ""
    state: str = ""


@dataclass(frozen=True)
class SurveyLine:
    """A survey with the sums over its observers."""

    survey: HelmetSurvey
    helmeted: int
    bare: int
    unclear: int
    observers: int

    @property
    def clear(self) -> int:
        """The denominator of the rate: observed minus unclear."""
        return self.helmeted + self.bare


def visible_to(by: Actor) -> ColumnElement[bool]:
    """Return the condition that ``by`` sees a survey: its site lies in the own post's areas."""
    return by.scope.condition(
        area=lambda path: HelmetSurvey.site_id.in_(select(HelmetSite.id).where(HelmetSite.area_id.in_(within(path))))
    )


def _with_sums(by: Actor) -> Select[tuple[HelmetSurvey, int, int, int, int]]:
    sums = (
        select(
            HelmetSheet.survey_id,
            func.sum(HelmetCount.helmeted).label("helmeted"),
            func.sum(HelmetCount.bare).label("bare"),
            func.sum(HelmetCount.unclear).label("unclear"),
            func.count(HelmetSheet.id.distinct()).label("observers"),
        )
        .join(HelmetCount, HelmetCount.sheet_id == HelmetSheet.id)
        .group_by(HelmetSheet.survey_id)
        .subquery()
    )
    return (
        select(
            HelmetSurvey,
            func.coalesce(sums.c.helmeted, 0),
            func.coalesce(sums.c.bare, 0),
            func.coalesce(sums.c.unclear, 0),
            func.coalesce(sums.c.observers, 0),
        )
        .outerjoin(sums, sums.c.survey_id == HelmetSurvey.id)
        .where(visible_to(by))
        .options(joinedload(HelmetSurvey.site).joinedload(HelmetSite.area))
    )


def _filtered(by: Actor, chosen: SurveyFilter) -> Select[tuple[HelmetSurvey, int, int, int, int]]:
    query = _with_sums(by).join(HelmetSite, HelmetSurvey.site_id == HelmetSite.id)
    if chosen.month:
        query = query.where(HelmetSurvey.occurred_on.between(chosen.month.first, chosen.month.last))
    if chosen.area_path:
        query = query.where(HelmetSite.area_id.in_(within(chosen.area_path)))
    if chosen.site_code:
        query = query.where(HelmetSite.code == chosen.site_code)
    if chosen.method:
        query = query.where(HelmetSurvey.method == chosen.method)
    if chosen.state:
        query = query.where(HelmetSurvey.state == chosen.state)
    return query


SURVEYS: Listing[SurveyLine, SurveyFilter] = Listing(
    _filtered,
    [
        Column("site", message("Site"), value=lambda row: f"{row.survey.site.name} · {row.survey.site.area.name}"),
        Column("began", message("Began"), value=lambda row: row.survey.started_utc),
        Column("minutes", message("Minutes"), value=lambda row: row.survey.minutes, look=FIGURES),
        Column("method", message("Method"), value=lambda row: row.survey.method.label),
        Column("rate", message("Helmet rate"), look=FIGURES),
        Column("unclear", message("unclear"), value=lambda row: row.unclear, look=FIGURES),
        Column("observers", message("Observers"), value=lambda row: row.observers, look=FIGURES),
        Column("state", message("State"), value=lambda row: row.survey.state),
    ],
    order=[HelmetSurvey.started_utc.desc(), HelmetSurvey.id.desc()],
    make=SurveyLine,
)


def list_recent(session: Session, by: Actor, day: date) -> list[SurveyLine]:
    """Return the surveys of ``day`` in which ``by`` counted."""
    own = select(HelmetSheet.survey_id).where(HelmetSheet.observer_id == by.user_id)
    query = _with_sums(by).where(HelmetSurvey.occurred_on == day, HelmetSurvey.id.in_(own))
    return [SurveyLine(*row) for row in session.execute(query.order_by(HelmetSurvey.id.desc()))]


def find_survey(session: Session, number: str, by: Actor) -> HelmetSurvey:
    """Return one survey with its sheets and counts; raise :class:`Missing`."""
    query = (
        select(HelmetSurvey)
        .where(HelmetSurvey.number == normalise(number), visible_to(by))
        .options(
            joinedload(HelmetSurvey.site).joinedload(HelmetSite.area),
            selectinload(HelmetSurvey.sheets).selectinload(HelmetSheet.counts),
        )
    )
    survey = session.scalar(query)
    if survey is None:
        raise Missing(message("There is no survey with this number."))
    return survey


def find_by_reference(session: Session, reference: str) -> HelmetSurvey | None:
    """Return the survey that arrived under ``reference``, whoever may see it; for services."""
    return session.scalar(select(HelmetSurvey).where(HelmetSurvey.reference == reference))


def count_cells(session: Session, survey: HelmetSurvey) -> Sequence[Row[tuple[RiderGroup, Seat, str, int, int, int]]]:
    """Return the sums over all observers by group, role and company (``company`` is its name or None)."""
    query = (
        select(
            HelmetCount.group,
            HelmetCount.role,
            Company.name.label("company"),
            func.sum(HelmetCount.helmeted).label("helmeted"),
            func.sum(HelmetCount.bare).label("bare"),
            func.sum(HelmetCount.unclear).label("unclear"),
        )
        .join(HelmetSheet, HelmetCount.sheet_id == HelmetSheet.id)
        .outerjoin(Company, HelmetCount.company_id == Company.id)
        .where(HelmetSheet.survey_id == survey.id)
        .group_by(HelmetCount.group, HelmetCount.role, Company.name)
        .order_by(HelmetCount.group, HelmetCount.role.desc(), Company.name)
    )
    return session.execute(query).all()
