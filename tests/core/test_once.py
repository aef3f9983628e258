"""A form sent twice gives the first record; with another content under the same reference nothing is lost."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from tests.conftest import Browser
from tests.core.test_seen import hidden
from tests.factories.violations import District, make_district
from trafficedu.accounts.models import User
from trafficedu.accounts.rules import Role
from trafficedu.core import clock
from trafficedu.violations.models.records import Violation

LATELY = clock.today() - timedelta(days=3)


@pytest.fixture
def district(session: Session) -> District:
    made = make_district(session)
    session.commit()
    return made


def _typed(district: District, **values: str) -> dict[str, Any]:
    return {
        "kind": "2007",
        "occurred_at": f"{LATELY}T10:00",
        "area_code": district.village.code,
        "penalty": "warning",
        "offender": "rider",
        "source": "camera",
        "plate": "杭州A11111",
        "company_code": "",
        "client_reference": "one-form",
        **values,
    }


def test_the_same_form_with_other_content_is_refused_and_then_recorded_as_a_new_one(
    client: Browser, session: Session, district: District, make_user: Callable[..., User]
) -> None:
    client.sign_in(make_user(Role.OFFICER, area_id=district.town.id))
    first = client.post("/record", data=_typed(district))
    assert first.status_code == 303, first.text
    assert client.post("/record", data=_typed(district)).location == first.location
    assert _count(session) == 1

    other = _typed(district, kind="2009", plate="杭州A22222")
    refused = client.post("/record", data=other)
    number = first.location.rpartition("/")[2]
    assert refused.status_code == 422
    assert f'href="/violations/{number}"' in refused.text
    assert 'value="杭州A22222"' in refused.text
    assert _count(session) == 1

    anew = client.post("/record", data=other | {"client_reference": hidden(refused.text, "client_reference")})
    assert anew.status_code == 303, anew.text
    assert anew.location != first.location
    assert _count(session) == 2


def _count(session: Session) -> int:
    return session.scalar(select(func.count()).select_from(Violation)) or 0


def test_what_the_page_hides_is_not_sent_the_last_choice_wins(
    client: Browser, session: Session, district: District, make_user: Callable[..., User]
) -> None:
    client.sign_in(make_user(Role.OFFICER, area_id=district.town.id))
    hidden_below = {"kind": "2009", "other_kind": "2007", "penalty": "warning", "fine_yuan": "viel", "lang": "en"}
    answer = client.post("/record", data=_typed(district, **hidden_below))
    assert answer.status_code == 303, answer.text
    [violation] = session.scalars(select(Violation))
    assert (violation.kind.code, violation.penalty, violation.fine_yuan) == ("2009", "warning", None)


def test_a_time_that_nobody_typed_is_no_other_content(
    client: Browser, session: Session, district: District, make_user: Callable[..., User], monkeypatch: Any
) -> None:
    client.sign_in(make_user(Role.OFFICER, area_id=district.town.id))
    untimed = _typed(district, occurred_at="")
    first = client.post("/record", data=untimed)
    later = clock.utc_now() + timedelta(minutes=3)
    monkeypatch.setattr(clock, "utc_now", lambda: later)
    assert client.post("/record", data=untimed).location == first.location
    assert _count(session) == 1
