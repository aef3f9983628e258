"""Surveys as files, ``helmets`` of the command line's contract: video samples, and counts from elsewhere.

The rows of one ``reference`` are one survey, a row for each group and role, in whatever order. A delivery company
that was told apart stands in the column ``group``, as ``delivery:CODE``. A site not yet known is added in the area
the row names, so that a video evaluation needs no list of sites first.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import func, insert, select
from sqlalchemy.orm import Session

from trafficedu.areas import queries as areas
from trafficedu.areas.models import Area
from trafficedu.companies.models import Company
from trafficedu.core import bulk, clock, parsing
from trafficedu.core.actors import Actor
from trafficedu.core.errors import Refusal
from trafficedu.core.numbers import new_number
from trafficedu.core.tabular import Columns, Exporter, Importer, ImportReport, Progress, Row
from trafficedu.core.text import message
from trafficedu.helmets.models import (
    HelmetCount,
    HelmetSheet,
    HelmetSite,
    HelmetSurvey,
)
from trafficedu.helmets.queries.surveys import visible_to
from trafficedu.helmets.rules import (
    CountMethod,
    RiderGroup,
    Seat,
    SurveySource,
    SurveyState,
)

COLUMNS = Columns(
    (
        "reference",
        "site_code",
        "area_code",
        "started_at",
        "minutes",
        "method",
        "group",
        "role",
        "helmeted",
        "bare",
        "unclear",
    )
)
MOST_RIDERS = 1_000_000
HEAD = ("number", "reference", "site_id", "started_utc", "occurred_on", "minutes", "method", "source")


@dataclass(frozen=True)
class _Head:
    """What all rows of a reference have in common."""

    site_id: int
    started_utc: datetime
    minutes: int
    method: str


@dataclass(frozen=True)
class _Known:
    """A survey as the database has it."""

    id: int
    head: _Head
    source: str
    state: str


Cell = tuple[str, str, int | None]
Sums = tuple[int, int, int]


@dataclass(frozen=True)
class _Wanted:
    """A row read."""

    row: Row
    reference: str
    head: _Head
    cell: Cell
    sums: Sums


class _Taking:
    """One file being taken in. What it holds grows with sites and with the keys of rows, not with their values."""

    def __init__(self, session: Session, by: Actor, now: datetime) -> None:
        self.session = session
        self.by = by
        self.report = ImportReport()
        own = select(Area.code, Area.id).where(areas.visible_to(by))
        self.areas = {row.code: row.id for row in session.execute(own)}
        self.area_ids = set(self.areas.values())
        self.companies = {row.code: row.id for row in session.execute(select(Company.code, Company.id))}
        self.sites = {
            row.code: (row.id, row.area_id)
            for row in session.execute(select(HelmetSite.code, HelmetSite.id, HelmetSite.area_id))
        }
        self.seen: set[tuple[str, Cell]] = set()
        self.now = now

    def batch(self, rows: list[Row]) -> None:
        """Take some rows in."""
        wanted: list[_Wanted] = []
        for row in rows:
            try:
                wanted.append(self._read(row))
            except Refusal as error:
                self.report.refuse(row, error)
        known = self._known({one.reference for one in wanted})
        self._open(wanted, known)
        self._write(wanted, known)

    def _read(self, row: Row) -> _Wanted:
        reference = parsing.needed_text(row, "reference", 64)
        started = parsing.moment(row, "started_at")
        if started > self.now:
            raise Refusal(message("This time lies in the future. Check the date and the hour."), field="started_at")
        minutes = parsing.whole(row, "minutes", 1, 1440)
        method = parsing.one_of(row, "method", tuple(CountMethod))
        group, company_id = self._group(row)
        cell = (group, parsing.one_of(row, "role", tuple(Seat)), company_id)
        sums = tuple(parsing.whole(row, column, 0, MOST_RIDERS) for column in ("helmeted", "bare", "unclear"))
        if (reference, cell) in self.seen:
            raise Refusal(message("This group and role of the survey stand in an earlier line, too."), field="group")
        head = _Head(self._site(row), started, minutes, method)
        self.seen.add((reference, cell))
        return _Wanted(row, reference, head, cell, (sums[0], sums[1], sums[2]))

    def _group(self, row: Row) -> tuple[str, int | None]:
        group, _, company = row["group"].partition(":")
        if group not in tuple(RiderGroup) or (company and group != RiderGroup.DELIVERY):
            values = ", ".join((*tuple(RiderGroup), f"{RiderGroup.DELIVERY}:CODE"))
            raise Refusal(message("Write one of: %(values)s.", values=values), field="group")
        if company and company not in self.companies:
            raise Refusal(message("There is no company with the code %(code)s.", code=company), field="group")
        return group, self.companies.get(company)

    def _site(self, row: Row) -> int:
        """Return the site's id; adds one that is not known yet in the area the row names."""
        code = parsing.needed_text(row, "site_code", 20)
        area_id = self.areas.get(row["area_code"])
        if row["area_code"] and area_id is None:
            raise Refusal(message("There is no area with this code."), field="area_code")
        known = self.sites.get(code)
        if known is None:
            if area_id is None:
                raise Refusal(message("This site is not known yet. Name its area, and it is added."), field="area_code")
            site = HelmetSite(code=code, name=code, area_id=area_id, road_class="unknown")
            self.session.add(site)
            self.session.flush()
            known = self.sites[code] = (site.id, area_id)
        if known[1] not in self.area_ids:
            raise Refusal(message("There is no site with the code %(code)s.", code=code), field="site_code")
        if area_id is not None and known[1] != area_id:
            raise Refusal(message("This site lies in another area."), field="area_code")
        return known[0]

    def _known(self, references: set[str]) -> dict[str, _Known]:
        survey = HelmetSurvey
        columns = (survey.id, survey.site_id, survey.started_utc, survey.minutes, survey.method)
        found = bulk.find_by_key(self.session, survey.reference, references, *columns, survey.source, survey.state)
        return {
            reference: _Known(
                row.id, _Head(row.site_id, row.started_utc, row.minutes, row.method), row.source, row.state
            )
            for reference, row in found.items()
        }

    def _open(self, wanted: list[_Wanted], known: dict[str, _Known]) -> None:
        """Add the surveys of references not known yet, each with its sheet."""
        fresh = {one.reference: one.head for one in reversed(wanted) if one.reference not in known}
        if not fresh:
            return
        bulk.load(
            self.session,
            HelmetSurvey.__table__,
            (*HEAD, "state", "void_reason", "version"),
            [
                (
                    new_number("H"),
                    reference,
                    head.site_id,
                    head.started_utc,
                    clock.local_date(head.started_utc),
                    head.minutes,
                    head.method,
                    SurveySource.FILE,
                    SurveyState.COUNTED,
                    "",
                    1,
                )
                for reference, head in fresh.items()
            ],
        )
        known |= self._known(set(fresh))
        sheets = [
            {
                "survey_id": known[reference].id,
                "key": f"whole-{reference}",
                "observer_id": self.by.user_id,
                "last_event": 0,
                "started_utc": head.started_utc,
                "ended_utc": self.now,
            }
            for reference, head in fresh.items()
        ]
        self.session.execute(insert(HelmetSheet), sheets)

    def _write(self, wanted: list[_Wanted], known: dict[str, _Known]) -> None:
        """Compare every row with what the database has, and add or change it where it may."""
        counts = self._counts({known[one.reference].id for one in wanted})
        sheets = self._sheets({known[one.reference].id for one in wanted})
        fresh: list[dict[str, Any]] = []
        for one in wanted:
            survey = known[one.reference]
            before = counts.get((survey.id, *one.cell))
            try:
                if before == one.sums and one.head == survey.head:
                    self.report.unchanged += 1
                    continue
                self._check(one, survey)
            except Refusal as error:
                self.report.refuse(one.row, error)
                continue
            helmeted, bare, unclear = one.sums
            group, role, company_id = one.cell
            values = {"helmeted": helmeted, "bare": bare, "unclear": unclear}
            if before is None:
                place = {"sheet_id": sheets[survey.id], "group": group, "role": role, "company_id": company_id}
                fresh.append(place | values)
                self.report.added += 1
            else:
                self._change(sheets[survey.id], one.cell, values)
                self.report.updated += 1
        if fresh:
            self.session.execute(insert(HelmetCount), fresh)

    def _check(self, one: _Wanted, survey: _Known) -> None:
        if one.head != survey.head:
            raise Refusal(
                message("This reference belongs to a survey with another site, time, length or method."),
                field="reference",
            )
        if survey.source != SurveySource.FILE:
            raise Refusal(
                message("This survey was counted by hand. A file cannot change it; void it instead."),
                field="reference",
            )
        if survey.state != SurveyState.COUNTED:
            raise Refusal(
                message("This survey is void. Send corrected figures under a new reference."), field="reference"
            )

    def _change(self, sheet_id: int, cell: Cell, values: dict[str, int]) -> None:
        group, role, company_id = cell
        query = select(HelmetCount).where(
            HelmetCount.sheet_id == sheet_id,
            HelmetCount.group == group,
            HelmetCount.role == role,
            HelmetCount.company_id.is_(None) if company_id is None else HelmetCount.company_id == company_id,
        )
        row = self.session.scalars(query).one()
        for name, value in values.items():
            setattr(row, name, value)
        self.session.flush()

    def _counts(self, survey_ids: set[int]) -> dict[tuple[int, str, str, int | None], Sums]:
        """Return the sums over all observers by survey, group, role and company."""
        found: dict[tuple[int, str, str, int | None], Sums] = {}
        for ids in bulk.batches(survey_ids):
            query = _summed(HelmetCount.company_id).where(HelmetSheet.survey_id.in_(ids))
            for row in self.session.execute(query):
                found[(row[0], row[1], row[2], row[3])] = (row[4], row[5], row[6])
        return found

    def _sheets(self, survey_ids: set[int]) -> dict[int, int]:
        found: dict[int, int] = {}
        for ids in bulk.batches(survey_ids):
            query = select(HelmetSheet.survey_id, HelmetSheet.id).where(HelmetSheet.survey_id.in_(ids))
            found.update(self.session.execute(query).tuples().all())
        return found


