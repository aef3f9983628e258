"""Files of violations: their columns, the way in, thousands of rows at a time, and the same columns out.

Decisions, as the documentation tells them:

* The key is ``reference`` with the year of the day and the source, or the public number of a record.
* A row known already changes what is harmless only: place, position, note, and the officer's name of an
  imported record; and it says at what hour of its day a violation was, where that is not known. Any other difference
  is refused: a record found wrong is voided, never overwritten. A day alone takes no known hour away.
* A row older than ``violations.history_days`` is history: it counts, but opens no task and sends no notice.
  History from cameras counts as reviewed. A younger row goes through ``services.record`` with all that follows.
* A recent row that may be of an offence recorded before is taken and said so; nobody is told of it till that is decided
  (``services.doubles``).
* An empty ``company_code`` means the company that engages the rider on that day, ``none`` no company, a code that
  company. One that does not engage the rider is kept as named and waits to be confirmed; where several do and none is
  named, that waits for a decision. An export writes the company that answers or is named, nothing where that is still
  open or no rider is known, else ``none``; a cell left empty says nothing of a record known already.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from functools import cache, partial
from typing import Any

from sqlalchemy.orm import Session

from trafficedu.areas.imports.columns import area_column
from trafficedu.areas.queries.extents import RememberedSurroundings
from trafficedu.areas.queries.tree import RememberedAreas
from trafficedu.companies.imports import company_column
from trafficedu.companies.queries import RememberedCompanies
from trafficedu.configuration.queries import figure, wording
from trafficedu.core import parsing
from trafficedu.core.actors import Actor
from trafficedu.core.clock import local_date
from trafficedu.core.columns import Column, Columns, closed, coordinate_system, coordinates, place_in_wgs84
from trafficedu.core.errors import Refusal
from trafficedu.core.happened_import import HappenedImport
from trafficedu.core.keyed_import import Candidate, Known
from trafficedu.core.numbers import new_number
from trafficedu.core.orm import OCCURRED, OCCURRED_COLUMNS
from trafficedu.core.parsing import Remark, if_given, is_masked
from trafficedu.core.reading import Row
from trafficedu.core.tabular import Exporter, Importer
from trafficedu.core.text import Message, message
from trafficedu.core.traces import Noted, RowAct
from trafficedu.riders.imports.documents import document_columns
from trafficedu.riders.models import Rider
from trafficedu.riders.queries.engagements import spans_of
from trafficedu.riders.queries.plates import PLACE
from trafficedu.riders.rules import CompanyKnown, EngagementSpan, searched_plate, with_place
from trafficedu.riders.services.people import NewRider
from trafficedu.violations.imports.exporting import count_rows, list_rows
from trafficedu.violations.imports.people import People, Person
from trafficedu.violations.models.records import Violation
from trafficedu.violations.queries.doubles import pairs_of
from trafficedu.violations.queries.kinds import RememberedKinds
from trafficedu.violations.rules.states import (
    IdentityState,
    MissingPapers,
    Offender,
    PairState,
    Penalty,
    Source,
    ViolationState,
)
from trafficedu.violations.services.recording import NewViolation, Prepared, company_of, prepare, record
from trafficedu.violations.services.unnamed import Described


def _company(cell: parsing.Cell) -> str | None:
    """Return the code, "" for ``none``, None for an empty cell."""
    return "" if parsing.is_none(cell) else parsing.identifier(cell) or None


UNPLATED = frozenset({"无", "无牌", "无号牌", "未上牌", "未挂牌", "未悬挂号牌", "没有", "-", "/"})
"""What people write where an e-bike bears no plate."""


def plate(cell: parsing.Cell) -> str:
    """Return what a cell says of the plate, "" where it says that there is none."""
    written = parsing.identifier(cell)
    return "" if written in UNPLATED else written


COLUMNS = Columns(
    Column(
        "reference",
        parsing.needed(60),
        title=message("Record number"),
        headings=("编号", "案件号", "记录编号", "来源编号", "决定书编号", "序号"),
        note=message("What the source calls this record; the same record keeps it in every file."),
        example="CAM-2026-0017",
    ),
    Column(
        "occurred_at",
        parsing.moment,
        title=message("Time of the violation"),
        headings=("发生时间", "时间", "违法日期", "抓拍时间", "查处时间"),
        note=message("Day and time. A day alone stands where nobody knows the hour."),
        example="2026-11-23 21:05",
    ),
    area_column(),
    Column(
        "place", parsing.prose(120), optional=True, title=message("Place"), headings=("违法地点", "路段", "地点名称")
    ),
    *coordinates(),
    Column(
        "kind",
        parsing.identifier,
        title=message("Kind of violation"),
        headings=("违法行为", "违法种类", "违法代码", "违法行为代码", "违法类型"),
        note=message("Its code or its name in the catalogue."),
        example="2007",
    ),
    Column("plate", plate, optional=True, title=message("Plate"), headings=("车牌", "号牌", "号牌号码")),
    closed(
        "offender",
        Offender,
        default=Offender.RIDER,
        title=message("Whose violation"),
        headings=("违法人", "当事人身份", "驾乘身份"),
        also={"骑手": Offender.RIDER, "骑行人": Offender.RIDER, "乘客": Offender.PASSENGER, "乘员": Offender.PASSENGER},
    ),
    *document_columns(optional=True),
    replace(
        company_column(),
        read=_company,
        note=message("Empty: as engaged on that day. “none”: no company. Else its code or its full name."),
    ),
    closed(
        "source",
        Source,
        default=Source.IMPORT,
        title=message("How it was found"),
        headings=("来源", "查处方式", "数据来源"),
        also={"现场": Source.FIELD, "电子警察": Source.CAMERA, "抓拍": Source.CAMERA, "导入": Source.IMPORT},
    ),
    closed(
        "penalty",
        Penalty,
        title=message("Penalty"),
        headings=("处罚", "处罚种类", "处理结果", "处罚结果"),
        also={"教育": Penalty.EDUCATION},
    ),
    Column(
        "fine_yuan",
        if_given(parsing.whole(most=999_999)),
        optional=True,
        title=message("Fine in yuan"),
        headings=("罚款金额", "金额", "罚款元"),
        note=message("Only where the penalty is a fine."),
        example="20",
        number=True,
    ),
    Column(
        "officer", parsing.text(60), optional=True, title=message("Officer"), headings=("执法人", "警员", "执勤民警")
    ),
    Column("note", parsing.prose(500), optional=True, title=message("Note"), headings=("说明",)),
    closed(
        "papers",
        MissingPapers,
        default="",
        title=message("Why there are no papers"),
        headings=("无证件原因", "未出示证件"),
        note=message("Only where nobody knows yet who it was. The document stays empty then."),
    ),
    coordinate_system(),
)

FIXED = {
    OCCURRED: "occurred_at",
    "area_id": "area_code",
    "kind_id": "kind",
    "plate": "plate",
    "offender": "offender",
    "named_company_id": "company_code",
    "company_known": "company_code",
    "source": "source",
    "penalty": "penalty",
    "fine_yuan": "fine_yuan",
    "rider_id": "id_number",
}
"""What must not differ in a record known already -> the column that says so."""
NOTED = {
    CompanyKnown.ENGAGED: message("Rows whose company was taken from the rider's engagement on that day: %(count)d."),
    CompanyKnown.NAMED: message(
        "Rows that name a company which does not engage the rider on that day: %(count)d. The company stays named, "
        "unconfirmed; notices are held until it is confirmed."
    ),
    CompanyKnown.AMBIGUOUS: message(
        "Rows that name no company while several engage the rider on that day: %(count)d. Notices are held until one "
        "of them is chosen."
    ),
}
WITHOUT_COMPANY = (CompanyKnown.NONE, CompanyKnown.NOBODY)


class ViolationImport(HappenedImport[Prepared[Person]]):
    """Looks up for recording what repeats in a file (areas, kinds, companies, people) once, and remembers it."""

    columns, model, letter, action = COLUMNS, Violation, "V", "violations:violation:import"
    changeable = ("place", "note", "latitude", "longitude", "officer", *OCCURRED_COLUMNS)
    compared = (*(name for name in FIXED if name != OCCURRED), *changeable, "officer_id", "company_id")
    fields = FIXED

    def __init__(self, session: Session, by: Actor, now: datetime, skip_errors: bool) -> None:
        super().__init__(session, by, now, skip_errors)
        self._people = People(session, now)
        self._spans: Mapping[int, Sequence[EngagementSpan]] = {}
        self._known: Counter[CompanyKnown] = Counter()
        self._doubled = 0
        self._history_before = local_date(now) - timedelta(days=figure(session, "violations.history_days"))
        self._areas, self._kinds = RememberedAreas(session, by), RememberedKinds(session)
        self._companies = RememberedCompanies(session)
        self.area, self.kind, self.company = self._areas.find, self._kinds.find_on, self._companies.find_id
        self.surroundings = RememberedSurroundings(session).of
        self.figure = cache(partial(figure, session))
        self._plate_place = wording(session, PLACE)

    def rider(self, new: NewViolation) -> Person | None:
        """Return who a row names."""
        return self._people.read(new.rider)

    def birth_date(self, rider: Person) -> date | None:
        """Return what the document tells."""
        return rider.birth_date

    def prepare(self, cells: dict[str, Any]) -> Prepared[Person]:
        """Check a row as a record; see :func:`violations.services.recording.prepare`."""
        id_type, id_number, name, phone = (cells.pop(column) for column in ("id_type", "id_number", "name", "phone"))
        rider = NewRider(id_type, id_number, name, "" if is_masked(phone) else phone) if id_number else None
        occurred, kind = cells.pop("occurred_at"), self._kinds.code_of(cells.pop("kind"))
        cells["area_code"] = self._areas.code_of(cells["area_code"])
        if cells["company_code"]:
            cells["company_code"] = self._companies.code_of(cells["company_code"])
        place_in_wgs84(cells)
        cells["plate"] = with_place(searched_plate(cells["plate"]), self._plate_place) or cells["plate"]
        new = NewViolation(
            kind_code=kind,
            occurred_utc=occurred.utc,
            hour_known=occurred.hour_known,
            rider=rider,
            described=Described() if rider is not None else Described(name, phone),
            reference_source=self.taking.source,
            **cells,
        )
        return prepare(new, self, self.now)

    def look_up(self, batch: Sequence[Prepared[Person]]) -> None:
        """Find the riders of a batch."""
        super().look_up(batch)
        self._people.find(ready.rider for ready in batch)

    def reference(self, ready: Prepared[Person]) -> str:
        """Return the reference."""
        return ready.new.reference or ""

    def day(self, ready: Prepared[Person]) -> date:
        """Return the day."""
        day: date = ready.values["occurred_on"]
        return day

    def values(self, ready: Prepared[Person]) -> dict[str, Any]:
        """Return the row of a piece of history."""
        rider_id = self._people.id_of(ready.rider)
        return (
            ready.values
            | self._company(ready, rider_id)
            | {
                "number": new_number("V"),
                "rider_id": rider_id,
                "historic": True,
                "identity": IdentityState.GIVEN_UP if ready.rider is None and ready.new.papers else None,
                "state": ViolationState.CONFIRMED,
                "recorded_utc": self.now,
            }
        )

    def _company(self, ready: Prepared[Person], rider_id: int | None) -> dict[str, Any]:
        """Return which company answers, as :func:`company_of` does."""
        day, engaging = ready.values["occurred_on"], None
        if ready.rider is not None:
            spans = self._spans.get(rider_id, ()) if rider_id is not None else ()
            engaging = {span.company_id for span in spans if span.days.holds_on(day)}
        return company_of(ready.new, ready.values["named_company_id"], engaging)

    def facts(self, ready: Prepared[Person], known: Known) -> Mapping[str, Any]:
        """Return what a row says; a masked document says nothing, nor does the name of an officer with an account.

        Nor a plate that is known without the name of the district, from before that was configured; nor an empty
        company: a company is the one that the record names or, after a decision, another that answers.
        """
        said = {name: ready.values[name] for name in (*FIXED, *self.changeable) if name in ready.values}
        facts = self.with_moment(said, ready.values, known)
        if facts["plate"] == with_place(known["plate"], self._plate_place):
            facts["plate"] = known["plate"]
        named = facts.pop("named_company_id")
        if named is not None and named not in (known["named_company_id"], known["company_id"]):
            facts["named_company_id"] = named
        elif ready.new.company_code == "" and known["company_known"] not in WITHOUT_COMPANY:
            facts["company_known"] = CompanyKnown.NONE
        if known["officer_id"] is not None:
            del facts["officer"]
        if ready.rider is not None and ready.rider.key:
            facts["rider_id"] = self._people.id_of(ready.rider)
        return facts

    def check_change(self, change: Mapping[str, Any], known: Known) -> None:
        """Raise Refusal at what is not harmless."""
        fixed = dict(FIXED)
        if OCCURRED in change and not known["hour_known"] and change[OCCURRED].day == known["occurred_on"]:
            del fixed[OCCURRED]
        fault = next((column for name, column in fixed.items() if name in change), None)
        if fault is not None:
            raise Refusal(
                message(
                    "This record already exists with a different value here. A file cannot overwrite a record. If "
                    "the record is wrong, void it on its page."
                ),
                field=fault,
                value="" if fault == "id_number" else None,
            )

    def check_new(self, ready: Prepared[Person]) -> None:
        """Raise Refusal where the rider cannot be told."""
        self._people.check_new(ready.rider)

    def add(self, candidates: Sequence[Candidate[Prepared[Person]]]) -> int:
        """Add history in bulk, and record what is recent as an officer would, each in a savepoint of its own."""
        history = [each for each in candidates if each.ready.values["occurred_on"] < self._history_before]
        riders = (self._people.id_of(each.ready.rider) for each in history)
        self._spans = spans_of(self.session, (rider_id for rider_id in riders if rider_id is not None))
        for each in history:
            company = self._company(each.ready, self._people.id_of(each.ready.rider))
            self._count_company(each.ready, company["company_known"])
        if self.writes:
            for rider_id in self._people.register(each.ready.rider for each in history):
                self.taking.trace.note(Noted(RowAct.ADDED, 0, "", Rider.__tablename__, rider_id))
        added = super().add(history)
        self._people.forget_new()
        made = {}
        for each in candidates:
            if each.ready.values["occurred_on"] >= self._history_before:
                made[self._record(each)] = each.row
        made.pop(None, None)
        self._note_doubles(made)
        return added + len(made)

    def _note_doubles(self, made: Mapping[int | None, Row]) -> None:
        """Say in the report which rows wait since they may be of an offence that was recorded before."""
        keys = [key for key in made if key is not None]
        for pair in pairs_of(self.session, keys, PairState.OPEN):
            if pair.second_id in made:
                text = message(
                    "May be the same offence as %(number)s: it waits for a decision.", number=pair.first.number
                )
                remark = Remark(text, None)
                remark.field = "reference"
                self.report.remark(made[pair.second_id], remark)
                self._doubled += 1

    def _record(self, candidate: Candidate[Prepared[Person]]) -> int | None:
        try:
            with self.session.begin_nested():
                made = record(self.session, candidate.ready.new, self.by, self.now)
        except Refusal as error:
            self.refuse(candidate.row, error)
            return None
        self.note_added(candidate.row, made.id)
        self._count_company(candidate.ready, made.company_known)
        return made.id

    def _count_company(self, ready: Prepared[Person], known: CompanyKnown) -> None:
        if known in NOTED and (known != CompanyKnown.ENGAGED or ready.new.company_code is None):
            self._known[known] += 1

    def finish(self) -> None:
        """Say in the report where companies come from, and which of them wait for a decision."""
        for known, text in NOTED.items():
            if count := self._known[known]:
                self.report.remark_file(Message(text.msgid, {"count": count}))
        if self._doubled:
            text = message("Rows that may be of an offence recorded before, and wait for a decision: %(count)d.")
            self.report.remark_file(text.filled(count=self._doubled))


IMPORTER = Importer(COLUMNS, ViolationImport.run, permission="violations:violation:import")
EXPORTER = Exporter(
    COLUMNS,
    list_rows,
    permission="violations:violation:export",
    clear_permission="riders:identity:export",
    monthly=True,
    count=count_rows,
)
