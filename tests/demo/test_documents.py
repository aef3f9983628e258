"""What the demo district has issued, on either database."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from trafficedu.core.database import database, session
from trafficedu.core.jobs import Job
from trafficedu.core.transactions import WRITES
from trafficedu.demo.afterwards import evaluate_months
from trafficedu.demo.documents import issue_documents
from trafficedu.demo.plan import Plan
from trafficedu.demo.services import load_demo
from trafficedu.feedback.models import Notice
from trafficedu.issued.models import Document
from trafficedu.overview.models import ListProtest, VillageList
from trafficedu.violations.models.records import Violation

NOW = datetime(2026, 6, 2, 1, 30, tzinfo=UTC)
"""A morning right after the end of a month: the newest list was frozen only just now."""


@pytest.fixture(scope="module")
def issued(shared_app: Flask) -> Iterator[Session]:
    with shared_app.extensions["sqlalchemy"].test_isolation(), shared_app.app_context():
        with database().sessionmaker(info=WRITES) as own:
            load_demo(own, Plan(violations=600, months=8, seed=7), NOW)
            own.commit()
        issue_documents(session(), evaluate_months(session(), NOW), NOW)
        yield session()


def test_the_papers_of_past_months_are_issued_and_the_newest_list_is_still_contested(issued: Session) -> None:
    kinds = Counter(map(str, issued.scalars(select(Document.kind).where(Document.state == "valid"))))
    assert kinds["indicators"] == 3
    assert kinds["village_list"] == 2
    assert min(kinds[kind] for kind in ("certificate", "roster", "receipt", "notice", "hazard", "scorecard")) > 0
    lists = issued.scalars(select(VillageList).order_by(VillageList.month)).all()
    assert [one.state for one in lists] == ["published", "published", "frozen"]
    assert lists[-1].protest_until >= NOW.date()
    blamed = [entry for entry in lists[-1].entries if entry.shade != "red"]
    protests = issued.scalars(select(ListProtest)).all()
    assert len(protests) == bool(blamed), "whoever is on a list that blames can contest it, and one does"
    assert all(one.entry in blamed and not one.decision for one in protests)


def test_the_bulletins_are_asked_for(issued: Session) -> None:
    assert [job.kind for job in issued.scalars(select(Job))] == ["issue_bulletin"] * 3


def test_nothing_that_was_told_waits_for_its_paper(issued: Session) -> None:
    assert issued.scalars(select(Violation.id).where(*Violation.owes_receipt())).all() == []
    assert issued.scalars(select(Notice.id).where(*Notice.owes_paper())).all() == []
