"""The kinds of document, and what may be done to one after it was issued. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum, auto

from trafficedu.core.states import Transitions, Word
from trafficedu.core.text import message


class DocumentKind(Word):
    """What leaves the house under a number of its own."""

    CERTIFICATE = "certificate", message("certificate")
    RECEIPT = "receipt", message("violation receipt")
    NOTICE = "notice", message("notice")
    HAZARD = "hazard", message("hazard plan")
    ROSTER = "roster", message("signed roster")
    BULLETIN = "bulletin", message("monthly bulletin")
    SCORECARD = "scorecard", message("scorecard")
    BRIEF = "brief", message("commander's brief")
    VILLAGE_LIST = "village_list", message("red-yellow-black list")
    INDICATORS = "indicators", message("indicators")
    STATION_DAY = "station_day", message("day's report of a station")

    @property
    def letter(self) -> str:
        """The letter its numbers begin with: certificates have had one of their own from the beginning."""
        return "C" if self is DocumentKind.CERTIFICATE else "D"


LETTERS = ("C", "D")
"""What a document's number may begin with."""

PERSONAL = frozenset(
    {
        DocumentKind.CERTIFICATE,
        DocumentKind.RECEIPT,
        DocumentKind.NOTICE,
        DocumentKind.HAZARD,
        DocumentKind.ROSTER,
        DocumentKind.STATION_DAY,
    }
)
"""Kinds that name people: their facts are kept encrypted."""

OF_A_MONTH = frozenset(
    {
        DocumentKind.BULLETIN,
        DocumentKind.BRIEF,
        DocumentKind.SCORECARD,
        DocumentKind.VILLAGE_LIST,
        DocumentKind.INDICATORS,
    }
)
"""Kinds whose facts take long to gather: they are compared with the records when somebody asks."""

OPENED_BY: Mapping[DocumentKind, str] = {
    DocumentKind.CERTIFICATE: "education:certificate:read",
    DocumentKind.RECEIPT: "riders:rider:read",
    DocumentKind.NOTICE: "riders:rider:read",
    DocumentKind.HAZARD: "hazards:hazard:read",
    DocumentKind.ROSTER: "education:session:check_in",
    DocumentKind.BULLETIN: "bulletin:bulletin:read",
    DocumentKind.SCORECARD: "bulletin:scorecard:read",
    DocumentKind.BRIEF: "overview:page:read",
    DocumentKind.VILLAGE_LIST: "overview:list:read",
    DocumentKind.INDICATORS: "bulletin:indicators:export",
    DocumentKind.STATION_DAY: "reaching:day:read",
}
"""KIND -> who may open a document of it, within the own post."""


class DocumentState(Word):
    """Whether a document still holds."""

    VALID = "valid", message("valid"), "done"
    REPLACED = "replaced", message("replaced"), "open"
    REVOKED = "revoked", message("revoked"), "problem"


class DocumentAct(StrEnum):
    """What ends a document: both with what comes instead of it, or why."""

    REPLACE = auto()
    REVOKE = auto()


DOCUMENT_LIFE = Transitions(
    {
        DocumentAct.REPLACE: ((DocumentState.VALID,), DocumentState.REPLACED),
        DocumentAct.REVOKE: ((DocumentState.VALID,), DocumentState.REVOKED),
    }
)
LEAST_REASON, LONGEST_REASON = 10, 300
"""Characters of a reason that somebody else will have to understand."""
