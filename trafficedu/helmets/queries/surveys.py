"""Reads of surveys: lists, one survey with its observers and counts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import ColumnElement, Row, Select, func, select
from sqlalchemy.orm import Session, selectinload

from trafficedu.areas.queries.tree import ids_in_reach, within
from trafficedu.companies.models import Company
from trafficedu.core.actors import Actor
from trafficedu.core.errors import Missing
from trafficedu.core.listing import FIGURES, Column, Listing
from trafficedu.core.loading import loaded
from trafficedu.core.month import Month
from trafficedu.core.narrowing import Conditions, Narrowing, Way, equal, month
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


def visible_to(by: Actor) -> ColumnElement[bool]:
    """Return the condition that ``by`` sees a survey: its site lies in the own post's areas."""
    return by.scope.condition(
        area=lambda path: HelmetSurvey.site_id.in_(select(HelmetSite.id).where(HelmetSite.area_id.in_(within(path))))
    )


def _surveys(by: Actor) -> Select[tuple[HelmetSurvey]]:
    return select(HelmetSurvey).where(visible_to(by)).options(loaded(HelmetSurvey.site, HelmetSite.area))


def _sites(session: Session, by: Actor, chosen: SurveyFilter) -> Sequence[int] | None:
    """Return the sites in the area, or the one that is asked for, None for all there are."""
    areas = ids_in_reach(session, by, chosen.area_path)
    if areas is None and not chosen.site_code:
        return None
    sites = select(HelmetSite.id).where(*equal((HelmetSite.code, chosen.site_code)))
    return session.scalars(sites if areas is None else sites.where(HelmetSite.area_id.in_(areas))).all()


def _of_sites(chosen: SurveyFilter) -> Conditions:
    below = [HelmetSite.area_id.in_(within(chosen.area_path))] if chosen.area_path else []
    return below + equal((HelmetSite.code, chosen.site_code))


NARROWING = Narrowing[SurveyFilter](
    month(HelmetSurvey.occurred_on),
    [Way(HelmetSurvey.site_id.expression, _sites, _of_sites)],
    lambda chosen: equal((HelmetSurvey.method, chosen.method), (HelmetSurvey.state, chosen.state)),
)


def _filtered(by: Actor, chosen: SurveyFilter) -> Select[tuple[HelmetSurvey]]:
    query = _surveys(by).join(HelmetSite, HelmetSurvey.site_id == HelmetSite.id)
    return query.where(*NARROWING.conditions(chosen))


SURVEYS: Listing[HelmetSurvey, SurveyFilter] = Listing(
    _filtered,
    [
        Column("site", message("Site"), value=lambda row: f"{row.site.name} · {row.site.area.name}"),
        Column("began", message("Began"), value=lambda row: row.started_utc),
        Column("minutes", message("Minutes"), value=lambda row: row.minutes, look=FIGURES),
        Column("method", message("Method"), value=lambda row: row.method.label),
        Column("rate", message("Helmet rate"), look=FIGURES),
        Column("unclear", message("unclear"), value=lambda row: row.unclear, look=FIGURES),
        Column("observers", message("Observers"), value=lambda row: row.observers, look=FIGURES),
        Column("state", message("State"), value=lambda row: row.state),
    ],
    order=[HelmetSurvey.occurred_on.desc(), HelmetSurvey.started_utc.desc(), HelmetSurvey.id.desc()],
    reach=NARROWING.reach,
)


def list_recent(session: Session, by: Actor, day: date) -> Sequence[HelmetSurvey]:
    """Return the surveys of ``day`` in which ``by`` counted."""
    own = select(HelmetSheet.survey_id).where(HelmetSheet.observer_id == by.user_id)
    query = _surveys(by).where(HelmetSurvey.occurred_on == day, HelmetSurvey.id.in_(own))
    return session.scalars(query.order_by(HelmetSurvey.id.desc())).all()


def find_survey(session: Session, number: str, by: Actor) -> HelmetSurvey:
    """Return one survey with its sheets and counts; raise :class:`Missing`."""
    query = (
        select(HelmetSurvey)
        .where(HelmetSurvey.number == normalise(number), visible_to(by))
        .options(
            loaded(HelmetSurvey.site, HelmetSite.area),
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
