"""Riders as a table: one row an engagement, or one row for a rider without any; keyed by the identity document.

An export masks number, name and phone, and a masked cell means "unchanged" when it comes in again. A masked
number cannot be a key, so the cell carries the rider's public number as well: ``990*************12#R0123456789A``.
With the permission for clear values the number itself stands there. An empty cell leaves what is known.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from trafficedu.areas.models import Area
from trafficedu.companies.queries import RememberedCompanies
from trafficedu.core import bulk, parsing
from trafficedu.core.actors import Actor, at_or_below
from trafficedu.core.clock import local_date
from trafficedu.core.columns import Column, Columns
from trafficedu.core.errors import Refusal
from trafficedu.core.events import publish
from trafficedu.core.keyed_import import FileImport
from trafficedu.core.parsing import if_given, is_masked, unless_masked
from trafficedu.core.services import services_of
from trafficedu.core.tabular import Exporter, Importer, Row
from trafficedu.core.text import message
from trafficedu.riders import rules
from trafficedu.riders.events import HomeVillageRecorded, LegalBasisRecorded
from trafficedu.riders.imports.listing import list_rows
from trafficedu.riders.models import Engagement, Rider
from trafficedu.riders.queries import engagements as engagement_queries
from trafficedu.riders.queries import people as queries
from trafficedu.riders.queries.people import PHONE
from trafficedu.riders.services import engagements, people

MASKED_KEY = re.compile(r"#(R[0-9A-Z]{11})$")
COLUMNS = Columns(
    Column("id_type"),
    Column("id_number"),
    Column("name", unless_masked(rules.normalise_name)),
    Column("phone", unless_masked(rules.normalise_phone), optional=True),
    Column("home_area_code", optional=True),
    Column("company_code", optional=True),
    Column("engaged_from", if_given(parsing.day), optional=True),
    Column("engaged_to", if_given(parsing.day), optional=True),
    Column("legal_basis", if_given(parsing.as_text), optional=True),
)


@dataclass(frozen=True)
class _Entry:
    """A row understood. ``key`` is an identity key, or the rider's public number where the document is masked."""

    row: Row
    key: str
    given: people.NewRider
    work: engagements.NewEngagement | None


@dataclass
class _Known:
    """A rider as the database will have it after the rows read so far; ``id`` is 0 until it is written.

    ``own``: who imports could open the rider's page. Of anybody else's rider a file fills gaps only, as
    ``services.register`` does: the document alone is no leave to rename or move somebody.
    """

    id: int
    given: people.NewRider
    own: bool = True
    phone_hash: str | None = None
    changed: bool = False
    moved: bool = False
    spans: list[rules.EngagementSpan] = field(default_factory=list)
    spans_before: dict[int, rules.EngagementSpan] = field(default_factory=dict)


