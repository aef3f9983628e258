"""What stands on the page of an objection."""

from __future__ import annotations

import re

import pytest
from flask import Flask
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from tests.conftest import Browser
from tests.factories.violations import District, make_violation
from trafficedu.core.audit import AuditEntry
from trafficedu.core.clock import utc_now
from trafficedu.violations.services import objections


def test_the_phone_of_an_objection_is_masked_and_shown_once_with_an_audit_row(
    session: Session, desk: Browser, district: District
) -> None:
    violation = make_violation(session, district.village)
    raised = objections.raise_objection(session, violation, "不是我", "13800001234", utc_now())
    shown = desk.get(f"/objections/{raised.number}").text
    assert "138****1234" in shown
    assert "13800001234" not in shown
    audited = select(func.count()).where(AuditEntry.action == "violations:objection:unmask")
    assert session.scalar(audited) == 0
    assert "13800001234" in desk.post(f"/objections/{raised.number}/contact").text
    assert session.scalar(audited) == 1
    assert "13800001234" not in desk.get(f"/objections/{raised.number}").text


def test_what_was_typed_about_an_objection_that_is_settled_meanwhile_is_still_there(
    app: Flask, session: Session, desk: Browser, district: District, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(app.config, "SEEN_REQUIRED", True)
    violation = make_violation(session, district.village)
    objection = objections.raise_objection(session, violation, "并非本人驾驶", "13800138000", utc_now())
    page = desk.get(f"/objections/{objection.number}").text
    marks = re.findall(r'name="seen"[^>]*value="([^"]+)"', page)
    void = desk.get(f"/violations/{violation.number}/void").text
    mark = re.search(r'name="seen"[^>]*value="([^"]+)"', void)
    assert mark is not None
    reason = {"reason": "经核对当事人有误", "seen": mark[1]}
    assert desk.post(f"/violations/{violation.number}/void", data=reason).status_code == 303
    decision = {"outcome": "rejected", "decision": "证据充分，予以维持", "seen": marks[-1]}
    answer = desk.post(f"/objections/{objection.number}", data=decision)
    assert answer.status_code == 409
    assert "证据充分，予以维持</textarea>" in answer.text
    assert "</textarea>" not in desk.get(f"/objections/{objection.number}").text
