"""Riders as a table: one row an engagement, or one row for a rider without any; keyed by the identity document.

An export masks number, name and phone, and a masked cell means "unchanged" when it comes in again. A masked
number cannot be a key, so the cell carries the rider's public number as well: ``990*************12#R0123456789A``.
With the permission for clear values the number itself stands there. An empty cell leaves what is known; ``none`` as
``engaged_to`` takes a last day away again.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session

from trafficedu.areas.imports.columns import area_column
from trafficedu.areas.models import Area
from trafficedu.areas.queries.tree import list_names
from trafficedu.companies.imports import company_column
from trafficedu.companies.queries import RememberedCompanies
from trafficedu.core import bulk, parsing
from trafficedu.core.actors import Actor, at_or_below
from trafficedu.core.called import Called
from trafficedu.core.clock import local_date
from trafficedu.core.columns import Column, Columns, closed
from trafficedu.core.corrections import HeldCorrections
from trafficedu.core.doubles import SeenKeys
from trafficedu.core.errors import Refusal
from trafficedu.core.keyed_import import FileImport, said_twice
from trafficedu.core.orm import Base
from trafficedu.core.parsing import if_given, is_masked
from trafficedu.core.personal import mask_identity
from trafficedu.core.reading import Row
from trafficedu.core.services import services_of
from trafficedu.core.tabular import Exporter, Importer
from trafficedu.core.text import message
from trafficedu.core.traces import Noted, RowAct, plain
from trafficedu.riders import rules
from trafficedu.riders.imports.documents import document_columns
from trafficedu.riders.imports.known import (
    Entry,
    Known,
    gaps_only,
    has_phone,
    known_riders,
    new_rider,
    tell,
    write_changed,
)
from trafficedu.riders.imports.listing import list_rows
from trafficedu.riders.models import Engagement, Rider
from trafficedu.riders.queries import people as queries
from trafficedu.riders.queries.people import PHONE
from trafficedu.riders.services import engagements, people

MASKED_KEY = re.compile(r"#(R[0-9A-Z]{11})$")
NO_LAST_DAY = date.max
"""What ``none`` as ``engaged_to`` is read as: the engagement goes on, whatever was known."""


def _last_day(cell: parsing.Cell) -> date:
    return NO_LAST_DAY if parsing.is_none(cell) else parsing.day(cell)


COLUMNS = Columns(
    *document_columns(),
    area_column(optional=True, name="home_area_code", title=message("Home village (code)")),
    company_column(),
    Column(
        "engaged_from",
        if_given(parsing.day),
        optional=True,
        title=message("Works there since"),
        headings=("入职日期", "入职时间", "从业开始"),
        example="2026-09-01",
    ),
    Column(
        "engaged_to",
        if_given(_last_day),
        optional=True,
        title=message("Works there until"),
        headings=("离职日期", "离职时间", "从业结束"),
        note=message("Empty, what is known stays; “none” takes a last day away again."),
    ),
    closed(
        "legal_basis",
        rules.LegalBasis,
        optional=True,
        title=message("Legal basis"),
        headings=("合法性基础", "告知依据", "依据"),
        note=message("Why the company may be told of violations; without one its notices wait."),
    ),
)


class RiderImport(FileImport):
    """Riders and their engagements, set by set.

    Publishes the events of a legal basis or home village for riders known before. Somebody who registers one of the
    new riders at the same moment makes the file fail as a whole; run it again.
    """

    columns, action = COLUMNS, "riders:rider:import"

    def __init__(self, session: Session, by: Actor, now: datetime, skip_errors: bool) -> None:
        super().__init__(session, by, now, skip_errors)
        self._companies, self._seen = RememberedCompanies(session), SeenKeys()
        self._labels: dict[int, str] = {}
        self._held = HeldCorrections(session, Rider.__tablename__)
        self._held_work = HeldCorrections(session, Engagement.__tablename__)
        living: ColumnElement[bool] = Area.valid_to.is_(None)
        if by.scope.area_path is not None:
            living &= at_or_below(Area.path, by.scope.area_path)
        self._areas = dict(session.execute(select(Area.code, Area.id).where(living)).tuples().all())
        self._called = Called(self._areas, lambda: list_names(session, living))

    def take(self, rows: Sequence[Row]) -> None:
        """Compare a batch with what is known, count it, and write the difference."""
        entries: list[Entry] = []
        for row in rows:
            try:
                entries.append(self._understand(row, self.read(row)))
            except Refusal as error:
                self.refuse(row, error)
        entries = self._once(entries)
        self._labels = {entry.row.line: self.label(entry.row) for entry in entries}
        session = self.session
        known = known_riders(session, entries, self.by, self.now)
        self._held.meet([rider.id for rider in known.values()])
        self._held_work.meet([span.id for rider in known.values() for span in rider.spans])
        fresh: dict[str, Known] = {}
        for entry in entries:
            self._take_entry(entry, known, fresh)
        held = list({rider.id: rider for rider in known.values()}.values())
        people.register_many(session, {key: rider.given for key, rider in fresh.items()}, self.now)
        for key, rider_id in queries.find_ids_by_identity_key(session, fresh.keys()).items():
            fresh[key].id = rider_id
        self._note_riders(fresh.values(), held)
        write_changed(session, [rider for rider in held if rider.changed])
        self._write_engagements([*fresh.values(), *held])
        session.expire_all()
        tell(session, held, self.by, self.now)

    def _once(self, entries: Sequence[Entry]) -> list[Entry]:
        """Return the rows without those that an earlier line of the file has said, which are refused."""
        earlier = self._seen.earlier([(entry.once, entry.row.line) for entry in entries])
        for entry in entries:
            line = entry.row.line
            if line in earlier:
                self.refuse(entry.row, Refusal(said_twice(line, earlier[line]), field="id_number", value=""))
        return [entry for entry in entries if entry.row.line not in earlier]

    def _take_entry(self, entry: Entry, known: Mapping[str, Known], fresh: dict[str, Known]) -> None:
        rider = known.get(entry.key) or fresh.get(entry.key)
        try:
            if rider is None:
                rider = fresh[entry.key] = new_rider(entry)
                self._engage(rider, entry)
                outcome = "added"
            else:
                outcome = self._compare(rider, entry)
        except Refusal as error:
            self.refuse(entry.row, error)
        else:
            setattr(self.report, outcome, getattr(self.report, outcome) + 1)

    def label(self, row: Row) -> str:
        """Return the document, masked."""
        number = row["id_number"]
        return number if is_masked(number) else mask_identity(number)

    def _compare(self, rider: Known, entry: Entry) -> str:
        """Take a row's differences into ``rider``; returns which count it belongs to."""
        before = rider.given
        people.check_name(self.session, rider.id, before.name, entry.given.name)
        given = self._below_corrections(rider, entry, entry.given if rider.own else gaps_only(rider, entry.given))
        outcome = self._engage(rider, entry)
        new_phone = bool(given.phone) and not has_phone(self.session, rider, given.phone)
        merged = replace(
            before,
            phone=given.phone if new_phone else before.phone,
            home_area_id=given.home_area_id or before.home_area_id,
            birth_date=before.birth_date or given.birth_date,
        )
        if merged == before:
            return outcome
        rider.moved = rider.moved or merged.home_area_id != before.home_area_id
        rider.given, rider.changed, rider.line = merged, True, entry.row.line
        return "updated" if outcome == "unchanged" else outcome

    def _below_corrections(self, rider: Known, entry: Entry, given: people.NewRider) -> people.NewRider:
        """Return what a row says, less what somebody corrected: that the source says so is kept below it."""
        for name in [name for name in self._held.fields(rider.id) if getattr(given, name, None)]:
            said = getattr(given, name)
            if name != "name" and self._held.said(rider.id, name, said, self.now):
                self._note(RowAct.KEPT, entry.row.line, rider.id, {}, {name: said})
            if name == "home_area_id":
                given = replace(given, home_area_id=None)
            elif name == "phone":
                given = replace(given, phone="")
        return given

    def _engage(self, rider: Known, entry: Entry) -> str:
        """Take an engagement into ``rider``; raises Refusal where the same company's would overlap."""
        work = entry.work
        if work is None:
            return "unchanged"
        own = [span for span in rider.spans if span.company_id == work.company_id]
        same = next((span for span in own if span.engaged_from == work.engaged_from), None)
        if same is None:
            last = None if work.engaged_to == NO_LAST_DAY else work.engaged_to
            span = rules.EngagementSpan(0, work.company_id, work.engaged_from, last, work.legal_basis)
        else:
            given = ((name, getattr(work, name)) for name in ("engaged_to", "legal_basis"))
            said: dict[str, Any] = {name: None if value == NO_LAST_DAY else value for name, value in given if value}
            for name in [name for name in self._held_work.fields(same.id) if name in said]:
                value = said.pop(name)
                if self._held_work.said(same.id, name, value, self.now):
                    self._note(RowAct.KEPT, entry.row.line, same.id, {}, {name: value}, Engagement)
            span = replace(same, **said)
        if span == same:
            return "unchanged"
        for other in own:
            if other is not same and other.days.overlaps(span.days):
                raise engagements.already_engaged(other.engaged_from)
        rider.spans = [*(other for other in rider.spans if other is not same), span]
        rider.lines[span.company_id, span.engaged_from] = entry.row.line
        return "added" if same is None else "updated"

    def _note_riders(self, fresh: Iterable[Known], held: Sequence[Known]) -> None:
        for rider in fresh:
            self._note(RowAct.ADDED, rider.line, rider.id, {}, {})
        changed = {rider.id: rider for rider in held if rider.changed}
        columns = (Rider.phone_cipher, Rider.home_area_id, Rider.birth_date)
        keyring = services_of(self.session).keyring
        for key, row in bulk.find_by_key(self.session, Rider.id, changed, *columns).items():
            given = changed[key].given
            before = {"home_area_id": row.home_area_id, "birth_date": row.birth_date}
            after = {name: getattr(given, name) for name in before}
            if given.phone:
                before["phone"] = keyring.decrypt(row.phone_cipher, PHONE) if row.phone_cipher else ""
                after["phone"] = given.phone
            differing = [name for name in before if before[name] != after[name]]
            self._note(
                RowAct.UPDATED,
                changed[key].line,
                key,
                {name: before[name] for name in differing},
                {name: after[name] for name in differing},
            )

    def _write_engagements(self, riders: Iterable[Known]) -> None:
        """Add the new engagements of a batch, and write the changed ones."""
        added, changed = [], []
        origin = {"source": rules.EngagementSource.FILE, "recorded_utc": self.now, "recorded_by_id": self.by.user_id}
        for rider in riders:
            for span in rider.spans:
                line = rider.lines.get((span.company_id, span.engaged_from), rider.line)
                days = {"engaged_to": span.engaged_to, "legal_basis": span.legal_basis}
                if not span.id:
                    own = {"rider_id": rider.id, "company_id": span.company_id, "engaged_from": span.engaged_from}
                    added.append((line, own | days | origin))
                elif (old := rider.spans_before[span.id]) != span:
                    changed.append({"id": span.id} | days)
                    before = {name: getattr(old, name) for name in days}
                    self._note(RowAct.UPDATED, line, span.id, before, days, Engagement)
        ids = bulk.reserve_ids(self.session, Engagement.__table__, len(added)) if added else ()
        rows = ({"id": key} | row for key, (_, row) in zip(ids, added, strict=True))
        bulk.load(self.session, Engagement.__table__, rows)
        bulk.change(self.session, Engagement.__table__, changed)
        for key, (line, _) in zip(ids, added, strict=True):
            self._note(RowAct.ADDED, line, key, {}, {}, Engagement)

    def _note(
        self,
        act: RowAct,
        line: int,
        key: int,
        before: Mapping[str, Any],
        after: Mapping[str, Any],
        model: type[Base] = Rider,
    ) -> None:
        old, new = ({name: plain(value) for name, value in values.items()} for values in (before, after))
        noted = Noted(
            act, line, self._labels.get(line, ""), model.__tablename__, key, None, old, new, sealed=model is Rider
        )
        self.taking.trace.note(noted)

    def _understand(self, row: Row, cells: dict[str, Any]) -> Entry:
        """Check the cells of a row by themselves; raises Refusal."""
        id_type, number, name, phone = (cells[column] for column in ("id_type", "id_number", "name", "phone"))
        masked = is_masked(number)
        given = people.NewRider(
            id_type=id_type,
            id_number="" if masked else rules.normalise_identity(id_type, number, local_date(self.now)),
            name="" if is_masked(name) else name,
            phone="" if is_masked(phone) else phone,
            home_area_id=self._area(self._called.code_of(cells["home_area_code"], "home_area_code")),
        )
        work = self._work(cells)
        if not masked:
            given = replace(given, birth_date=rules.birth_date_of(id_type, given.id_number))
            return Entry(row, rules.identity_key(id_type, given.id_number), given, work)
        found = MASKED_KEY.search(number)
        if found is None:
            raise Refusal(
                message("A masked number must end with # and the rider's number, as in exports."),
                field="id_number",
                value="",
            )
        return Entry(row, found[1], given, work)

    def _area(self, code: str) -> int | None:
        if code and code not in self._areas:
            raise Refusal(
                message("There is no area with the code %(code)s in your post at present.", code=code),
                field="home_area_code",
            )
        return self._areas[code] if code else None

    def _work(self, cells: dict[str, Any]) -> engagements.NewEngagement | None:
        """Return the engagement a row tells of; None for a last day or basis left empty."""
        first, last, basis = cells["engaged_from"], cells["engaged_to"], cells["legal_basis"]
        if not cells["company_code"] or parsing.is_none(cells["company_code"]):
            for column in ("engaged_from", "engaged_to", "legal_basis"):
                if cells[column]:
                    raise Refusal(message("An engagement needs a company. Fill in company_code."), field=column)
            return None
        if first is None:
            raise Refusal(message("An engagement needs a first day. Fill in engaged_from."), field="engaged_from")
        company_id = self._companies.find_id(self._companies.code_of(cells["company_code"]))
        work = engagements.NewEngagement(company_id, first, last, basis)
        engagements.check_engagement(first, last, basis)
        return work


IMPORTER = Importer(COLUMNS, RiderImport.run, "riders:rider:import")
EXPORTER = Exporter(COLUMNS, list_rows, "riders:rider:export", "riders:identity:export")
