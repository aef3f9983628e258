"""Reads of activities and expectations."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import Session

from trafficedu.areas.models import Area
from trafficedu.companies.models import Company
from trafficedu.core.called import Called
from trafficedu.core.catalogue import called
from trafficedu.core.errors import Missing, Refusal, entered
from trafficedu.core.loading import loaded
from trafficedu.core.month import Month
from trafficedu.core.text import Message, message
from trafficedu.points.models import PointActivity, PointEntry, PointExpectation
from trafficedu.points.rules import expected_in

Steps = list[tuple[Month, int | None]]


@dataclass
class Expectations:
    """All figures: of the levels, of single areas by id, of single companies by id."""

    levels: dict[str, Steps] = field(default_factory=dict)
    areas: dict[int, Steps] = field(default_factory=dict)
    companies: dict[int, Steps] = field(default_factory=dict)

    def of(self, kind: str, key: int, month: Month) -> int | None:
        """Return what is expected of a target in ``month``: its own figure, else its level's."""
        own = self.companies if kind == "company" else self.areas
        figure = expected_in(month, own.get(key, ()))
        return figure if figure is not None else expected_in(month, self.levels.get(kind, ()))


def list_activities(session: Session, day: date | None = None) -> Sequence[PointActivity]:
    """Return the versions valid on ``day``, or all of them, by code and first day."""
    query = select(PointActivity).order_by(PointActivity.direction, PointActivity.code, PointActivity.valid_from)
    if day is not None:
        query = query.where(PointActivity.holds_on(day))
    return session.scalars(query).all()


def find_activity(session: Session, code: str) -> PointActivity:
    """Return the latest version of an activity; raise :class:`Missing`."""
    query = select(PointActivity).where(PointActivity.code == code)
    activity = session.scalar(query.order_by(PointActivity.valid_from.desc()).limit(1))
    if activity is None:
        raise Missing(_unknown(code))
    return activity


def find_activity_on(session: Session, code: str, day: date) -> PointActivity:
    """Return the version of an activity that is valid on ``day``; raise Refusal at ``activity``."""
    activity = session.scalar(select(PointActivity).where(PointActivity.code == code, PointActivity.holds_on(day)))
    if activity is None:
        with entered("activity", code):
            find_activity(session, code)
        raise _not_then()
    return activity


class RememberedActivities:
    """:func:`find_activity_on` for the rows of a file: every version is read once."""

    def __init__(self, session: Session) -> None:
        self._versions: dict[str, list[PointActivity]] = {}
        for version in list_activities(session):
            self._versions.setdefault(version.code, []).append(version)
        self._called = Called(self._versions, lambda: called(session, PointActivity))

    def code_of(self, text: str) -> str:
        """Return the code of the activity that a file names by its code or its name in either language."""
        return self._called.code_of(text, "activity")

    def find_on(self, code: str, day: date) -> PointActivity:
        """Return the version; raise Refusal at ``activity``."""
        versions = self._versions.get(code)
        if versions is None:
            raise Refusal(_unknown(code), field="activity")
        activity = next((version for version in versions if version.holds_on(day)), None)
        if activity is None:
            raise _not_then()
        return activity


def _unknown(code: str) -> Message:
    return message("There is no activity with the code %(code)s.", code=code)


def _not_then() -> Refusal:
    return Refusal(message("This activity is not in force on that day. Check its dates."), field="activity")


def activity_is_used_from(session: Session, activity: PointActivity, day: date) -> bool:
    """Tell whether the ledger has an entry of this version on or after ``day``."""
    query = select(PointEntry.id).where(PointEntry.activity_id == activity.id, PointEntry.occurred_on >= day)
    return session.scalar(query.limit(1)) is not None


def list_expectations(session: Session) -> Sequence[PointExpectation]:
    """Return all figures: those of the levels first, then of single targets, the latest month first."""
    query = (
        select(PointExpectation)
        .outerjoin(Area, Area.id == PointExpectation.area_id)
        .outerjoin(Company, Company.id == PointExpectation.company_id)
        .options(loaded(PointExpectation.area), loaded(PointExpectation.company))
        .order_by(
            PointExpectation.area_id.is_not(None),
            PointExpectation.company_id.is_not(None),
            PointExpectation.target_kind,
            Area.path,
            Company.name,
            PointExpectation.valid_from.desc(),
        )
    )
    return session.scalars(query).all()


def expectations(session: Session, month: Month) -> Expectations:
    """Return every figure that begins by ``month``."""
    steps_by_holder = Expectations()
    for row in session.scalars(select(PointExpectation).where(PointExpectation.valid_from <= month)):
        if row.area_id is not None:
            steps = steps_by_holder.areas.setdefault(row.area_id, [])
        elif row.company_id is not None:
            steps = steps_by_holder.companies.setdefault(row.company_id, [])
        else:
            steps = steps_by_holder.levels.setdefault(row.target_kind, [])
        steps.append((row.valid_from, row.points))
    return steps_by_holder
