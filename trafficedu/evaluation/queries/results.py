"""Reads of stored results."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from trafficedu.evaluation.models import AnalysisResult


def find_result(session: Session, kind: str, subject_id: int) -> AnalysisResult | None:
    """Return what was computed last of a subject, or None."""
    query = select(AnalysisResult).where(AnalysisResult.kind == kind, AnalysisResult.subject_id == subject_id)
    return session.scalar(query)


def find_fingerprints(session: Session, subject_id: int) -> dict[str, str]:
    """Return by kind what the results of a subject were computed from."""
    query = select(AnalysisResult.kind, AnalysisResult.fingerprint).where(AnalysisResult.subject_id == subject_id)
    return dict(session.execute(query).tuples().all())


def checked_since(session: Session, moment: datetime) -> set[tuple[str, int]]:
    """Return kind and subject of the results looked at since ``moment``."""
    query = select(AnalysisResult.kind, AnalysisResult.subject_id).where(AnalysisResult.checked_utc >= moment)
    return {(kind, subject) for kind, subject in session.execute(query)}
