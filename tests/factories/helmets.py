"""Areas, sites and surveys for tests of helmets."""

from __future__ import annotations

import secrets
from datetime import UTC, date, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from trafficedu.areas.models import DISTRICT, TOWN, VILLAGE, Area
from trafficedu.companies.models import Company
from trafficedu.core.actors import SYSTEM, Actor, Scope
from trafficedu.helmets.models import HelmetSite, HelmetSurvey
from trafficedu.helmets.rules import (
    CountMethod,
    RiderGroup,
    Seat,
)
from trafficedu.helmets.services.surveys import Counted, NewSurvey, add_survey

NOON = datetime(2026, 3, 10, 4, 0, tzinfo=UTC)
NOW = datetime(2026, 3, 20, 4, 0, tzinfo=UTC)
RECORDER = Actor(
    SYSTEM.user_id,
    "recorder",
    permissions=frozenset({"helmets:survey:record", "helmets:survey:void"}),
    scope=Scope(everything=True),
)


def tree(session: Session) -> dict[str, Area]:
    """A district ``D`` with towns ``A`` and ``B`` and a village in each (``A1``, ``B1``), beside the shipped tree."""
    found: dict[str, Area] = {}
    for name, level, parent in (
        ("D", DISTRICT, None),
        ("A", TOWN, "D"),
        ("B", TOWN, "D"),
        ("A1", VILLAGE, "A"),
        ("B1", VILLAGE, "B"),
    ):
        code = f"H{name}{secrets.token_hex(2)}"
        above = found[parent] if parent else None
        found[name] = Area(
            code=code,
            name=f"测试{name}",
            level=level,
            parent=above,
            path=f"{above.path if above else ''}{code}/",
            valid_from=date(2000, 1, 1),
        )
        session.add(found[name])
        session.flush()
    return found


def make_site(session: Session, area: Area, code: str = "", road_class: str = "arterial") -> HelmetSite:
    """Add a site in ``area``."""
    code = code or f"S{secrets.token_hex(3)}"
    site = HelmetSite(code=code, name=f"路口{code}", area_id=area.id, road_class=road_class)
    session.add(site)
    session.flush()
    return site


def make_company(session: Session, code: str = "MT") -> Company:
    """Return the delivery company with ``code``, made where it is not there yet."""
    company = session.scalar(select(Company).where(Company.code == code))
    if company is None:
        company = Company(code=code, name=f"公司{code}")
        session.add(company)
        session.flush()
    return company


def make_survey(
    session: Session,
    site: HelmetSite,
    helmeted: int,
    bare: int,
    unclear: int = 0,
    *,
    when: datetime = NOON,
    method: str = CountMethod.ON_SITE,
    company: str = "",
) -> HelmetSurvey:
    """Add a survey of other riders, or of delivery riders where ``company`` is named."""
    count = Counted(RiderGroup.DELIVERY if company else RiderGroup.OTHER, Seat.RIDER, helmeted, bare, unclear, company)
    new = NewSurvey(f"test-{secrets.token_hex(8)}", site.code, when, 30, method, [count])
    return add_survey(session, new, RECORDER, max(NOW, when))
