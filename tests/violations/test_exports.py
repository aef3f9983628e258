"""What a list leaves behind when it is taken away as a file."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from tests.conftest import Browser
from tests.factories import places
from tests.factories.violations import District, make_violation, new_rider
from trafficedu.accounts.models import User
from trafficedu.core import list_views
from trafficedu.core.actors import SYSTEM
from trafficedu.core.audit import AuditEntry
from trafficedu.core.clock import utc_now
from trafficedu.violations.services import reviewing


def test_an_export_that_fails_leaves_no_open_file(
    session: Session, client: Browser, make_user: Callable[..., User], monkeypatch: pytest.MonkeyPatch
) -> None:
    files: list[Any] = []

    def fail(_columns: Any, _rows: Any, file: Any, **_words: Any) -> int:
        files.append(file)
        raise OSError("disk full")

    monkeypatch.setattr(list_views, "write_csv", fail)
    client.sign_in(make_user("supervisor", area_id=places.area(session).id))
    page = client.fetch("/violations/export/csv")
    assert "因故障中断" in page.text
    assert [file.closed for file in files] == [True]


def test_an_export_is_what_is_shown_scoped_and_audited(session: Session, desk: Browser, district: District) -> None:
    mine = make_violation(session, district.village, rider=new_rider(name="保密人"), plate="杭州C77777")
    theirs = make_violation(session, district.other_village)
    make_violation(session, district.village, kind_code="2009")
    dear = make_violation(session, district.village, penalty="fine", fine_yuan=30)
    session.commit()
    with desk.fetch("/violations/export/csv?since=2020-01-01&kind=2007&sort=-occurred") as answer:
        text = answer.get_data().decode("utf-8-sig")
    lines = text.splitlines()
    assert lines[0] == "Number,When,Violation,Area code,Village,Place,Company,Source,Fine,State"
    assert [line[:12] for line in lines[1:]] == [dear.number, mine.number]
    assert lines[1].endswith(",30,confirmed")
    assert theirs.number not in text
    assert "保密人" not in text
    assert "C77777" not in text
    with desk.fetch("/violations/export/xlsx?since=2020-01-01") as answer:
        assert answer.get_data()[:2] == b"PK"
    noted = session.scalars(select(AuditEntry).where(AuditEntry.action == "violations:violation:export")).all()
    assert [entry.detail for entry in noted] == [{"rows": 2, "format": "csv"}, {"rows": 3, "format": "xlsx"}]
    assert desk.get("/violations?kind=2007").status_code == 200


def test_an_export_has_what_does_not_count_with_its_state(session: Session, desk: Browser, district: District) -> None:
    voided = make_violation(session, district.village)
    reviewing.void(session, voided, "记错了", SYSTEM, utc_now())
    session.commit()
    with desk.fetch("/violations/export/csv?since=2020-01-01") as answer:
        lines = answer.get_data().decode("utf-8-sig").splitlines()
    assert lines[1].startswith(voided.number)
    assert lines[1].endswith(",voided")
