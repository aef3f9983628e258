"""The papers of a month as documents: bulletin, brief, scorecards, indicators; they rest on what is published."""

from __future__ import annotations

from dataclasses import asdict, replace
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from trafficedu.areas.models import Area
from trafficedu.areas.queries import tree as areas
from trafficedu.bulletin.queries import brief as briefs
from trafficedu.bulletin.queries import scorecard as scorecards
from trafficedu.bulletin.queries.asked import Fitted
from trafficedu.bulletin.queries.indicators import list_indicators
from trafficedu.bulletin.queries.month import gather
from trafficedu.bulletin.queries.scorecard import Limits
from trafficedu.bulletin.rules import check_month
from trafficedu.core.actors import SYSTEM, Actor
from trafficedu.core.clock import local_date
from trafficedu.core.errors import Refusal
from trafficedu.core.month import Month
from trafficedu.core.text import message
from trafficedu.core.transactions import writing
from trafficedu.core.work import Ending, Work
from trafficedu.evaluation.models import EvaluationResult, EvaluationRun
from trafficedu.evaluation.queries.areas import find_area
from trafficedu.evaluation.queries.runs import MANAGE, latest_run, published_run, results_of
from trafficedu.issued.models import Document
from trafficedu.issued.queries.documents import Line, valid_document
from trafficedu.issued.rules import DocumentKind
from trafficedu.issued.services import issuing
from trafficedu.issued.services.issuing import NewDocument
from trafficedu.reports import brief, bulletin, bulletin_annex, scorecard
from trafficedu.reports.indicators import IndicatorsData
from trafficedu.reports.proof import DRAFT, Stamp

DRAFTED = Stamp(None, DRAFT)
ISSUE = "bulletin:paper:issue"
ISSUE_BULLETIN, ISSUE_SCORECARDS = "issue_bulletin", "issue_scorecards"
"""The kinds of jobs that issue a bulletin, and the scorecards of a month."""


def subject_of(month: Month, code: str) -> str:
    """Return what a document of a month is about: month and code of the area or company."""
    return f"{month}/{code}"


def _read(subject: str) -> tuple[Month, str]:
    month, _, code = subject.partition("/")
    return Month.parse(month), code


def evaluation_of(session: Session, month: Month) -> EvaluationRun | None:
    """Return the evaluation that a document of ``month`` rests on: the one published last; None where there is none.

    Raises
    ------
    Refusal
        The month is evaluated and no version of it is published: a document would rest on what may still change.
    """
    run = published_run(session, month)
    if run is None and latest_run(session, month) is not None:
        raise Refusal(message("Publish the evaluation of %(month)s first: the document rests on it.", month=month))
    return run


def _version(run: EvaluationRun | None) -> tuple[Month, int] | None:
    return (run.month, run.number) if run is not None else None


def _authority(district: str, month: Month, name: str) -> tuple[Line, ...]:
    return (
        Line(message("Month"), str(month), str(month)),
        Line(message("Whom it is about"), name, name),
        Line(message("Issuing authority"), district, district),
    )


def bulletin_now(session: Session, subject: str, now: datetime, fitted: Fitted | None = None) -> NewDocument:
    """Return what the bulletin of a month and area would say were it issued now; raises Refusal, Missing."""
    month, code = _read(subject)
    check_month(month, local_date(now))
    area, run = find_area(session, code, SYSTEM), evaluation_of(session, month)
    fitted = Fitted() if fitted is None else fitted
    return NewDocument(
        kind=DocumentKind.BULLETIN,
        subject=subject,
        paper=lambda locale, _proof: gather(session, SYSTEM, code, month, now, locale, fitted).data,
        shown=_authority(area.district.name, month, area.name),
        area_id=area.id,
        evaluation=_version(run),
    )


def brief_now(session: Session, subject: str, now: datetime, fitted: Fitted | None = None) -> NewDocument:
    """Return what the brief of a month and area would say were it issued now; raises as :func:`bulletin_now`.

    ``fitted`` is what was worked out for the bulletin of the same issue.
    """
    month, code = _read(subject)
    area, run = find_area(session, code, SYSTEM), evaluation_of(session, month)
    fitted = Fitted() if fitted is None else fitted
    return NewDocument(
        kind=DocumentKind.BRIEF,
        subject=subject,
        paper=lambda locale, _proof: briefs.gather(session, SYSTEM, area, month, now, locale, fitted).data,
        shown=_authority(area.district.name, month, area.name),
        area_id=area.id,
        evaluation=_version(run),
    )


def scorecard_now(session: Session, subject: str, now: datetime, limits: Limits | None = None) -> NewDocument:
    """Return what the scorecard of a town, village or company would say were it issued now; raises Refusal, Missing."""
    month, code = _read(subject)
    run = evaluation_of(session, month)
    said = scorecards.gather(session, SYSTEM, code, month, now, "zh", limits)
    area_id, company_id = _post(session, run, code)
    return NewDocument(
        kind=DocumentKind.SCORECARD,
        subject=subject,
        paper=lambda locale, _proof: scorecards.gather(session, SYSTEM, code, month, now, locale, limits),
        shown=_authority(said.district, month, said.name),
        area_id=area_id,
        company_id=company_id,
        evaluation=_version(run),
    )


