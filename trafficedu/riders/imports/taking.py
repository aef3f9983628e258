"""Taking rows of riders and engagements in, set by set; see ``files`` for what the cells mean."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Any

from sqlalchemy import bindparam, select, update
from sqlalchemy.orm import Session

from trafficedu.areas.models import Area
from trafficedu.companies.models import Company
from trafficedu.core import audit, bulk
from trafficedu.core.actors import Actor
from trafficedu.core.clock import local_date
from trafficedu.core.errors import Refusal
from trafficedu.core.events import publish
from trafficedu.core.numbers import new_number
from trafficedu.core.services import services_of
from trafficedu.core.tabular import ImportReport, Progress, Row, is_masked
from trafficedu.core.text import message
from trafficedu.riders import queries, rules
from trafficedu.riders.events import HomeVillageRecorded, LegalBasisRecorded
from trafficedu.riders.models import Engagement, Rider
from trafficedu.riders.queries import ID_NUMBER, PHONE
from trafficedu.riders.services import engagements, people

MASKED_KEY = re.compile(r"#(R[0-9A-Z]{11})$")
BATCH = 5_000


@dataclass(frozen=True)
class _Work:
    """The engagement a row tells of; None for a day or basis left empty."""

    company_id: int
    engaged_from: date
    engaged_to: date | None
    legal_basis: str | None


@dataclass(frozen=True)
class _Entry:
    """A row understood. ``key`` is an identity key, or the rider's public number where the document is masked."""

    row: Row
    key: str
    given: people.NewRider
    work: _Work | None


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


class _Codes:
    """Ids by code: companies, and the living areas in the post of who imports."""

    def __init__(self, session: Session, by: Actor) -> None:
        self.companies: dict[str, int] = {row.code: row.id for row in session.execute(select(Company.code, Company.id))}
        living = select(Area.code, Area.id).where(Area.valid_to.is_(None))
        if by.scope.area_path is not None:
            living = living.where(Area.path.startswith(by.scope.area_path, autoescape=True))
        self.areas = {row.code: row.id for row in session.execute(living)}

    def company(self, code: str) -> int:
        """Return the id of a company; raises Refusal."""
        if code not in self.companies:
            raise Refusal(message("There is no company with the code %(code)s.", code=code), field="company_code")
        return self.companies[code]

    def area(self, code: str) -> int | None:
        """Return the id of an area, None for no code; raises Refusal."""
        if code and code not in self.areas:
            raise Refusal(
                message("There is no area with the code %(code)s in your post today.", code=code),
                field="home_area_code",
            )
        return self.areas[code] if code else None


def run_import(
    session: Session, rows: Iterator[Row], by: Actor, now: datetime, *, skip_errors: bool, progress: Progress
) -> ImportReport:
    """Import riders and their engagements in batches; see ``core.tabular.RunImport``.

    Publishes the events of a legal basis or home village for riders known before; one audit row for the file.
    Somebody who registers one of the new riders at the same moment makes the file fail as a whole; run it again.
    """
    report, codes = ImportReport(), _Codes(session, by)
    for batch in bulk.batches(rows, BATCH):
        entries = []
        for row in batch:
            try:
                entries.append(_understand(row, codes, local_date(now)))
            except Refusal as error:
                report.refuse(row, error)
        _take(session, entries, report, by, now)
        progress(len(batch))
    audit.write(
        session,
        "riders:rider:import",
        by,
        added=report.added,
        updated=report.updated,
        unchanged=report.unchanged,
        refused=len(report.refused),
    )
    session.flush()
    return report


def _understand(row: Row, codes: _Codes, today: date) -> _Entry:
    """Check the cells of a row by themselves; raises Refusal."""
    masked = is_masked(row["id_number"])
    name, phone = row["name"], row["phone"]
    given = people.NewRider(
        id_type=row["id_type"],
        id_number="" if masked else rules.normalise_identity(row["id_type"], row["id_number"], today),
        name="" if is_masked(name) or not name else rules.normalise_name(name),
        phone="" if is_masked(phone) else rules.normalise_phone(phone),
        home_area_id=codes.area(row["home_area_code"]),
    )
    if not masked:
        given = replace(given, birth_date=rules.birth_date_of(given.id_type, given.id_number))
        return _Entry(row, rules.identity_key(given.id_type, given.id_number), given, _work(row, codes))
    found = MASKED_KEY.search(row["id_number"])
    if found is None:
        raise Refusal(
            message("A masked number must end with the sign # and the rider's number, as exports write it."),
            field="id_number",
            value="",
        )
    return _Entry(row, found[1], given, _work(row, codes))


def _work(row: Row, codes: _Codes) -> _Work | None:
    if not row["company_code"]:
        for column in ("engaged_from", "engaged_to", "legal_basis"):
            if row[column]:
                raise Refusal(message("An engagement needs its company. Fill in company_code."), field=column)
        return None
    first = _day(row, "engaged_from")
    if first is None:
        raise Refusal(message("An engagement needs its first day. Fill in engaged_from."), field="engaged_from")
    work = _Work(codes.company(row["company_code"]), first, _day(row, "engaged_to"), row["legal_basis"] or None)
    engagements.check_engagement(work.engaged_from, work.engaged_to, work.legal_basis)
    return work


def _day(row: Row, column: str) -> date | None:
    """Read a day as people and spreadsheets write it: 2026-01-05, 2026/1/5, 2026-01-05T00:00:00."""
    text = row[column]
    if not text:
        return None
    for form in ("%Y-%m-%d", "%Y/%m/%d", "%Y-%m-%dT%H:%M:%S"):
        try:
            return datetime.strptime(text, form).date()  # noqa: DTZ007 - a day has no time zone
        except ValueError:
            continue
    raise Refusal(message("Write the day like 2026-11-23."), field=column)


