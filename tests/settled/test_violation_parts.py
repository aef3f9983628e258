"""Sums of violations by hour of the day and by company: a page reads what a full count gives."""

from __future__ import annotations

import itertools
import random
from collections import Counter
from datetime import UTC, date, datetime, timedelta
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from tests.factories.violations import District, answer_for, make_company, make_district, make_violation, new_rider
from trafficedu.areas.models import Area
from trafficedu.companies.models import Company
from trafficedu.core.actors import SYSTEM, Actor, Scope
from trafficedu.core.clock import SHANGHAI
from trafficedu.core.month import Month, Period
from trafficedu.riders.rules import CompanyKnown
from trafficedu.settled import services as settling
from trafficedu.settled.models import LateChange
from trafficedu.violations.models.records import Violation
from trafficedu.violations.queries import monthly
from trafficedu.violations.queries.monthly import CompanyCounts, HourCounts
from trafficedu.violations.rules.states import ViolationState
from trafficedu.violations.services import reviewing

NOW = datetime(2026, 11, 20, 4, 0, tzinfo=UTC)
PERIOD = Period(Month(2026, 8), Month(2026, 11))
SEQUENCE = itertools.count()
FIGURES = [monthly.HOURS, monthly.COMPANIES]


def settle(session: Session, now: datetime = NOW) -> None:
    session.commit()
    settling.settle_due(session, now, FIGURES)


def at(day: date, hour: int, minute: int = 0) -> datetime:
    return datetime(day.year, day.month, day.day, hour, minute, tzinfo=SHANGHAI).astimezone(UTC)


def make(session: Session, area: Area, moment: datetime, company: Company | None = None) -> Violation:
    """Take a violation from a file; the company is written afterwards."""
    given: dict[str, Any] = {"occurred_utc": moment, "rider": new_rider(), "reference": f"r{next(SEQUENCE)}"}
    made = make_violation(session, area, now=NOW, **given)
    answer_for(made, company)
    session.flush()
    return made


def unknown(session: Session, area: Area, moment: datetime) -> Violation:
    made = make(session, area, moment)
    made.rider_id = None
    session.flush()
    return made


OTHERS = {"without_company": "none", "unknown_rider": "unknown", "open": "open"}


def counted_whole(session: Session, path: str) -> tuple[HourCounts, CompanyCounts]:
    """Count in Python, from the rows themselves."""
    hours, untimed, companies = [0] * 24, 0, Counter[Any]()
    rows = session.scalars(select(Violation).where(Violation.state == ViolationState.CONFIRMED))
    for row in rows:
        if row.area.path.startswith(path) and PERIOD.first_day <= row.occurred_on <= PERIOD.last_day:
            hours[row.occurred_utc.astimezone(SHANGHAI).hour] += row.hour_known
            untimed += not row.hour_known
            waiting = "open" if row.company_waits else "none"
            companies[row.company_id or (waiting if row.rider_id else "unknown")] += 1
    return HourCounts(hours, untimed), CompanyCounts(
        **{part: companies.pop(key, 0) for part, key in OTHERS.items()}, by_company=dict(companies)
    )


def assert_exact(session: Session, here: District) -> None:
    session.commit()
    for area in (here.root, here.town, here.village, here.other_town):
        asked = (session, SYSTEM, area.path, PERIOD, NOW)
        assert (monthly.count_by_hour(*asked), monthly.count_by_company(*asked)) == counted_whole(session, area.path)
    assert settling.compare_all(session, FIGURES) == []


def test_hours_are_those_of_shanghai(session: Session) -> None:
    here = make_district(session)
    for hour, minute in ((0, 0), (7, 59), (8, 0), (23, 59)):
        make(session, here.village, at(date(2026, 10, 5), hour, minute))
    make(session, here.village, at(date(2026, 11, 20), 1))  # today: counted as it is read
    for _ in range(2):
        by_hour = monthly.count_by_hour(session, SYSTEM, here.root.path, PERIOD, NOW).by_hour
        assert {hour: n for hour, n in enumerate(by_hour) if n} == {0: 1, 1: 1, 7: 1, 8: 1, 23: 1}
        settle(session)
    assert_exact(session, here)


