"""How each kind of document is drawn: from its facts alone, nothing live. One table, KIND -> what it is made of."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy.orm import Session

from trafficedu.core.services import services_of
from trafficedu.issued.rules import DocumentKind
from trafficedu.reports import (
    brief,
    bulletin,
    bulletin_annex,
    certificate,
    hazard_plan,
    indicators,
    notice,
    receipt,
    receipt_strip,
    roster,
    scorecard,
    scorecard_book,
    station_day,
    village_list,
)
from trafficedu.reports.bulletin_data import BulletinData
from trafficedu.reports.hazard_plan import HazardPlanData
from trafficedu.reports.proof import Stamp

Draw = Callable[[Session, Any, str, Stamp], bytes]


@dataclass(frozen=True)
class Drawing:
    """What a document of a kind is drawn from, and how: ``files`` is ENDING -> drawing, the first one the document.

    Others are the same facts in another form: a table, or another paper, whose size comes before the ending ("a4.pdf").

    ``passing`` names facts that differ from one moment to the next though nothing has changed: when it was printed.
    ``addresses`` names those that are the path of a page, which becomes the public address when it is drawn.
    """

    data: type[Any]
    files: Mapping[str, Draw]
    passing: frozenset[str] = frozenset()
    addresses: frozenset[str] = frozenset()

    @property
    def ending(self) -> str:
        """The ending of the document itself."""
        return next(iter(self.files))


def _annex(_session: Session, data: BulletinData, locale: str, stamp: Stamp) -> bytes:
    return bulletin_annex.render(data, locale, stamp)


def _book(_session: Session, data: scorecard.ScorecardData, locale: str, stamp: Stamp) -> bytes:
    return scorecard_book.render(data, locale, stamp)


def _indicators(_session: Session, data: indicators.IndicatorsData, locale: str, stamp: Stamp) -> bytes:
    return indicators.render(data, locale, stamp)


def _paper(render: Callable[[Any, str, Stamp], bytes]) -> dict[str, Draw]:
    return {"pdf": lambda _session, data, locale, stamp: render(data, locale, stamp)}


def _plan(session: Session, data: HazardPlanData, locale: str, stamp: Stamp) -> bytes:
    evidence = services_of(session).evidence
    pictures = {key: evidence.read(key) for key in (*data.before, *data.after)}
    return hazard_plan.render(data, pictures, locale, stamp)


def _receipt(render: Callable[[receipt.ReceiptData, str, Stamp, bytes], bytes]) -> Draw:
    def draw(session: Session, data: receipt.ReceiptData, locale: str, stamp: Stamp) -> bytes:
        signature = services_of(session).evidence.read(data.signature) if data.signature else b""
        return render(data, locale, stamp, signature)

    return draw


RECEIPTS: Mapping[str, Draw] = {
    "pdf": _receipt(receipt.render),
    "a4.pdf": _receipt(receipt.render_a4),
    "80mm.pdf": _receipt(receipt_strip.render),
}
"""ENDING -> a receipt: on A5 as it is issued, on A4 for the printers of offices, on a strip for those at the belt."""
DRAWINGS: Mapping[DocumentKind, Drawing] = {
    DocumentKind.CERTIFICATE: Drawing(
        certificate.CertificateData,
        _paper(certificate.render),
        passing=frozenset({"number", "verify_url", "issued_on"}),
        addresses=frozenset({"verify_url"}),
    ),
    DocumentKind.RECEIPT: Drawing(receipt.ReceiptData, RECEIPTS, addresses=frozenset({"receipt_url"})),
    DocumentKind.NOTICE: Drawing(notice.NoticeData, _paper(notice.render), addresses=frozenset({"answer_url"})),
    DocumentKind.HAZARD: Drawing(
        HazardPlanData, {"pdf": _plan}, passing=frozenset({"printed_at"}), addresses=frozenset({"page_url"})
    ),
    DocumentKind.ROSTER: Drawing(roster.RosterData, _paper(roster.render), passing=frozenset({"printed_at"})),
    DocumentKind.BULLETIN: Drawing(
        BulletinData, _paper(bulletin.render) | {"xlsx": _annex}, passing=frozenset({"as_of"})
    ),
    DocumentKind.BRIEF: Drawing(brief.BriefData, _paper(brief.render), passing=frozenset({"as_of", "waits"})),
    DocumentKind.SCORECARD: Drawing(scorecard.ScorecardData, _paper(scorecard.render) | {"xlsx": _book}),
    DocumentKind.VILLAGE_LIST: Drawing(
        village_list.VillageListData, _paper(village_list.render), passing=frozenset({"published_on"})
    ),
    DocumentKind.INDICATORS: Drawing(indicators.IndicatorsData, {"json": _indicators}),
    DocumentKind.STATION_DAY: Drawing(
        station_day.StationDayData, _paper(station_day.render), passing=frozenset({"printed_at"})
    ),
}
"""KIND -> how it is drawn."""
