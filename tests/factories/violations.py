"""A small district, people who cannot exist, and violations for tests."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

from sqlalchemy.orm import Session
from stdnum.iso7064 import mod_11_2

from trafficedu.areas.models import DISTRICT, TOWN, VILLAGE, Area
from trafficedu.companies.models import Company
from trafficedu.core.actors import SYSTEM, Actor
from trafficedu.core.passages import Passage
from trafficedu.riders.rules import CompanyKnown
from trafficedu.riders.services.people import NewRider
from trafficedu.violations.models.records import Violation
from trafficedu.violations.queries.timeline import of_record
from trafficedu.violations.services.recording import NewViolation, record

NOW = datetime(2026, 11, 20, 4, 0, tzinfo=UTC)
"""Friday, 20 November 2026, noon in Shanghai."""

_sequence = itertools.count(1)


def identity(born: date = date(1990, 5, 17), sequence: int | None = None) -> str:
    """Return an identity card number with a right check digit in region 999999, which is nobody's."""
    serial = sequence if sequence is not None else next(_sequence)
    body = f"999999{born:%Y%m%d}{serial // 99 % 10}{serial % 99 + 1:02d}"  # one that ends in 000 looks rounded
    return body + str(mod_11_2.calc_check_digit(body))


def new_rider(born: date = date(1990, 5, 17), **values: Any) -> NewRider:
    """Return a rider to be registered, each time another one."""
    return NewRider("identity_card", values.pop("id_number", identity(born)), values.pop("name", "测试骑手"), **values)


@dataclass(frozen=True)
class District:
    """A district with two towns, the first with two villages, the second with one."""

    root: Area
    town: Area
    village: Area
    neighbour: Area
    other_town: Area
    other_village: Area


def make_district(session: Session) -> District:
    """Add the areas of :class:`District`, under codes of their own."""
    prefix = f"9{next(_sequence):05d}"

    def area(code: str, name: str, level: str, parent: Area | None) -> Area:
        path = f"{parent.path if parent else ''}{code}/"
        row = Area(code=code, name=name, level=level, parent=parent, path=path, valid_from=date(2000, 1, 1))
        session.add(row)
        session.flush()
        return row

    root = area(prefix, "试验区", DISTRICT, None)
    town = area(f"{prefix}001", "东街道", TOWN, root)
    other_town = area(f"{prefix}002", "西街道", TOWN, root)
    return District(
        root,
        town,
        area(f"{prefix}001001", "东一村", VILLAGE, town),
        area(f"{prefix}001002", "东二村", VILLAGE, town),
        other_town,
        area(f"{prefix}002001", "西一村", VILLAGE, other_town),
    )


def make_company(session: Session, **values: Any) -> Company:
    """Add an active company."""
    number = next(_sequence)
    company = Company(code=values.pop("code", f"C{number}"), name=values.pop("name", f"测试配送{number}"), **values)
    session.add(company)
    session.flush()
    return company


def new_violation(area: Area, **values: Any) -> NewViolation:
    """Return a red-light violation of a new rider an hour before :data:`NOW`, with what is given changed."""
    given: dict[str, Any] = {
        "kind_code": "2007",
        "occurred_utc": datetime(2026, 11, 20, 3, 0, tzinfo=UTC),
        "area_code": area.code,
        "place": "市心路口",
        "plate": f"杭州T{next(_sequence):05d}",
    }
    if "rider_number" not in values and "rider" not in values:
        given["rider"] = new_rider()
    return NewViolation(**given | values)


def make_violation(session: Session, area: Area, by: Actor = SYSTEM, now: datetime = NOW, **values: Any) -> Violation:
    """Record a violation through the service."""
    violation = record(session, new_violation(area, **values), by, now)
    session.flush()
    return violation


def answer_for(violation: Violation, company: Company | None) -> None:
    """Let a company that engages the rider answer for a record, or none."""
    violation.company_id = company.id if company else None
    violation.company_known = CompanyKnown.ENGAGED if company else CompanyKnown.NOBODY


def passages(session: Session, violation: Violation) -> list[Passage]:
    """Return what a record went through by its own tables, the offence left out."""
    told = sorted(of_record(session, SYSTEM, "en", violation.id), key=lambda passage: passage.at_utc)
    return [passage for passage in told if str(passage.what) != "The offence"]
