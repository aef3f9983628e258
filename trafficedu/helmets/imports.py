"""Surveys as files, ``helmets`` of the command line's contract: video samples, and counts from elsewhere.

The rows of one ``reference`` of a year and a source are one survey, a row for each group and role, in whatever order.
A delivery company that was told apart stands in the column ``group``, as ``delivery:CODE``. A site not yet known is
added in the area the row names, so that a video evaluation needs no list of sites first. The same file again changes
nothing, a corrected count of a file replaces the former one.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import case, func, select
from sqlalchemy.orm import Session

from trafficedu.areas.imports.columns import area_column
from trafficedu.areas.models import Area
from trafficedu.areas.queries import tree as areas
from trafficedu.companies.models import Company
from trafficedu.companies.queries import RememberedCompanies
from trafficedu.core import bulk, clock, parsing
from trafficedu.core.actors import Actor
from trafficedu.core.called import Called
from trafficedu.core.columns import Column, Columns, closed
from trafficedu.core.errors import Refusal
from trafficedu.core.keyed_import import Candidate, KeyedImport, Known
from trafficedu.core.month import Month
from trafficedu.core.numbers import is_number, new_number
from trafficedu.core.tabular import Exporter, Importer
from trafficedu.core.text import message
from trafficedu.core.traces import Noted, RowAct
from trafficedu.helmets.models import HelmetCount, HelmetSheet, HelmetSite, HelmetSurvey
from trafficedu.helmets.queries.surveys import visible_to
from trafficedu.helmets.rules import CountMethod, RiderGroup, RoadClass, Seat, SurveySource, SurveyState, check_started
from trafficedu.helmets.services import tallies

_GROUP = parsing.one_of(RiderGroup)


def rider_group(cell: parsing.Cell) -> str:
    """Return a group of riders, with the code of a company behind a colon where it was told apart."""
    name, colon, company = parsing.identifier(cell).replace("：", ":").partition(":")
    return f"{_GROUP(name)}{colon}{company.strip()}"


RIDERS = parsing.whole(most=1_000_000)
COLUMNS = Columns(
    Column(
        "reference",
        parsing.needed(64),
        title=message("Survey number"),
        headings=("编号", "调查编号", "来源编号", "序号"),
        note=message("All rows of one survey have the same."),
        example="HH-2026-07",
    ),
    Column(
        "site_code",
        lambda cell: parsing.needed(20)(parsing.identifier(cell)),
        title=message("Site code"),
        headings=("点位", "点位编号", "调查点", "观测点"),
        note=message("A site not known yet is added in the area of the row."),
        example="YS-001",
    ),
    area_column(optional=True),
    Column(
        "started_at",
        parsing.exact_moment,
        title=message("Begun at"),
        headings=("开始时间", "调查时间", "观测时间"),
        example="2026-11-23 07:30",
    ),
    Column(
        "minutes", parsing.whole(1, 1440), title=message("Minutes"), headings=("时长", "分钟", "时长分钟"), number=True
    ),
    closed("method", CountMethod, title=message("Method"), headings=("方式", "调查方式", "计数方式")),
    Column(
        "group",
        rider_group,
        title=message("Group"),
        headings=("人群", "类别", "群体"),
        note=message("A company that was told apart stands behind a colon."),
        example="delivery:DEMO01",
        words=tuple(RiderGroup),
    ),
    closed("role", Seat, title=message("Place on the e-bike"), headings=("位置", "驾乘"), also={"骑手": Seat.RIDER}),
    Column("helmeted", RIDERS, title=message("With helmet"), headings=("戴头盔", "佩戴", "佩戴人数"), number=True),
    Column("bare", RIDERS, title=message("No helmet"), headings=("未戴头盔", "未佩戴", "未佩戴人数"), number=True),
    Column("unclear", RIDERS, title=message("Unclear"), headings=("看不清", "不清", "无法判断"), number=True),
)
HEAD = ("site_id", "started_utc", "minutes", "method")
"""What all rows of a reference have in common."""
SUMS = ("helmeted", "bare", "unclear")
SurveyKey = tuple[str, int]
"""Reference and year."""
Key = tuple[SurveyKey, str, str, int | None]


class SurveyRow(NamedTuple):
    """A row that is right in itself; ``key`` is survey, group, role and company."""

    key: Key
    head: dict[str, Any]
    sums: dict[str, int]


class HelmetImport(KeyedImport[SurveyRow]):
    """Counts by survey, group, role and company. What it holds grows with sites and keys, not with values."""

    columns, model, key_column = COLUMNS, HelmetCount, "group"
    compared, changeable = (*HEAD, *SUMS), SUMS
    fields = {"company_code": "group"}

    def __init__(self, session: Session, by: Actor, now: datetime, skip_errors: bool) -> None:
        super().__init__(session, by, now, skip_errors)
        self._areas = dict(session.execute(select(Area.code, Area.id).where(areas.visible_to(by))).tuples().all())
        self._called = Called(self._areas, lambda: areas.list_names(session, areas.visible_to(by)))
        self._area_ids = set(self._areas.values())
        self._companies = RememberedCompanies(session)
        sites = session.execute(select(HelmetSite.code, HelmetSite.id, HelmetSite.area_id))
        self._sites = {row.code: (row.id, row.area_id) for row in sites}
        self._surveys: dict[SurveyKey, Known] = {}
        self._sheets: dict[SurveyKey, int] = {}

    def prepare(self, cells: dict[str, Any]) -> SurveyRow:
        """Check a row by itself."""
        check_started(cells["started_at"], self.now)
        survey = (cells["reference"], clock.local_date(cells["started_at"]).year)
        key = (survey, *self._group(cells["group"], cells["role"]))
        site_id = self._site(cells["site_code"], self._called.code_of(cells["area_code"], "area_code"))
        head = (site_id, cells["started_at"], cells["minutes"], cells["method"])
        return SurveyRow(key, dict(zip(HEAD, head, strict=True)), {name: cells[name] for name in SUMS})

    def _group(self, cell: str, role: str) -> tuple[str, str, int | None]:
        group, _, company = cell.partition(":")
        if group not in tuple(RiderGroup) or (company and group != RiderGroup.DELIVERY):
            values = ", ".join((*RiderGroup, f"{RiderGroup.DELIVERY}:CODE"))
            raise Refusal(message("Write one of: %(values)s.", values=values), field="group")
        return group, role, self._companies.find_id(self._companies.code_of(company)) if company else None

    def _site(self, code: str, area_code: str) -> int:
        """Return the site's id; adds one that is not known yet in the area the row names."""
        area_id = self._areas.get(area_code)
        if area_code and area_id is None:
            raise Refusal(message("There is no area with this code."), field="area_code")
        known = self._sites.get(code)
        if known is None:
            if area_id is None:
                raise Refusal(
                    message("This site is not known yet. Enter its area and it will be added."), field="area_code"
                )
            site = HelmetSite(code=code, name=code, area_id=area_id, road_class=RoadClass.UNKNOWN)
            self.session.add(site)
            self.session.flush()
            known = self._sites[code] = (site.id, area_id)
            self.taking.trace.note(Noted(RowAct.ADDED, 0, code, HelmetSite.__tablename__, site.id))
        if known[1] not in self._area_ids:
            raise Refusal(message("There is no site with the code %(code)s.", code=code), field="site_code")
        if area_id is not None and known[1] != area_id:
            raise Refusal(message("This site is in another area."), field="area_code")
        return known[0]

    def key(self, ready: SurveyRow) -> Key:
        """Return reference, group, role and company."""
        return ready.key

    def look_up(self, batch: Sequence[SurveyRow]) -> None:
        """Find the surveys of a batch."""
        self._surveys = self._find_surveys({ready.key[0] for ready in batch})

    def _find_surveys(self, keys: Collection[SurveyKey]) -> dict[SurveyKey, Known]:
        names = ("id", *HEAD, "source", "state")
        columns = [getattr(HelmetSurvey, name) for name in ("reference", "reference_year", *names)]
        found: dict[SurveyKey, Known] = {}
        for batch in bulk.batches(keys):
            query = select(*columns).where(
                HelmetSurvey.reference.in_([reference for reference, _ in batch]),
                HelmetSurvey.reference_year.in_({year for _, year in batch}),
                HelmetSurvey.reference_source == self.taking.source,
            )
            for reference, year, *values in self.session.execute(query):
                found[reference, year] = dict(zip(names, values, strict=True))
        numbers = {key[0]: key for key in keys if key not in found and is_number(key[0], "H")}
        rows = bulk.find_by_key(self.session, HelmetSurvey.number, numbers, *columns[2:])
        found |= {numbers[number]: dict(zip(names, row[1:], strict=True)) for number, row in rows.items()}
        return {key: found[key] for key in keys if key in found}

    def find(self, keys: Collection[Any]) -> dict[Any, Known]:
        """Return the counts of the surveys of a batch, the observers added up; a file's survey has one sheet."""
        references = {survey["id"]: reference for reference, survey in self._surveys.items()}
        query = _summed(HelmetCount.company_id).add_columns(func.min(HelmetCount.id))
        known: dict[Any, Known] = {}
        for ids in bulk.batches(references):
            for survey_id, *cell, helmeted, bare, unclear, count_id in self.session.execute(
                query.where(HelmetSheet.survey_id.in_(ids))
            ):
                reference = references[survey_id]
                sums = dict(zip(SUMS, (helmeted, bare, unclear), strict=True))
                known[reference, *cell] = self._surveys[reference] | sums | {"id": count_id}
        return known

    def facts(self, ready: SurveyRow, known: Known) -> Mapping[str, Any]:
        """Return the survey's head and the counts."""
        return ready.head | ready.sums

    def check_change(self, change: Mapping[str, Any], known: Known) -> None:
        """Raise Refusal at ``reference`` where a file cannot change the survey so."""
        if any(name in change for name in HEAD):
            raise Refusal(
                message("This reference belongs to a survey with a different site, time, length or method."),
                field="reference",
            )
        if known["source"] != SurveySource.FILE:
            raise Refusal(
                message("This survey was counted by hand. A file cannot change it; void it instead."),
                field="reference",
            )
        if known["state"] != SurveyState.COUNTED:
            raise Refusal(
                message("This survey has been voided. Send corrected figures under a new reference."), field="reference"
            )

    def check_new(self, ready: SurveyRow) -> None:
        """Raise Refusal where the survey is another one; its first row says which it is."""
        survey = self._surveys.setdefault(
            ready.key[0], {"source": SurveySource.FILE, "state": SurveyState.COUNTED, **ready.head}
        )
        self.check_change({name: value for name, value in ready.head.items() if survey[name] != value}, survey)

    def add(self, candidates: Sequence[Candidate[SurveyRow]]) -> int:
        """Add counts, and the surveys of references not known yet, each with its sheet."""
        references = {each.ready.key[0]: None for each in candidates}
        self._open({reference: self._surveys[reference] for reference in references})
        number = super().add(candidates)
        self._renew(references)
        return number

    def change(self, changed: Sequence[tuple[SurveyRow, Known]]) -> None:
        """Write known counts as they are now."""
        super().change(changed)
        self._renew({ready.key[0]: None for ready, _ in changed})

    def _renew(self, references: Iterable[SurveyKey]) -> None:
        tallies.renew(self.session, [self._surveys[reference]["id"] for reference in references])

    def _open(self, surveys: Mapping[SurveyKey, Known]) -> None:
        new = {reference: survey for reference, survey in surveys.items() if "id" not in survey}
        bulk.load(
            self.session,
            HelmetSurvey.__table__,
            (
                {
                    "number": new_number("H"),
                    "reference": reference,
                    "reference_year": year,
                    "reference_source": self.taking.source,
                    "occurred_on": clock.local_date(survey["started_utc"]),
                }
                | survey
                for (reference, year), survey in new.items()
            ),
        )
        self._surveys |= self._find_surveys(new)
        self._note_opened(new)
        bulk.load(
            self.session,
            HelmetSheet.__table__,
            (
                {
                    "survey_id": self._surveys[reference]["id"],
                    "key": f"whole-{self._surveys[reference]['id']}",
                    "observer_id": self.by.user_id,
                    "started_utc": survey["started_utc"],
                    "ended_utc": self.now,
                }
                for reference, survey in new.items()
            ),
        )
        sheets = bulk.find_by_key(
            self.session,
            HelmetSheet.survey_id,
            [self._surveys[reference]["id"] for reference in surveys],
            HelmetSheet.id,
        )
        self._sheets = {reference: sheets[self._surveys[reference]["id"]].id for reference in surveys}

    def _note_opened(self, keys: Iterable[SurveyKey]) -> None:
        for reference, year in keys:
            opened = self._surveys[reference, year]["id"]
            self.taking.trace.note(Noted(RowAct.ADDED, 0, reference, HelmetSurvey.__tablename__, opened, 1))

    def values(self, ready: SurveyRow) -> dict[str, Any]:
        """Return the row of a new count."""
        reference, group, role, company_id = ready.key
        return ready.sums | {
            "sheet_id": self._sheets[reference],
            "group": group,
            "role": role,
            "company_id": company_id,
        }


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


def _export(session: Session, by: Actor, now: datetime, month: Month | None, clear: bool) -> Iterable[dict[str, Any]]:
    """Yield what counts (void surveys are left out), the observers of a survey added up."""
    query = (
        _summed(Company.code)
        .add_columns(
            case((HelmetSurvey.reference_source == "", HelmetSurvey.reference), else_=HelmetSurvey.number),
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
        query = query.where(HelmetSurvey.occurred_on.between(month.first, month.last))
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


IMPORTER = Importer(COLUMNS, HelmetImport.run, permission="helmets:survey:import")
EXPORTER = Exporter(COLUMNS, _export, permission="helmets:survey:read", monthly=True)
