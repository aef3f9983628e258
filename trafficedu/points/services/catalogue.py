"""The activities and what is expected a month. Nothing is deleted or overwritten under entries that used it."""

from __future__ import annotations

import csv
from dataclasses import asdict, dataclass
from datetime import date, timedelta
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.orm import Session

from trafficedu.areas.models import Area
from trafficedu.companies.models import Company
from trafficedu.core import audit
from trafficedu.core.actors import Actor
from trafficedu.core.errors import DomainError
from trafficedu.core.orm import expect_version, flush_or_refuse
from trafficedu.core.text import message
from trafficedu.points import queries
from trafficedu.points.models import PointActivity, PointExpectation
from trafficedu.points.rules import COMPANY, EVALUATED_KINDS, KINDS, MOST_POINTS, check_points

SHIPPED = Path(__file__).parents[2] / "reference" / "point_activities.csv"


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
    month: date
    points: int | None


def load_activities(session: Session) -> int:
    """Add the shipped activities whose code the installation lacks; never changes one. Returns how many."""
    known = set(session.scalars(select(PointActivity.code)))
    with SHIPPED.open(encoding="utf-8", newline="") as file:
        fresh = [
            PointActivity(
                code=row["code"],
                name_zh=row["name_zh"],
                name_en=row["name_en"],
                direction=row["direction"],
                points=int(row["points"]),
                automatic=row["automatic"] == "true",
                valid_from=date.fromisoformat(row["valid_from"]),
                valid_to=date.fromisoformat(row["valid_to"]) if row["valid_to"] else None,
                **_flags(row["targets"].split()),
            )
            for row in csv.DictReader(file)
            if row["code"] not in known
        ]
    session.add_all(fresh)
    session.flush()
    return len(fresh)


def _flags(kinds: list[str] | tuple[str, ...]) -> dict[str, bool]:
    return {f"for_{kind}": kind in kinds for kind in KINDS}


def add_activity(session: Session, code: str, new: ActivityInput, by: Actor) -> PointActivity:
    """Add an activity that people enter. Raises DomainError at ``code``, ``points``, ``kinds``."""
    _lock_catalogue(session)
    if session.scalar(select(PointActivity.id).where(PointActivity.code == code).limit(1)) is not None:
        text = message("This code is in use. Open that activity and make a new version of it.")
        raise DomainError(text, field="code", value=code)
    activity = _row(code, new, automatic=False)
    session.add(activity)
    flush_or_refuse(session, {})
    audit.write(session, "points:activity:manage", by, subject=activity, code=code)
    return activity


def renew_activity(
    session: Session, activity: PointActivity, new: ActivityInput, version: int, by: Actor
) -> PointActivity:
    """Make a new version of an activity; the present one ends the day before.

    Raises
    ------
    Stale
        Somebody else changed it meanwhile.
    DomainError
        At ``valid_from``: not after the present version's first day, or entries since then use the present version.
    """
    expect_version(activity, version)
    _lock_catalogue(session)
    if new.valid_from <= activity.valid_from:
        day = activity.valid_from.isoformat()
        raise DomainError(
            message("The new version begins after the present one, %(day)s.", day=day), field="valid_from"
        )
    _refuse_used(session, activity, new.valid_from, "valid_from")
    if activity.valid_to is None or activity.valid_to >= new.valid_from:
        activity.valid_to = new.valid_from - timedelta(days=1)
    fresh = _row(activity.code, new, automatic=activity.automatic)
    session.add(fresh)
    flush_or_refuse(session, {})
    audit.write(session, "points:activity:manage", by, subject=fresh, code=activity.code, replaces=activity.id)
    return fresh


def end_activity(session: Session, activity: PointActivity, last_day: date, version: int, by: Actor) -> None:
    """Let an activity end with ``last_day``. Raises Stale, DomainError at ``last_day``."""
    expect_version(activity, version)
    if last_day < activity.valid_from:
        day = activity.valid_from.isoformat()
        raise DomainError(message("The last day is not before the first one, %(day)s.", day=day), field="last_day")
    _refuse_used(session, activity, last_day + timedelta(days=1), "last_day")
    activity.valid_to = last_day
    session.flush()
    audit.write(session, "points:activity:manage", by, subject=activity, code=activity.code, ends=last_day.isoformat())


def _refuse_used(session: Session, activity: PointActivity, day: date, field: str) -> None:
    if queries.activity_is_used_from(session, activity, day):
        text = message("The ledger has entries of it on or after %(day)s. Choose a later day.", day=day.isoformat())
        raise DomainError(text, field=field)


def _lock_catalogue(session: Session) -> None:
    """Let one administrator at a time change the catalogue, so that versions of a code never overlap."""
    session.execute(select(PointActivity.id).order_by(PointActivity.id).with_for_update())


def _row(code: str, new: ActivityInput, *, automatic: bool) -> PointActivity:
    check_points(new.points)
    if not new.kinds:
        raise DomainError(message("Choose at least one kind of target."), field="kinds")
    values = asdict(new)
    return PointActivity(code=code, automatic=automatic, **_flags(values.pop("kinds")), **values)


def expect_points(session: Session, new: ExpectationInput, by: Actor) -> PointExpectation:
    """Say what is expected a month from a month on; the same month again replaces the figure, which is audited.

    Raises
    ------
    DomainError
        At ``points``; Missing at ``code`` for an area or company that there is not, or not on that level.
    """
    if new.points is not None and not 1 <= new.points <= MOST_POINTS:
        raise DomainError(message("Enter points from 1 to %(most)d.", most=MOST_POINTS), field="points")
    area_id, company_id = _whom(session, new)
    month = new.month.replace(day=1)
    query = select(PointExpectation).where(
        PointExpectation.target_kind == new.kind,
        PointExpectation.area_id.is_(None) if area_id is None else PointExpectation.area_id == area_id,
        PointExpectation.company_id.is_(None) if company_id is None else PointExpectation.company_id == company_id,
        PointExpectation.valid_from == month,
    )
    row = session.scalar(query)
    before = row.points if row is not None else None
    if row is None:
        row = PointExpectation(target_kind=new.kind, area_id=area_id, company_id=company_id, valid_from=month)
        session.add(row)
    row.points = new.points
    flush_or_refuse(
        session,
        {"point_expectation": DomainError(message("Somebody else entered this month just now."), field="month")},
    )
    audit.write(
        session,
        "points:expectation:manage",
        by,
        subject=row,
        kind=new.kind,
        code=new.code,
        month=month.isoformat(),
        before=before,
        after=new.points,
    )
    session.flush()
    return row


def _whom(session: Session, new: ExpectationInput) -> tuple[int | None, int | None]:
    if new.kind not in EVALUATED_KINDS:
        raise DomainError(message("Choose towns, villages or companies."), field="kind")
    if not new.code:
        return None, None
    if new.kind == COMPANY:
        company = session.scalar(select(Company.id).where(Company.code == new.code))
        found: tuple[int | None, int | None] = (None, company)
    else:
        area = session.scalar(select(Area.id).where(Area.code == new.code, Area.level == new.kind))
        found = (area, None)
    if found == (None, None):
        raise DomainError(
            message("There is nothing of this level with the code %(code)s.", code=new.code), field="code"
        )
    return found