def _summed(company: Any) -> Any:
    """Select survey, group, role, ``company`` and the three sums over observers."""
    return (
        select(
            HelmetSheet.survey_id,
            HelmetCount.group,
            HelmetCount.role,
            company,
            func.sum(HelmetCount.helmeted),
            func.sum(HelmetCount.bare),
            func.sum(HelmetCount.unclear),
        )
        .join(HelmetSheet, HelmetCount.sheet_id == HelmetSheet.id)
        .group_by(HelmetSheet.survey_id, HelmetCount.group, HelmetCount.role, company)
    )


def _import(
    session: Session, rows: Iterator[Row], by: Actor, now: datetime, *, skip_errors: bool, progress: Progress
) -> ImportReport:
    """Take in surveys; the same file again changes nothing, a corrected count of a file replaces the former one."""
    taking = _Taking(session, by, now)
    for batch in bulk.batches(rows):
        taking.batch(batch)
        progress(len(batch))
    session.expire_all()
    taking.report.refused.sort(key=lambda refused: refused.line)
    return taking.report


def _export(session: Session, by: Actor, now: datetime, month: date | None, clear: bool) -> Iterable[dict[str, Any]]:
    """Yield what counts (void surveys are left out), the observers of a survey added up."""
    query = (
        _summed(Company.code)
        .add_columns(
            HelmetSurvey.reference,
            HelmetSurvey.started_utc,
            HelmetSurvey.minutes,
            HelmetSurvey.method,
            HelmetSite.code,
            Area.code,
        )
        .join(HelmetSurvey, HelmetSheet.survey_id == HelmetSurvey.id)
        .join(HelmetSite, HelmetSurvey.site_id == HelmetSite.id)
        .join(Area, HelmetSite.area_id == Area.id)
        .outerjoin(Company, HelmetCount.company_id == Company.id)
        .where(HelmetSurvey.state == SurveyState.COUNTED, visible_to(by))
        .group_by(HelmetSurvey.id, HelmetSite.id, Area.id)
        .order_by(HelmetSheet.survey_id, HelmetCount.group, HelmetCount.role, Company.code)
    )
    if month is not None:
        first, after = clock.month_bounds(month)
        query = query.where(HelmetSurvey.occurred_on >= first, HelmetSurvey.occurred_on < after)
    for row in session.execute(query).yield_per(bulk.BATCH):
        _, group, role, company, helmeted, bare, unclear, reference, started, minutes, method, site, area = row
        yield {
            "reference": reference,
            "site_code": site,
            "area_code": area,
            "started_at": started,
            "minutes": minutes,
            "method": method,
            "group": f"{group}:{company}" if company else group,
            "role": role,
            "helmeted": helmeted,
            "bare": bare,
            "unclear": unclear,
        }


IMPORTER = Importer(COLUMNS, _import, permission="helmets:survey:import")
EXPORTER = Exporter(COLUMNS, _export, permission="helmets:survey:read", monthly=True)
