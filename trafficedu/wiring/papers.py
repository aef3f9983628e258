"""Papers: what a document says were it issued now, what ``trafficedu report`` renders."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from functools import partial

from sqlalchemy.orm import Session

from trafficedu.bulletin import services as papers
from trafficedu.core.month import Month
from trafficedu.education.services import certifying, rosters
from trafficedu.feedback.services import papers as notice_papers
from trafficedu.hazards.services import papers as hazard_papers
from trafficedu.issued.rules import DocumentKind
from trafficedu.issued.services import issuing
from trafficedu.overview.queries.papers import list_now
from trafficedu.public import services as receipts
from trafficedu.public.queries import receipt_now
from trafficedu.reaching.services import days

DOCUMENTS: Mapping[DocumentKind, Callable[[Session, str, datetime], issuing.NewDocument]] = {
    DocumentKind.CERTIFICATE: certifying.certificate_now,
    DocumentKind.RECEIPT: receipt_now,
    DocumentKind.NOTICE: notice_papers.notice_now,
    DocumentKind.HAZARD: hazard_papers.plan_now,
    DocumentKind.ROSTER: rosters.roster_now,
    DocumentKind.BULLETIN: papers.bulletin_now,
    DocumentKind.BRIEF: papers.brief_now,
    DocumentKind.SCORECARD: papers.scorecard_now,
    DocumentKind.INDICATORS: papers.indicators_now,
    DocumentKind.VILLAGE_LIST: list_now,
    DocumentKind.STATION_DAY: days.day_now,
}
"""KIND -> what a document of a record would say were it issued now: what an issued one is compared with."""

REVOKED_AT: Mapping[DocumentKind, Callable[[Session, str], str]] = {
    DocumentKind.CERTIFICATE: certifying.revoked_at,
}
"""KIND -> the page on which a document of it is revoked because its record has to follow; any other on its own page."""

REPORTS: Mapping[str, Callable[[Session, str, str, datetime], bytes]] = {
    "certificate": certifying.render_certificate,
    "receipt": receipts.render_receipt,
    "roster": rosters.render_any,
    "hazard": hazard_papers.render_any,
    "notice": notice_papers.render_notice,
}
"""KIND -> what ``trafficedu report`` renders as PDF from a public number, in a language."""

PAPERS: Mapping[str, Mapping[str, Callable[[Session, str, str, datetime], bytes]]] = {
    "receipt": {paper: partial(receipts.render_receipt, paper=paper) for paper in receipts.PAPERS},
}
"""KIND -> paper -> what ``trafficedu report --paper`` renders."""

MONTHLY_REPORTS: Mapping[str, Mapping[str, Callable[[Session, Month, str, str, datetime], bytes]]] = {
    "bulletin": {".pdf": papers.render_bulletin, ".xlsx": papers.render_annex},
    "scorecard": {".pdf": papers.render_scorecard},
    "brief": {".pdf": papers.render_brief},
}
"""KIND -> ending of the file -> what ``trafficedu report`` renders of a month and the code of an area or company."""
