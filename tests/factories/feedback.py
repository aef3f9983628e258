"""Violations that tell somebody: recorded through the services, so that notices and tasks are real."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

import pytest
from sqlalchemy.orm import Session

from tests.factories.education import make_area, make_kind
from tests.factories.riders import make_company, make_identity
from trafficedu.accounts.models import User
from trafficedu.accounts.queries import actor_of
from trafficedu.areas.models import Area
from trafficedu.companies.models import Company
from trafficedu.core.actors import SYSTEM, Actor
from trafficedu.core.clock import local_date, utc_now
from trafficedu.core.events import publish
from trafficedu.core.numbers import new_number
from trafficedu.feedback.models import Notice
from trafficedu.feedback.queries.notices import notice_of_violation
from trafficedu.riders.models import Rider
from trafficedu.riders.rules import CompanyKnown, IdType
from trafficedu.riders.services.engagements import NewEngagement, engage
from trafficedu.riders.services.people import NewRider, find_or_register
from trafficedu.violations.events import ViolationEstablished
from trafficedu.violations.models.records import Violation


@dataclass(frozen=True)
class World:
    """A district with one town of two villages, and two companies."""

    district: Area
    town: Area
    village: Area
    other_village: Area
    company: Company
    other_company: Company


@pytest.fixture
def world(session: Session) -> World:
    return make_world(session)


def make_world(session: Session) -> World:
    district = make_area(session, "district", name="测试区")
    town = make_area(session, "town", district, "测试镇")
    return World(
        district,
        town,
        make_area(session, "village", town, "甲村"),
        make_area(session, "village", town, "乙村"),
        make_company(session),
        make_company(session),
    )


def make_rider(session: Session, home: Area | None = None, name: str = "张三丰") -> Rider:
    new = NewRider(IdType.IDENTITY_CARD, make_identity(), name, home_area_id=home.id if home else None)
    return find_or_register(session, new, SYSTEM, utc_now())


def make_violation(
    session: Session,
    area: Area,
    rider: Rider | None = None,
    company: Company | None = None,
    basis: str | None = "contract",
    occurred: datetime | None = None,
) -> Violation:
    """Add a confirmed violation, engage its rider that day where a company is given, and tell whoever is to be told."""
    occurred = occurred or utc_now() - timedelta(hours=1)
    rider = rider or make_rider(session)
    if company is not None and not rider.engagements:
        engage(session, rider, NewEngagement(company.id, local_date(occurred), None, basis), SYSTEM, utc_now())
        session.refresh(rider)
    violation = Violation(
        number=new_number("V"),
        occurred_utc=occurred,
        occurred_on=local_date(occurred),
        area_id=area.id,
        kind_id=make_kind(session).id,
        place="市心路口",
        rider_id=rider.id,
        company_id=company.id if company else None,
        company_known=CompanyKnown.ENGAGED if company else CompanyKnown.NOBODY,
        source="field",
        penalty="warning",
        recorded_utc=occurred,
    )
    session.add(violation)
    session.flush()
    publish(session, ViolationEstablished(utc_now(), SYSTEM, violation.id))
    return violation


def make_notice(session: Session, area: Area, **values: object) -> Notice:
    violation = make_violation(session, area, **values)  # type: ignore[arg-type] # passed on as given
    notice = notice_of_violation(session, violation.id)
    assert notice is not None
    return notice


def acting(user: User) -> Actor:
    """The actor that ``user`` is when signed in."""
    return actor_of(user)
