"""Whose records files renew below what people corrected, and who decides where the two differ."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, false, or_, select
from sqlalchemy.orm import Session, contains_eager

from trafficedu.accidents.models import Accident
from trafficedu.accidents.queries.scope import visible_to as sees_accident
from trafficedu.accidents.services.recording import take_source as take_accident
from trafficedu.areas.models import Area, RegisteredEBikes
from trafficedu.areas.queries.tree import lies_in
from trafficedu.areas.queries.tree import visible_to as sees_area
from trafficedu.companies.models import Company
from trafficedu.companies.queries import visible_to as sees_company
from trafficedu.core import corrections
from trafficedu.core.actors import Actor
from trafficedu.core.corrections import Correction, CorrectionState
from trafficedu.core.errors import Missing
from trafficedu.core.listing import Listing
from trafficedu.core.orm import among
from trafficedu.core.tables import table_of
from trafficedu.core.text import Message, message
from trafficedu.core.traces import unplain
from trafficedu.riders.models import Engagement, NameConflict, Rider
from trafficedu.riders.queries.people import listed_to
from trafficedu.riders.rules import ConflictState
from trafficedu.riders.services.people import take_source as take_rider
from trafficedu.stations.models import Station
from trafficedu.stations.queries import visible_to as sees_station
from trafficedu.violations.models.records import Violation
from trafficedu.violations.queries.scope import visible_to as sees_violation

Take = Callable[[Session, Any, Mapping[str, Any], Actor, datetime], None]


def _set_columns(session: Session, record: Any, source: Mapping[str, Any], _by: Actor, _now: datetime) -> None:
    """Let a record say what its source says, where nothing follows from that."""
    for name, value in source.items():
        setattr(record, name, unplain(table_of(type(record)).c[name], value))
    session.flush()


@dataclass(frozen=True)
class Corrected:
    """A kind of record that files and people change.

    ``permission`` decides; ``visible`` is which records somebody sees; ``endpoint`` with ``key`` -> attribute path of
    the record leads to its page. ``take`` lets it say what the source says; None where its own page is the way.
    """

    model: type[Any]
    name: Message
    permission: str
    visible: Callable[[Actor], ColumnElement[bool]]
    endpoint: str
    key: str = "number"
    owner: str = ""
    take: Take | None = _set_columns

    def label(self, record: Any) -> str:
        """Return what the page of a record is found by."""
        return str(getattr(getattr(record, self.owner) if self.owner else record, self.key))


def _sees_engagement(by: Actor) -> ColumnElement[bool]:
    return Engagement.rider_id.in_(select(Rider.id).where(listed_to(by)))


def _sees_ebikes(by: Actor) -> ColumnElement[bool]:
    return by.scope.condition(area=lies_in(RegisteredEBikes.area_id))


KINDS: Mapping[str, Corrected] = {
    kind.model.__tablename__: kind
    for kind in (
        Corrected(
            Accident,
            message("Accident"),
            "accidents:accident:import",
            sees_accident,
            "accidents.show",
            take=take_accident,
        ),
        Corrected(
            Violation, message("Violation"), "violations:violation:import", sees_violation, "violations.show", take=None
        ),
        Corrected(Rider, message("Rider"), "riders:rider:import", listed_to, "riders.show", take=take_rider),
        Corrected(
            Engagement, message("Engagement"), "riders:rider:import", _sees_engagement, "riders.show", owner="rider"
        ),
        Corrected(Company, message("Company"), "companies:company:manage", sees_company, "companies.show", "code"),
        Corrected(Station, message("Station"), "stations:station:manage", sees_station, "stations.show", "code"),
        Corrected(Area, message("Area"), "areas:area:manage", sees_area, "areas.show", "code"),
        Corrected(
            RegisteredEBikes,
            message("Registered e-bikes"),
            "areas:ebikes:manage",
            _sees_ebikes,
            "areas.show",
            "code",
            owner="area",
        ),
    )
}


def kinds_of(by: Actor) -> dict[str, Corrected]:
    """Return the kinds on which ``by`` decides."""
    return {table: kind for table, kind in KINDS.items() if by.may(kind.permission)}


def open_to(by: Actor) -> ColumnElement[bool]:
    """Return the condition of the corrections that wait for ``by``: the source says something new.

    Each looks for its own record: of an EXISTS, PostgreSQL reads every record that ``by`` sees into a hash.
    """
    seen = []
    for table, kind in kinds_of(by).items():
        record = select(kind.model.id).where(kind.model.id == Correction.subject_id, kind.visible(by))
        seen.append((Correction.subject_kind == table) & record.scalar_subquery().is_not(None))
    return among(Correction.state, CorrectionState.DIFFERS) & or_(False, *seen)


def find(session: Session, table: str, record_id: int, by: Actor) -> tuple[Corrected, Any, Sequence[Correction]]:
    """Return a record that ``by`` decides on, with its corrections in force; raise :class:`Missing`."""
    kind = kinds_of(by).get(table)
    record = None
    if kind is not None:
        record = session.scalar(select(kind.model).where(kind.model.id == record_id, kind.visible(by)))
    if kind is None or record is None:
        raise Missing(message("There is nothing to decide here any more."))
    held = corrections.in_force(session, table, record_id)
    return kind, record, [held[name] for name in sorted(held)]


def list_conflicts(session: Session, by: Actor) -> Sequence[NameConflict]:
    """Return the first fifty documents that a file names differently, of riders in the reach of ``by``."""
    if not by.may(KINDS["rider"].permission):
        return []
    query = select(NameConflict).join(Rider, Rider.id == NameConflict.rider_id).where(*_conflicts(by))
    return session.scalars(query.options(contains_eager(NameConflict.rider)).order_by(NameConflict.id).limit(50)).all()


def find_conflict(session: Session, conflict_id: int, by: Actor) -> NameConflict:
    """Return one of them; raise :class:`Missing`."""
    query = select(NameConflict).join(Rider, Rider.id == NameConflict.rider_id)
    found = session.scalar(query.where(NameConflict.id == conflict_id, *_conflicts(by)))
    if found is None:
        raise Missing(message("There is nothing to decide here any more."))
    return found


def _conflicts(by: Actor) -> list[ColumnElement[bool]]:
    own = (NameConflict.found_by_id == by.user_id) if by.user_id is not None else false()
    return [among(NameConflict.state, ConflictState.OPEN), or_(listed_to(by), own)]


def _differences(by: Actor, _chosen: None) -> Select[Any]:
    return select(Correction).where(open_to(by))


DIFFERENCES: Listing[Correction, None] = Listing(_differences, [], order=[Correction.id.expression], per_page=20)
"""Corrections that their source contradicts, the oldest first."""
