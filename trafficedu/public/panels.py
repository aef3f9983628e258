"""What the pages of a violation show of its receipt, and of the papers that were handed out about it."""

from __future__ import annotations

from flask import render_template

from trafficedu.core.access import actor, panel_for
from trafficedu.core.clock import utc_now
from trafficedu.core.database import session
from trafficedu.feedback.queries.notices import notice_of_violation
from trafficedu.issued.queries.documents import list_documents
from trafficedu.issued.rules import DocumentKind
from trafficedu.public.queries import read_answer
from trafficedu.violations.models.records import Violation


@panel_for("violations:violation:record")
def answer(violation_id: int) -> str:
    """Page of a record just made: what to tell the rider, and what the receipt is printed on."""
    violation = session().get_one(Violation, violation_id)
    return render_template("public/_recorded.html", answer=read_answer(session(), violation, utc_now()))


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