def _post(session: Session, run: EvaluationRun | None, code: str) -> tuple[int | None, int | None]:
    """Return whose scorecard it is: an area's, or a company's, which who answers for the top may open too."""
    query = select(EvaluationResult.area_id, EvaluationResult.company_id)
    query = query.where(EvaluationResult.run_id == (run.id if run else None), EvaluationResult.code == code)
    row = session.execute(query.order_by(EvaluationResult.kind.desc())).first()
    area_id, company_id = row if row is not None else (None, None)
    return (area_id if company_id is None else _top(session).id, company_id)


def _top(session: Session) -> Area:
    top = areas.root(session)
    if top is None:
        raise Refusal(message("There are no areas yet."))
    return top


def indicators_now(session: Session, subject: str, now: datetime) -> NewDocument:
    """Return what the indicators of the villages would be were they issued now; raises Refusal."""
    month, _ = _read(subject)
    check_month(month, local_date(now))
    run, top = evaluation_of(session, month), _top(session)
    version = f"{run.month} v{run.number}" if run is not None else ""
    villages = [asdict(row) for row in list_indicators(session, SYSTEM, month, now)]
    said = IndicatorsData(top.name, month, version, villages)
    return NewDocument(
        kind=DocumentKind.INDICATORS,
        subject=subject,
        paper=lambda _locale, _proof: said,
        shown=_authority(top.name, month, top.name),
        area_id=top.id,
        evaluation=_version(run),
    )


def issue_now(session: Session, new: NewDocument, by: Actor, now: datetime) -> Document:
    """Issue a document of a month, instead of the one that holds where there is one.

    ``new`` is prepared (:func:`issuing.prepared`): gathering takes seconds, writing must not.
    """
    by.require(ISSUE)
    return issuing.issue(session, new, by, now, replaces=valid_document(session, new.kind, new.subject))


def issue_bulletin(work: Work) -> Ending:
    """Issue bulletin and brief of a month and area, of the same figures: the job's function, for they take seconds."""
    subject, fitted = work.parameters["subject"], Fitted()
    news = [issuing.prepared(make(work.session, subject, work.now, fitted)) for make in (bulletin_now, brief_now)]

    def write(own: Session) -> None:
        for new in news:
            issue_now(own, new, work.by, work.now)

    return Ending(counts={"documents": len(news)}, write=write)


def issue_scorecards(work: Work) -> Ending:
    """Issue every scorecard of a month that is not issued yet: the job's function."""
    month = Month.parse(work.parameters["month"])
    run = evaluation_of(work.session, month)
    results = results_of(work.session, run) if run is not None else []
    limits: Limits = {}
    news = []
    for result in results:
        subject = subject_of(month, result.code)
        if valid_document(work.session, DocumentKind.SCORECARD, subject) is None:
            news.append(issuing.prepared(scorecard_now(work.session, subject, work.now, limits)))
        work.tell(1, len(results))

    def write(own: Session) -> None:
        for new in news:
            issue_now(own, new, work.by, work.now)

    return Ending(counts={"documents": len(news)}, write=write)


EVALUATOR = replace(SYSTEM, permissions=frozenset({MANAGE}))
"""A draft for the command line has the newest evaluation, published or not, as those do who evaluate."""


def render_bulletin(
    session: Session, month: Month, code: str, locale: str, now: datetime, ending: str = "pdf"
) -> bytes:
    """Return the bulletin of an area as it was issued, else a draft that says so; for the command line.

    Raises as :func:`gather`. What was fitted for a draft is kept, in a transaction of its own.
    """
    area = find_area(session, code, SYSTEM)
    document = valid_document(session, DocumentKind.BULLETIN, subject_of(month, area.code))
    if document is not None:
        return issuing.hand_out(session, document, locale, now, ending)
    found = gather(session, EVALUATOR, code, month, now, locale)
    if found.keeps:
        with writing(session):
            found.keep(session)
    draw = bulletin.render if ending == "pdf" else bulletin_annex.render
    return draw(found.data, locale, DRAFTED)


def render_annex(session: Session, month: Month, code: str, locale: str, now: datetime) -> bytes:
    """Return the figures of the bulletin as a workbook; as :func:`render_bulletin`."""
    return render_bulletin(session, month, code, locale, now, "xlsx")


def render_scorecard(session: Session, month: Month, code: str, locale: str, now: datetime) -> bytes:
    """Return a scorecard as it was issued, else a draft that says so; raises as :func:`scorecards.gather`."""
    document = valid_document(session, DocumentKind.SCORECARD, subject_of(month, code))
    if document is not None:
        return issuing.hand_out(session, document, locale, now)
    return scorecard.render(scorecards.gather(session, EVALUATOR, code, month, now, locale), locale, DRAFTED)


def render_brief(session: Session, month: Month, code: str, locale: str, now: datetime) -> bytes:
    """Return the brief of an area as it was issued, else a draft that says so; for the command line.

    Raises as :func:`briefs.gather`, and Missing for an unknown area.
    """
    area = find_area(session, code, SYSTEM)
    document = valid_document(session, DocumentKind.BRIEF, subject_of(month, area.code))
    if document is not None:
        return issuing.hand_out(session, document, locale, now)
    found = briefs.gather(session, EVALUATOR, area, month, now, locale)
    if found.keeps:
        with writing(session):
            found.keep(session)
    return brief.render(found.data, locale, DRAFTED)
