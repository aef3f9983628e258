"""Taking in what a phone at the roadside counted: in pieces, late, twice, out of order, and still exactly once.

A phone numbers its taps from 1 and sends those not yet confirmed. The sheet knows the last tap taken in; what
was taken in before is passed over, what would leave a gap is refused.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import ceil
from typing import TypeVar

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from trafficedu.companies.models import Company
from trafficedu.core import audit
from trafficedu.core.actors import Actor
from trafficedu.core.clock import local_date
from trafficedu.core.errors import Refusal, entered
from trafficedu.core.numbers import new_number
from trafficedu.core.phones import to_put_right
from trafficedu.core.text import message
from trafficedu.helmets.models import (
    HelmetCount,
    HelmetSheet,
    HelmetSite,
    HelmetSurvey,
)
from trafficedu.helmets.queries.sites import find_site
from trafficedu.helmets.rules import (
    MOST_EVENTS,
    SHARED_CODE,
    SHEET_KEY,
    Cell,
    CountMethod,
    HeadState,
    RiderGroup,
    Seat,
    SurveySource,
    Tap,
    add_up,
)
from trafficedu.helmets.services import tallies

RECORD = "helmets:survey:record"
LONGEST_MINUTES = 1440
CLOCK_TOLERANCE = timedelta(minutes=2)
Record = TypeVar("Record", HelmetSheet, HelmetSurvey)


@dataclass(frozen=True)
class CountSheet:
    """What a phone sends: whose sheet, of which count, how long so far, and the taps not yet confirmed.

    ``key`` is the sheet's own, made on the phone. ``shared_code`` is the four characters that observers who count
    together have in common; with the site and the day it names the survey. ``clock_utc`` is what the phone's clock
    says while sending, so that a wrong clock is found.
    """

    key: str
    site_code: str
    shared_code: str
    started_utc: datetime
    until_utc: datetime
    clock_utc: datetime
    ended: bool
    taps: Sequence[Tap]


@dataclass(frozen=True)
class Received:
    """What the phone may forget: taps up to ``last_event``; ``ended`` when the sheet is complete."""

    last_event: int
    ended: bool
    survey_number: str


def receive(session: Session, sent: CountSheet, by: Actor, now: datetime) -> Received:
    """Add the taps not yet taken in to the sheet, which is opened (with its survey) where it is new.

    The times of a phone whose clock is wrong by minutes are shifted by as much. Sending to a void survey is confirmed
    too; it stays out of every figure.

    Raises
    ------
    Refusal
        The sending is malformed, leaves a gap, or the sheet was begun by somebody else; at ``site_code``: the site does
        not exist or lies outside the post.
    """
    by.require(RECORD)
    _check(sent)
    started, until = _on_our_clock(sent, now)
    sheet = _find_sheet(session, sent.key)
    if sheet is None:
        with entered("site_code", sent.site_code):
            site = find_site(session, sent.site_code, by)
        survey = _open_survey(session, site, sent.shared_code, started)
        fresh = HelmetSheet(
            survey_id=survey.id, key=sent.key, observer_id=by.user_id, started_utc=started, last_event=0
        )
        sheet = _add_or_find(session, fresh, lambda: _find_sheet(session, sent.key))
        audit.write(session, RECORD, by, subject=survey, sheet=sheet.id)
    if sheet.observer_id != by.user_id:
        raise Refusal(message("Another account started this count. Sign in with that account."))
    survey = _locked_survey(session, sheet.survey_id)
    added = _add_taps(session, sheet, sent.taps)
    if sent.ended and sheet.ended_utc is None:
        sheet.ended_utc = until
    _stretch(survey, started, until)
    session.flush()
    if added:
        tallies.renew(session, [survey.id])
        session.expire(survey)
    if added or sent.ended:
        audit.write(session, RECORD, by, subject=survey, sheet=sheet.id, taps=added, ended=sent.ended)
    return Received(sheet.last_event, sheet.ended_utc is not None, survey.number)


def _check(sent: CountSheet) -> None:
    good = (
        SHEET_KEY.fullmatch(sent.key)
        and SHARED_CODE.fullmatch(sent.shared_code)
        and len(sent.taps) <= MOST_EVENTS
        and all(_is_tap(tap) for tap in sent.taps)
    )
    if not good:
        raise Refusal(message("This is not what the counting page sends."))


def _is_tap(tap: Tap) -> bool:
    return (
        tap.group in tuple(RiderGroup)
        and tap.role in tuple(Seat)
        and tap.result in tuple(HeadState)
        and tap.step in (1, -1)
        and (tap.group == RiderGroup.DELIVERY or not tap.company_code)
    )


def _on_our_clock(sent: CountSheet, now: datetime) -> tuple[datetime, datetime]:
    """Return start and end of what was sent, put right by what the phone's clock is wrong by; never after ``now``."""
    shift = to_put_right(sent.clock_utc, now, CLOCK_TOLERANCE)
    until = max(sent.until_utc, sent.started_utc) - shift
    ahead = max(timedelta(), until - now)
    return (sent.started_utc - shift - ahead).replace(microsecond=0), until - ahead


