"""What follows for documents from an evaluation: those that rest on an older version are marked."""

from __future__ import annotations

from sqlalchemy.orm import Session

from trafficedu.evaluation.events import RunPublished
from trafficedu.evaluation.models import EvaluationRun
from trafficedu.issued.services.issuing import mark_outdated


def mark_documents(session: Session, event: RunPublished) -> None:
    """Mark the documents that rest on an older version of the evaluation that was published."""
    run = session.get_one(EvaluationRun, event.run_id)
    mark_outdated(session, run.month, run.number, event.by)
