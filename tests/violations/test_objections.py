"""What stands on the page of an objection."""

from __future__ import annotations

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