def _take(session: Session, entries: Sequence[_Entry], report: ImportReport, by: Actor, now: datetime) -> None:
    """Compare a batch with what is known, count it, and write the difference."""
    known = _known(session, entries, by, now)
    fresh: dict[str, _Known] = {}
    for entry in entries:
        rider = known.get(entry.key) or fresh.get(entry.key)
        try:
            if rider is None:
                rider = fresh[entry.key] = _new_rider(entry)
                outcome = "added"
                _engage(rider, entry.work)
            else:
                outcome = _compare(session, rider, entry)
        except Refusal as error:
            report.refuse(entry.row, error)
        else:
            setattr(report, outcome, getattr(report, outcome) + 1)
    held = list({rider.id: rider for rider in known.values()}.values())
    _write_new(session, fresh, now)
    _write_changed(session, [rider for rider in held if rider.changed])
    _write_engagements(session, [*fresh.values(), *held])
    session.expire_all()
    _publish(session, held, by, now)


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
    for rider_id, spans in queries.spans_of(session, held).items():
        held[rider_id].spans = spans
        held[rider_id].spans_before = {span.id: span for span in spans}
    return {key: held[rider_id] for key, rider_id in ids.items()}


def _new_rider(entry: _Entry) -> _Known:
    if not entry.given.id_number:
        raise Refusal(message("There is no such rider."), field="id_number", value="")
    if not entry.given.name:
        raise Refusal(message("This rider is new here: fill in the name, unmasked."), field="name", value="")
    if is_masked(entry.row["phone"]):
        raise Refusal(message("This rider is new here: fill in the phone, unmasked, or none."), field="phone")
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


def _engage(rider: _Known, work: _Work | None) -> str:
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


def _write_new(session: Session, fresh: dict[str, _Known], now: datetime) -> None:
    """Add the new riders of a batch, and note the ids they got."""
    keyring = services_of(session).keyring

    def rows() -> Iterator[tuple[object, ...]]:
        for key, rider in fresh.items():
            new = rider.given
            yield (
                new_number("R"),
                new.name,
                new.id_type,
                keyring.encrypt(new.id_number, ID_NUMBER),
                keyring.lookup_hash(key, ID_NUMBER),
                keyring.encrypt(new.phone, PHONE) if new.phone else None,
                keyring.lookup_hash(new.phone, PHONE) if new.phone else None,
                new.birth_date,
                new.home_area_id,
                now,
                1,
            )

    columns = "number name id_type id_number_cipher id_number_hash phone_cipher phone_hash birth_date home_area_id"
    bulk.load(session, Rider.__table__, [*columns.split(), "created_utc", "version"], rows())
    for key, rider_id in queries.find_ids_by_identity_key(session, fresh.keys()).items():
        fresh[key].id = rider_id


def _write_changed(session: Session, changed: Sequence[_Known]) -> None:
    """Write what became of riders known before; who gave no new phone keeps the old one."""
    keyring, table = services_of(session).keyring, Rider.__table__
    for with_phone in (False, True):
        rows = [
            {
                "the_id": rider.id,
                "name": rider.given.name,
                "home_area_id": rider.given.home_area_id,
                "birth_date": rider.given.birth_date,
            }
            | (
                {
                    "phone_cipher": keyring.encrypt(rider.given.phone, PHONE),
                    "phone_hash": keyring.lookup_hash(rider.given.phone, PHONE),
                }
                if with_phone
                else {}
            )
            for rider in changed
            if bool(rider.given.phone) is with_phone
        ]
        if rows:
            names = [name for name in rows[0] if name != "the_id"]
            values: dict[str, Any] = {name: bindparam(name) for name in names}
            statement = update(Rider).where(table.c.id == bindparam("the_id"))
            session.connection().execute(statement.values(version=table.c.version + 1, **values), rows)


def _write_engagements(session: Session, riders: Iterable[_Known]) -> None:
    """Add the new engagements of a batch, and write the changed ones."""
    table = Engagement.__table__
    added, changed = [], []
    for rider in riders:
        for span in rider.spans:
            if not span.id:
                added.append((rider.id, span.company_id, span.engaged_from, span.engaged_to, span.legal_basis, 1))
            elif rider.spans_before[span.id] != span:
                changed.append({"the_id": span.id, "engaged_to": span.engaged_to, "legal_basis": span.legal_basis})
    bulk.load(
        session,
        table,
        ["rider_id", "company_id", "engaged_from", "engaged_to", "legal_basis", "version"],
        added,
    )
    if changed:
        values: dict[str, Any] = {"engaged_to": bindparam("engaged_to"), "legal_basis": bindparam("legal_basis")}
        statement = update(Engagement).where(table.c.id == bindparam("the_id"))
        session.connection().execute(statement.values(version=table.c.version + 1, **values), changed)


def _publish(session: Session, held: Sequence[_Known], by: Actor, now: datetime) -> None:
    """Tell of new homes and bases of riders known before; a new rider has no notice that waits for one."""
    before = {rider.id: rider.spans_before for rider in held if list(rider.spans_before.values()) != rider.spans}
    for spans in queries.spans_of(session, before).items():
        for span in spans[1]:
            old = before[spans[0]].get(span.id)
            if span.legal_basis and (old is None or old.legal_basis != span.legal_basis):
                publish(session, LegalBasisRecorded(now, by, span.id))
    for rider in held:
        if rider.moved:
            publish(session, HomeVillageRecorded(now, by, rider.id))