class RiderImport(FileImport):
    """Riders and their engagements, set by set.

    Publishes the events of a legal basis or home village for riders known before. Somebody who registers one of the
    new riders at the same moment makes the file fail as a whole; run it again.
    """

    columns, action = COLUMNS, "riders:rider:import"

    def __init__(self, session: Session, by: Actor, now: datetime, skip_errors: bool) -> None:
        super().__init__(session, by, now, skip_errors)
        self._companies = RememberedCompanies(session)
        living = select(Area.code, Area.id).where(Area.valid_to.is_(None))
        if by.scope.area_path is not None:
            living = living.where(at_or_below(Area.path, by.scope.area_path))
        self._areas = dict(session.execute(living).tuples().all())

    def take(self, rows: Sequence[Row]) -> None:
        """Compare a batch with what is known, count it, and write the difference."""
        entries: list[_Entry] = []
        for row in rows:
            try:
                entries.append(self._understand(row, COLUMNS.read(row.values)))
            except Refusal as error:
                self.refuse(row, error)
        session = self.session
        known = _known(session, entries, self.by, self.now)
        fresh: dict[str, _Known] = {}
        for entry in entries:
            rider = known.get(entry.key) or fresh.get(entry.key)
            try:
                if rider is None:
                    rider = fresh[entry.key] = _new_rider(entry)
                    _engage(rider, entry.work)
                    outcome = "added"
                else:
                    outcome = _compare(session, rider, entry)
            except Refusal as error:
                self.refuse(entry.row, error)
            else:
                setattr(self.report, outcome, getattr(self.report, outcome) + 1)
        held = list({rider.id: rider for rider in known.values()}.values())
        people.register_many(session, {key: rider.given for key, rider in fresh.items()}, self.now)
        for key, rider_id in queries.find_ids_by_identity_key(session, fresh.keys()).items():
            fresh[key].id = rider_id
        _write_changed(session, [rider for rider in held if rider.changed])
        _write_engagements(session, [*fresh.values(), *held])
        session.expire_all()
        _publish(session, held, self.by, self.now)

    def _understand(self, row: Row, cells: dict[str, Any]) -> _Entry:
        """Check the cells of a row by themselves; raises Refusal."""
        id_type, number, name, phone = (cells[column] for column in ("id_type", "id_number", "name", "phone"))
        masked = is_masked(number)
        given = people.NewRider(
            id_type=id_type,
            id_number="" if masked else rules.normalise_identity(id_type, number, local_date(self.now)),
            name="" if is_masked(name) else name,
            phone="" if is_masked(phone) else phone,
            home_area_id=self._area(cells["home_area_code"]),
        )
        work = self._work(cells)
        if not masked:
            given = replace(given, birth_date=rules.birth_date_of(id_type, given.id_number))
            return _Entry(row, rules.identity_key(id_type, given.id_number), given, work)
        found = MASKED_KEY.search(number)
        if found is None:
            raise Refusal(
                message("A masked number must end with # and the rider's number, as in exports."),
                field="id_number",
                value="",
            )
        return _Entry(row, found[1], given, work)

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
        if not cells["company_code"]:
            for column in ("engaged_from", "engaged_to", "legal_basis"):
                if cells[column]:
                    raise Refusal(message("An engagement needs a company. Fill in company_code."), field=column)
            return None
        if first is None:
            raise Refusal(message("An engagement needs a first day. Fill in engaged_from."), field="engaged_from")
        work = engagements.NewEngagement(self._companies.find_id(cells["company_code"]), first, last, basis)
        engagements.check_engagement(first, last, basis)
        return work


def _known(session: Session, entries: Sequence[_Entry], by: Actor, now: datetime) -> dict[str, _Known]:
    """Return the riders of a batch that exist, by the keys of its entries; their rows are locked."""
    ids = queries.find_ids_by_identity_key(session, {entry.key for entry in entries if entry.given.id_number})
    numbers = {entry.key for entry in entries if not entry.given.id_number}
    if numbers:
        seen = select(Rider.number, Rider.id).where(Rider.number.in_(numbers), queries.visible_to(by, now))
        ids |= {row.number: row.id for row in session.execute(seen)}
    own = queries.visible_to(by, now).label("own")
    columns = (Rider.id, Rider.name, Rider.phone_hash, Rider.home_area_id, Rider.birth_date, own)
    riders = select(*columns).order_by(Rider.id).with_for_update(of=Rider)
    held = {
        row.id: _Known(
            id=row.id,
            given=people.NewRider("", "", row.name, "", row.home_area_id, row.birth_date),
            own=bool(row.own),
            phone_hash=row.phone_hash,
        )
        for batch in bulk.batches(sorted(set(ids.values())))
        for row in session.execute(riders.where(Rider.id.in_(batch)))
    }
    for rider_id, spans in engagement_queries.spans_of(session, held).items():
        held[rider_id].spans = spans
        held[rider_id].spans_before = {span.id: span for span in spans}
    return {key: held[rider_id] for key, rider_id in ids.items()}


def _new_rider(entry: _Entry) -> _Known:
    if not entry.given.id_number:
        raise Refusal(message("This rider does not exist."), field="id_number", value="")
    if not entry.given.name:
        raise Refusal(message("This rider is not registered yet. Enter the name unmasked."), field="name", value="")
    if is_masked(entry.row["phone"]):
        raise Refusal(
            message("This rider is not registered yet. Enter the phone unmasked, or leave it empty."), field="phone"
        )
    return _Known(id=0, given=entry.given)


