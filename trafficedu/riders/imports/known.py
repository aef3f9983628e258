"""Riders as a file of riders holds them while it is read: what is known of them, and what the rows make of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from trafficedu.core import bulk
from trafficedu.core.actors import Actor
from trafficedu.core.errors import Refusal
from trafficedu.core.events import publish
from trafficedu.core.parsing import is_masked
from trafficedu.core.reading import Row
from trafficedu.core.services import services_of
from trafficedu.core.text import message
from trafficedu.riders import rules
from trafficedu.riders.events import EngagementsChanged, HomeVillageRecorded, LegalBasisRecorded
from trafficedu.riders.models import Rider
from trafficedu.riders.queries import engagements as engagement_queries
from trafficedu.riders.queries import people as queries
from trafficedu.riders.queries.people import PHONE
from trafficedu.riders.services import engagements, people


@dataclass(frozen=True)
class Entry:
    """A row understood. ``key`` is an identity key, or the rider's public number where the document is masked."""

    row: Row
    key: str
    given: people.NewRider
    work: engagements.NewEngagement | None

    @property
    def once(self) -> tuple[str, int | None, date | None]:
        """What a file says once: a rider without work, or one engagement."""
        return self.key, self.work.company_id if self.work else None, self.work.engaged_from if self.work else None


@dataclass
class Known:
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
    line: int = 0
    """The line of the file that changes the rider, or is the first to name one not known."""
    spans: list[rules.EngagementSpan] = field(default_factory=list)
    lines: dict[tuple[int, date], int] = field(default_factory=dict)
    """The line that tells of an engagement, by company and first day."""
    spans_before: dict[int, rules.EngagementSpan] = field(default_factory=dict)


def known_riders(session: Session, entries: Sequence[Entry], by: Actor, now: datetime) -> dict[str, Known]:
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
        row.id: Known(
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


def new_rider(entry: Entry) -> Known:
    """Return a rider not known yet; raises Refusal where a row does not say enough."""
    if not entry.given.id_number:
        raise Refusal(message("This rider does not exist."), field="id_number", value="")
    if not entry.given.name:
        raise Refusal(message("This rider is not registered yet. Enter the name unmasked."), field="name", value="")
    if is_masked(entry.row["phone"]):
        raise Refusal(
            message("This rider is not registered yet. Enter the phone unmasked, or leave it empty."), field="phone"
        )
    return Known(id=0, given=entry.given, line=entry.row.line)


def gaps_only(rider: Known, given: people.NewRider) -> people.NewRider:
    """Return what a file may add to a rider at home elsewhere."""
    return replace(
        given,
        name="",
        phone="" if rider.phone_hash or rider.given.phone else given.phone,
        home_area_id=None if rider.given.home_area_id else given.home_area_id,
    )


def has_phone(session: Session, rider: Known, phone: str) -> bool:
    """Tell whether ``phone`` is the one that is known, or was read before."""
    if rider.given.phone:
        return rider.given.phone == phone
    return rider.phone_hash in services_of(session).keyring.lookup_hashes(phone, PHONE)


def write_changed(session: Session, changed: Sequence[Known]) -> None:
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


def tell(session: Session, held: Sequence[Known], by: Actor, now: datetime) -> None:
    """Tell of new engagements, bases and homes of riders known before; a new rider has no record that waits for one."""
    before = {rider.id: rider.spans_before for rider in held if list(rider.spans_before.values()) != rider.spans}
    if before:
        publish(session, EngagementsChanged(now, by, tuple(before)))
    for spans in engagement_queries.spans_of(session, before).items():
        for span in spans[1]:
            old = before[spans[0]].get(span.id)
            if span.legal_basis and (old is None or old.legal_basis != span.legal_basis):
                publish(session, LegalBasisRecorded(now, by, span.id))
    for rider in held:
        if rider.moved:
            publish(session, HomeVillageRecorded(now, by, rider.id))
