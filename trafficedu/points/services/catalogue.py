"""The activities and what is expected a month. Nothing is deleted or overwritten under entries that used it."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from trafficedu.areas.models import Area
from trafficedu.companies.models import Company
from trafficedu.core import audit
from trafficedu.core.actors import Actor
from trafficedu.core.catalogue import Catalogue, add_missing, shipped
from trafficedu.core.errors import Refusal
from trafficedu.core.month import Month
from trafficedu.core.orm import flush_or_refuse
from trafficedu.core.text import message
from trafficedu.points.models import PointActivity, PointExpectation
from trafficedu.points.queries import catalogue
from trafficedu.points.rules import COMPANY, EVALUATED_KINDS, MOST_POINTS, check_points


@dataclass(frozen=True)
class ActivityInput:
    """What an administrator enters for an activity, valid from a day on."""

    name_zh: str
    name_en: str
    direction: str
    points: int
    kinds: tuple[str, ...]
    valid_from: date


@dataclass(frozen=True)
class ExpectationInput:
    """Points expected a month from ``month`` on: of a level, or of the one target with ``code``. None ends it."""

    kind: str
    code: str
    month: Month
    points: int | None


def load_activities(session: Session, now: datetime) -> int:
    """Add the shipped activities whose code the installation lacks; never changes one. Returns how many."""
    rows = shipped("point_activities.csv", PointActivity)
    return len(add_missing(session, PointActivity, [row | {"kinds": row["kinds"].split()} for row in rows]))


def add_activity(session: Session, code: str, new: ActivityInput, by: Actor) -> PointActivity:
    """Add an activity that people enter. Raises Refusal at ``code``, ``points``, ``kinds``."""
    return _ACTIVITIES.add(session, _activity(code, new, automatic=False), by)


def renew_activity(
    session: Session, activity: PointActivity, new: ActivityInput, version: int, by: Actor
) -> PointActivity:
    """Make a new version of an activity; the present one ends the day before. Raises as :meth:`Catalogue.renew`."""
    fresh = _activity(activity.code, new, automatic=activity.automatic)
    return _ACTIVITIES.renew(session, activity, fresh, version, by)


def end_activity(session: Session, activity: PointActivity, last_day: date, version: int, by: Actor) -> None:
    """Let an activity end with ``last_day``. Raises Stale, Refusal at ``last_day``."""
    _ACTIVITIES.end(session, activity, last_day, version, by)


def _activity(code: str, new: ActivityInput, *, automatic: bool) -> PointActivity:
    check_points(new.points)
    if not new.kinds:
        raise Refusal(message("Choose at least one kind."), field="kinds")
    return PointActivity(code=code, automatic=automatic, **asdict(new))


def _refuse_used(session: Session, activity: PointActivity, day: date, field: str) -> None:
    if catalogue.activity_is_used_from(session, activity, day):
        text = message("The ledger has entries for it on or after %(day)s. Choose a later day.", day=day.isoformat())
        raise Refusal(text, field=field)


_ACTIVITIES = Catalogue(
    PointActivity,
    "points:activity:manage",
    message("This code is in use. Open that activity and make a new version of it."),
    _refuse_used,
)


def expect_points(session: Session, new: ExpectationInput, by: Actor) -> PointExpectation:
    """Say what is expected a month from a month on; the same month again replaces the figure, which is audited.

    Raises
    ------
    Refusal
        At ``points``; Missing at ``code`` for an area or company that there is not, or not on that level.
    """
    if new.points is not None and not 1 <= new.points <= MOST_POINTS:
        raise Refusal(message("Enter points from 1 to %(most)d.", most=MOST_POINTS), field="points")
    area_id, company_id = _whom(session, new)
    query = select(PointExpectation).where(
        PointExpectation.target_kind == new.kind,
        PointExpectation.area_id.is_(None) if area_id is None else PointExpectation.area_id == area_id,
        PointExpectation.company_id.is_(None) if company_id is None else PointExpectation.company_id == company_id,
        PointExpectation.valid_from == new.month,
    )
    row = session.scalar(query)
    before = row.points if row is not None else None
    if row is None:
        row = PointExpectation(target_kind=new.kind, area_id=area_id, company_id=company_id, valid_from=new.month)
        session.add(row)
    row.points = new.points
    flush_or_refuse(
        session,
        {"point_expectation": Refusal(message("Someone else has just entered this month."), field="month")},
    )
    audit.write(
        session,
        "points:expectation:manage",
        by,
        subject=row,
        kind=new.kind,
        code=new.code,
        month=new.month.first.isoformat(),
        before=before,
        after=new.points,
    )
    session.flush()
    return row


def _whom(session: Session, new: ExpectationInput) -> tuple[int | None, int | None]:
    if new.kind not in EVALUATED_KINDS:
        raise Refusal(message("Choose towns, villages or companies."), field="kind")
    if not new.code:
        return None, None
    if new.kind == COMPANY:
        company = session.scalar(select(Company.id).where(Company.code == new.code))
        holder: tuple[int | None, int | None] = (None, company)
    else:
        area = session.scalar(select(Area.id).where(Area.code == new.code, Area.level == new.kind))
        holder = (area, None)
    if holder == (None, None):
        raise Refusal(message("Nothing at this level has the code %(code)s.", code=new.code), field="code")
    return holder