def _compare(session: Session, rider: _Known, entry: _Entry) -> str:
    """Take a row's differences into ``rider``; returns which count it belongs to."""
    given, before = entry.given if rider.own else _gaps_only(rider, entry.given), rider.given
    outcome = _engage(rider, entry.work)
    new_phone = bool(given.phone) and not _has_phone(session, rider, given.phone)
    merged = replace(
        before,
        name=given.name or before.name,
        phone=given.phone if new_phone else before.phone,
        home_area_id=given.home_area_id or before.home_area_id,
        birth_date=before.birth_date or given.birth_date,
    )
    if merged == before:
        return outcome
    rider.moved = rider.moved or merged.home_area_id != before.home_area_id
    rider.given, rider.changed = merged, True
    return "updated" if outcome == "unchanged" else outcome


def _gaps_only(rider: _Known, given: people.NewRider) -> people.NewRider:
    """Return what a file may add to a rider at home elsewhere; raises Refusal where the name is another."""
    people.check_name(rider.given.name, given.name)
    return replace(
        given,
        name="",
        phone="" if rider.phone_hash or rider.given.phone else given.phone,
        home_area_id=None if rider.given.home_area_id else given.home_area_id,
    )


def _has_phone(session: Session, rider: _Known, phone: str) -> bool:
    if rider.given.phone:
        return rider.given.phone == phone
    return rider.phone_hash in services_of(session).keyring.lookup_hashes(phone, PHONE)


def _engage(rider: _Known, work: engagements.NewEngagement | None) -> str:
    """Take an engagement into ``rider``; raises Refusal where the same company's would overlap."""
    if work is None:
        return "unchanged"
    own = [span for span in rider.spans if span.company_id == work.company_id]
    same = next((span for span in own if span.engaged_from == work.engaged_from), None)
    if same is None:
        span = rules.EngagementSpan(0, work.company_id, work.engaged_from, work.engaged_to, work.legal_basis)
    else:
        span = replace(
            same,
            engaged_to=work.engaged_to or same.engaged_to,
            legal_basis=work.legal_basis or same.legal_basis,
        )
    if span == same:
        return "unchanged"
    for other in own:
        if other is not same and other.days.overlaps(span.days):
            raise engagements.already_engaged(other.engaged_from)
    rider.spans = [*(other for other in rider.spans if other is not same), span]
    return "added" if same is None else "updated"


def _write_changed(session: Session, changed: Sequence[_Known]) -> None:
    """Write what became of riders known before; who gave no new phone keeps the old one."""
    keyring = services_of(session).keyring
    for with_phone in (False, True):
        rows = [
            {
                "id": rider.id,
                "name": rider.given.name,
                "home_area_id": rider.given.home_area_id,
                "birth_date": rider.given.birth_date,
                **(people.phone_values(keyring, rider.given.phone) if with_phone else {}),
            }
            for rider in changed
            if bool(rider.given.phone) is with_phone
        ]
        bulk.change(session, Rider.__table__, rows)


def _write_engagements(session: Session, riders: Iterable[_Known]) -> None:
    """Add the new engagements of a batch, and write the changed ones."""
    added, changed = [], []
    for rider in riders:
        for span in rider.spans:
            days = {"engaged_to": span.engaged_to, "legal_basis": span.legal_basis}
            if not span.id:
                own = {"rider_id": rider.id, "company_id": span.company_id, "engaged_from": span.engaged_from}
                added.append(own | days)
            elif rider.spans_before[span.id] != span:
                changed.append({"id": span.id} | days)
    bulk.load(session, Engagement.__table__, added)
    bulk.change(session, Engagement.__table__, changed)


def _publish(session: Session, held: Sequence[_Known], by: Actor, now: datetime) -> None:
    """Tell of new homes and bases of riders known before; a new rider has no notice that waits for one."""
    before = {rider.id: rider.spans_before for rider in held if list(rider.spans_before.values()) != rider.spans}
    for spans in engagement_queries.spans_of(session, before).items():
        for span in spans[1]:
            old = before[spans[0]].get(span.id)
            if span.legal_basis and (old is None or old.legal_basis != span.legal_basis):
                publish(session, LegalBasisRecorded(now, by, span.id))
    for rider in held:
        if rider.moved:
            publish(session, HomeVillageRecorded(now, by, rider.id))


IMPORTER = Importer(COLUMNS, RiderImport.run, "riders:rider:import")
EXPORTER = Exporter(COLUMNS, list_rows, "riders:rider:export", "riders:identity:export")