def _find_sheet(session: Session, key: str) -> HelmetSheet | None:
    """Return the sheet, locked until the end of the transaction, as it is now."""
    query = select(HelmetSheet).where(HelmetSheet.key == key).with_for_update()
    return session.scalar(query.execution_options(populate_existing=True))


def _locked_survey(session: Session, survey_id: int) -> HelmetSurvey:
    query = select(HelmetSurvey).where(HelmetSurvey.id == survey_id).with_for_update()
    return session.scalars(query.execution_options(populate_existing=True)).one()


def _open_survey(session: Session, site: HelmetSite, shared_code: str, started: datetime) -> HelmetSurvey:
    """Return the survey that observers at ``site`` share on that day, made by whoever sends first."""
    day = local_date(started)
    reference = f"{site.code}-{day:%Y%m%d}-{shared_code}"

    def find() -> HelmetSurvey | None:
        return session.scalar(select(HelmetSurvey).where(HelmetSurvey.reference == reference))

    fresh = HelmetSurvey(
        number=new_number("H"),
        reference=reference,
        reference_year=day.year,
        site_id=site.id,
        started_utc=started,
        occurred_on=day,
        minutes=1,
        method=CountMethod.ON_SITE,
        source=SurveySource.PAGE,
    )
    return find() or _add_or_find(session, fresh, find)


def _add_or_find(session: Session, fresh: Record, find: Callable[[], Record | None]) -> Record:
    """Add ``fresh``, or return what another transaction added under the same key in the meantime."""
    try:
        with session.begin_nested():
            session.add(fresh)
            session.flush()
    except IntegrityError:
        present = find()
        if present is None:
            raise
        return present
    return fresh


def _add_taps(session: Session, sheet: HelmetSheet, taps: Sequence[Tap]) -> int:
    """Add the taps after the last one taken in; the sheet is locked. Returns how many."""
    fresh = sorted((tap for tap in taps if tap.sequence > sheet.last_event), key=lambda tap: tap.sequence)
    expected = list(range(sheet.last_event + 1, sheet.last_event + 1 + len(fresh)))
    if [tap.sequence for tap in fresh] != expected:
        raise Refusal(message("Some records are missing between those sent earlier and these."))
    if not fresh:
        return 0
    companies = _companies(session, {tap.company_code for tap in fresh if tap.company_code})
    query = select(HelmetCount).where(HelmetCount.sheet_id == sheet.id)
    rows = {
        (row.group, row.role, row.company_id): row
        for row in session.scalars(query.execution_options(populate_existing=True))
    }
    for cell, sums in add_up(fresh).items():
        _add_to_cell(session, sheet, rows, companies, cell, sums)
    sheet.last_event += len(fresh)
    return len(fresh)


def _add_to_cell(
    session: Session,
    sheet: HelmetSheet,
    rows: dict[tuple[RiderGroup, Seat, int | None], HelmetCount],
    companies: dict[str, int],
    cell: Cell,
    sums: dict[str, int],
) -> None:
    group, role, company = RiderGroup(cell[0]), Seat(cell[1]), cell[2]
    company_id = companies[company] if company else None
    row = rows.get((group, role, company_id))
    if row is None:
        row = HelmetCount(
            sheet_id=sheet.id, group=group, role=role, company_id=company_id, helmeted=0, bare=0, unclear=0
        )
        session.add(row)
    for result, step in sums.items():
        total = getattr(row, result) + step
        if total < 0:
            raise Refusal(message("More records were undone than were counted."))
        setattr(row, result, total)


def _companies(session: Session, codes: set[str]) -> dict[str, int]:
    by_code = dict(session.execute(select(Company.code, Company.id).where(Company.code.in_(codes))).tuples().all())
    for code in codes - set(by_code):
        raise Refusal(message("There is no company with the code %(code)s.", code=code))
    return by_code


def _stretch(survey: HelmetSurvey, started: datetime, until: datetime) -> None:
    """Let the survey's window cover this sheet's; the survey is locked. Its day stays the one in its reference."""
    end = max(until, survey.started_utc + timedelta(minutes=survey.minutes))
    if local_date(started) == survey.occurred_on:
        survey.started_utc = min(survey.started_utc, started)
    minutes = ceil((end - survey.started_utc).total_seconds() / 60)
    survey.minutes = min(max(minutes, 1), LONGEST_MINUTES)
