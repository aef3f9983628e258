"""Related records come with those that are asked for, under aliases that all statements share."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier
from typing import Any

import pytest
from sqlalchemy import inspect, select
from sqlalchemy.orm import Session

from tests.factories.violations import make_district, make_violation, new_rider
from trafficedu.accounts.models import User
from trafficedu.areas.models import Area
from trafficedu.core import loading
from trafficedu.core.loading import loaded
from trafficedu.education.models.courses import Course
from trafficedu.education.models.tasks import Booking
from trafficedu.education.queries import sessions
from trafficedu.riders.models import Rider
from trafficedu.violations.models.records import Violation

THREADS = 6
PACKAGE = Path(__file__).parents[2] / "trafficedu"
MakeUser = Callable[..., User]


def is_loaded(record: Any, name: str) -> bool:
    return name not in inspect(record).unloaded


def test_every_step_of_a_path_is_loaded_and_two_of_a_kind_are_told_apart(session: Session) -> None:
    here = make_district(session)
    made = make_violation(session, here.village, rider=new_rider(home_area_id=here.other_town.id))
    session.commit()
    query = select(Violation).where(Violation.id == made.id)
    expected = (here.village.code, here.town.code, here.other_town.code)
    session.expunge_all()
    found = session.scalars(
        query.options(loaded(Violation.area, Area.parent), loaded(Violation.rider, Rider.home_area))
    ).one()
    assert is_loaded(found, "area")
    assert is_loaded(found.area, "parent")
    assert found.rider is not None
    assert is_loaded(found.rider, "home_area")
    assert found.area.parent is not None
    assert found.rider.home_area is not None
    assert (found.area.code, found.area.parent.code, found.rider.home_area.code) == expected


def test_many_come_by_a_statement_of_their_own(session: Session) -> None:
    query = select(Course).options(loaded(Course.versions))
    assert " JOIN " not in str(query)
    courses = session.scalars(query).all()
    assert courses
    assert all(is_loaded(course, "modules") for course in courses)


def test_statements_share_their_aliases() -> None:
    """The option is one object, and so is the table under its alias in whatever statement it stands."""
    assert loaded(Violation.area) is loaded(Violation.area)
    first = str(select(Violation).options(loaded(Violation.area)).where(Violation.id == 1))
    second = str(select(Violation).options(loaded(Violation.area)).where(Violation.number == "x"))
    joins = [re.findall(r"LEFT OUTER JOIN \S+ AS \S+", text) for text in (first, second)]
    assert joins[0] == joins[1] != []


def test_nobody_joins_under_an_alias_of_their_own() -> None:
    others = [
        str(path.relative_to(PACKAGE))
        for path in sorted(PACKAGE.rglob("*.py"))
        if re.search(r"^from sqlalchemy.*import.*\bjoinedload\b", path.read_text(encoding="utf-8"), re.MULTILINE)
    ]
    assert others == ["core/loading.py"]


def test_first_statements_made_by_many_threads_at_once_are_made_right(monkeypatch: pytest.MonkeyPatch) -> None:
    """As after the start of a server: what the first statement finds half made would be wrong for good."""
    together = Barrier(THREADS)
    seen = []

    def make(_number: int) -> str:
        together.wait()
        return str(select(Booking).options(*sessions._card()).compile())

    usual = sys.getswitchinterval()
    sys.setswitchinterval(1e-5)
    try:
        with ThreadPoolExecutor(THREADS) as pool:
            for _ in range(3):
                monkeypatch.setattr(loading, "_OPTIONS", {})
                monkeypatch.setattr(loading, "_ALIASES", {})
                seen.append(set(pool.map(make, range(THREADS))))
    finally:
        sys.setswitchinterval(usual)
    assert [len(texts) for texts in seen] == [1, 1, 1]
