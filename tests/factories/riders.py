"""Riders, and what they need, for tests. Regions 990000 and 000000 were never assigned: nobody has these numbers."""

from __future__ import annotations

import secrets
from datetime import date
from itertools import count
from typing import Any

from sqlalchemy.orm import Session
from stdnum.iso7064 import mod_11_2

from trafficedu.areas.models import Area
from trafficedu.companies.models import Company
from trafficedu.core.actors import SYSTEM, Actor, Scope
from trafficedu.core.clock import utc_now
from trafficedu.riders.models import Rider
from trafficedu.riders.rules import IdType
from trafficedu.riders.services import people
from trafficedu.riders.services.people import NewRider

_sequence = count(1)


def make_identity(born: date = date(1990, 5, 17), region: str = "990000") -> str:
    """An identity card number that checks and belongs to nobody; another one each time."""
    serial = next(_sequence)
    body = f"{region}{born:%Y%m%d}{serial // 99 % 10}{serial % 99 + 1:02d}"  # one that ends in 000 looks rounded
    return body + str(mod_11_2.calc_check_digit(body))


def make_area(session: Session, name: str, level: str = "village", parent: Area | None = None) -> Area:
    """Add an area below ``parent``."""
    code = secrets.token_hex(6)
    path = f"{parent.path if parent else ''}{code}/"
    parent_id = parent.id if parent else None
    area = Area(code=code, name=name, level=level, parent_id=parent_id, path=path, valid_from=date(2000, 1, 1))
    session.add(area)
    session.flush()
    return area


def make_company(session: Session, name: str = "", active: bool = True) -> Company:
    """Add a company."""
    code = secrets.token_hex(4)
    company = Company(code=code, name=name or f"测试配送{code}", active=active)
    session.add(company)
    session.flush()
    return company


def make_rider(session: Session, **values: Any) -> Rider:
    """Register a rider with an identity card of their own (``id_number``, ``name``, ``home_area_id`` ... override)."""
    given = {"id_type": IdType.IDENTITY_CARD, "id_number": make_identity(), "name": "测试骑手", **values}
    return people.find_or_register(session, NewRider(**given), SYSTEM, utc_now())


def area_actor(area: Area, user_id: int | None = None, *permissions: str) -> Actor:
    """Somebody with a post at ``area``."""
    return Actor(user_id, "测试", "officer", frozenset(permissions), Scope(area_path=area.path))
