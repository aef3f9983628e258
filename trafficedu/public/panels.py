"""What the page of a violation shows of the papers that were handed out about it."""

from __future__ import annotations

from flask import render_template

from trafficedu.core.access import actor
from trafficedu.core.database import session
from trafficedu.feedback.queries.notices import notice_of_violation
from trafficedu.issued.queries.documents import list_documents
from trafficedu.issued.rules import DocumentKind
from trafficedu.violations.models import Violation


def documents_of(violation_id: int) -> str:
    """Show the receipts and notices of a violation that left the house, to who may know whom it is about."""
    if not actor().may("riders:rider:read"):
        return ""
    violation = session().get_one(Violation, violation_id)
    notice = notice_of_violation(session(), violation_id)
    rows = list(list_documents(session(), DocumentKind.RECEIPT, violation.number))
    if notice is not None:
        rows += list_documents(session(), DocumentKind.NOTICE, notice.number)
    return render_template("issued/_of_record.html", rows=rows)