def test_a_day_alone_is_no_hour_and_becomes_one_when_it_is_known(session: Session) -> None:
    here = make_district(session)
    make(session, here.village, at(date(2026, 10, 5), 0))
    day = make(session, here.village, at(date(2026, 10, 5), 9))
    today = make(session, here.village, at(date(2026, 11, 20), 1))
    for row in (day, today):
        row.occurred_utc, row.hour_known = at(row.occurred_on, 0), False
    session.commit()

    def read() -> tuple[dict[int, int], int]:
        counts = monthly.count_by_hour(session, SYSTEM, here.root.path, PERIOD, NOW)
        return {hour: n for hour, n in enumerate(counts.by_hour) if n}, counts.unknown

    assert read() == ({0: 1}, 2)
    settle(session)
    assert read() == ({0: 1}, 2)
    assert_exact(session, here)
    day.occurred_utc, day.hour_known = at(date(2026, 10, 5), 21), True
    session.commit()
    assert read() == ({0: 1, 21: 1}, 1)
    assert_exact(session, here)


def test_a_rider_without_a_company_and_one_whom_nobody_knows_are_told_apart(session: Session) -> None:
    here = make_district(session)
    company = make_company(session)
    make(session, here.village, at(date(2026, 10, 5), 9), company)
    make(session, here.neighbour, at(date(2026, 10, 5), 9))
    plate = unknown(session, here.other_village, at(date(2026, 10, 5), 9))
    settle(session)

    def read(path: str = here.root.path) -> CompanyCounts:
        return monthly.count_by_company(session, SYSTEM, path, PERIOD, NOW)

    assert read() == CompanyCounts({company.id: 1}, 1, 1, 0)
    assert read(here.other_town.path) == CompanyCounts({}, 0, 1, 0)
    rider = make(session, here.village, at(date(2026, 10, 6), 9)).rider
    plate.rider = rider  # found out a month later
    answer_for(plate, company)
    session.commit()
    assert {(row.part, row.n) for row in session.scalars(select(LateChange)) if row.area_id == plate.area_id} == {
        ("unknown", -1),
        (str(company.id), 1),
    }
    assert read() == CompanyCounts({company.id: 2}, 2, 0, 0)
    plate.company_id, plate.company_known = None, CompanyKnown.AMBIGUOUS
    session.commit()
    assert read() == CompanyCounts({company.id: 1}, 2, 0, 1)
    assert_exact(session, here)


def test_a_record_of_today_notes_nothing(session: Session) -> None:
    here = make_district(session)
    make(session, here.village, at(date(2026, 11, 5), 9))
    settle(session)
    make(session, here.village, NOW - timedelta(hours=1))
    session.commit()
    assert session.scalars(select(LateChange)).all() == []


def test_somebody_elsewhere_reads_nothing_and_a_post_its_own_part(session: Session) -> None:
    here = make_district(session)
    company = make_company(session)
    make(session, here.village, at(date(2026, 10, 5), 9), company)
    make(session, here.other_village, at(date(2026, 10, 5), 9), company)
    settle(session)

    def read(scope: Scope) -> tuple[int, int]:
        asked = (session, Actor(1, "x", scope=scope), here.root.path, PERIOD, NOW)
        return sum(monthly.count_by_hour(*asked).by_hour), sum(monthly.count_by_company(*asked).by_company.values())

    assert read(Scope(company_id=company.id)) == (0, 0)
    assert read(Scope(area_path=here.town.path)) == (1, 1)
    assert read(Scope(everything=True)) == (2, 2)


def test_any_order_reads_the_same(session: Session) -> None:
    here = make_district(session)
    chance = random.Random(3)
    villages = [here.village, here.neighbour, here.other_village, here.town]
    companies = [make_company(session), make_company(session), None]
    made: list[Violation] = []
    for _ in range(24):
        what = chance.random()
        day, hour = date(2026, 11, 19) - timedelta(days=chance.randrange(90)), chance.randrange(24)
        if what < 0.45 or not made:
            made.append(make(session, chance.choice(villages), at(day, hour), chance.choice(companies)))
        elif what < 0.55:
            made.append(unknown(session, chance.choice(villages), at(day, hour)))
        elif what < 0.62:
            reviewing.void(session, made.pop(chance.randrange(len(made))), "wrong", SYSTEM, NOW)
        elif what < 0.72:
            changed: dict[str, Any] = {"occurred_utc": at(day, hour), "occurred_on": day, "company_id": None}
            changed["company_known"] = CompanyKnown.AMBIGUOUS
            changed["hour_known"] = chance.random() < 0.5
            session.execute(update(Violation).where(Violation.id == chance.choice(made).id).values(**changed))
            session.expire_all()
        elif what < 0.8:
            settling.fold(session, chance.choice(FIGURES))
        else:
            settle(session, NOW - timedelta(days=chance.choice([0, 0, 30])))
        assert_exact(session, here)
