"""What the red-yellow-black list of a month says on paper, for its document."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime

from sqlalchemy.orm import Session

from trafficedu.areas.queries import tree as areas
from trafficedu.areas.queries.letters import with_places
from trafficedu.core.actors import SYSTEM
from trafficedu.core.clock import local_date
from trafficedu.core.errors import Missing
from trafficedu.core.month import Month
from trafficedu.core.text import Message, message, unpacked
from trafficedu.issued.queries.documents import Line
from trafficedu.issued.rules import DocumentKind
from trafficedu.issued.services.issuing import NewDocument
from trafficedu.overview.models import ListEntry, VillageList
from trafficedu.overview.queries.lists import MANAGE, find_list, list_entries, run_of
from trafficedu.overview.rules import Shade
from trafficedu.reports.village_list import ListedVillage, ListPart, VillageListData

EVERYBODY = replace(SYSTEM, permissions=frozenset({MANAGE}))
"""The document holds what is published: every entry that stands."""


def list_document(session: Session, village_list: VillageList, day: date) -> NewDocument:
    """Return what the list of a month is issued with, published on ``day``."""
    data, run = list_paper(session, village_list, day), run_of(session, village_list)
    top = areas.root(session)
    english = with_places(session, data, top.path if top is not None else "", "en")
    month = str(village_list.month)
    counts = [(part.name, str(len(part.villages))) for part in data.parts]
    return NewDocument(
        kind=DocumentKind.VILLAGE_LIST,
        subject=month,
        paper=lambda locale, _proof: english if locale == "en" else data,
        shown=(
            Line(message("Month"), month, month),
            *(Line(name, count, count) for name, count in counts),
            Line(message("Issuing authority"), data.district, data.district),
        ),
        marks=(CORRECTED,) if village_list.changes else (),
        evaluation=(run.month, run.number),
    )


CORRECTED = message("This list was corrected after a newer evaluation of the month.")


def list_paper(session: Session, village_list: VillageList, day: date) -> VillageListData:
    """Return what the list says: the entries that stand, and what a correction changed."""
    entries = [entry for entry in list_entries(session, village_list, EVERYBODY) if not entry.taken_off]
    top = areas.root(session)
    return VillageListData(
        district=top.name if top is not None else "",
        month=village_list.month,
        published_on=day,
        evaluated=read_off(session, village_list),
        parts=[ListPart(shade.label, [_listed(one) for one in entries if one.shade == shade]) for shade in Shade],
        changes=[unpacked(change) for change in village_list.changes],
    )


def read_off(session: Session, village_list: VillageList) -> Message:
    """Say which version of the evaluation a list was read off."""
    run = run_of(session, village_list)
    return message(
        "Read off version %(number)s of the evaluation of %(month)s.", number=run.number, month=str(run.month)
    )


def _listed(entry: ListEntry) -> ListedVillage:
    town = entry.area.parent.name if entry.area.parent else ""
    return ListedVillage(entry.area.code, entry.area.name, town, entry.colour, entry.why.label)


def list_now(session: Session, subject: str, now: datetime) -> NewDocument:
    """Return what the published list of a month would say were it issued now; raise :class:`Missing`."""
    found = find_list(session, Month.parse(subject))
    if found is None or not found.is_published or found.published_utc is None:
        raise Missing(message("This month's list is not published."))
    return list_document(session, found, local_date(found.published_utc))
