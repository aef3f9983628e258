"""Records that may be of one offence: asked about before saving, listed where nobody can be asked, told apart.

Of two who record the same stop at one moment the second waits for the first: in PostgreSQL by a lock of the rider and
of the plate, which nothing else takes; SQLite has one writer. A file takes none, or the kerb would wait for it.
Flushes, never commits.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import select
from sqlalchemy.orm import Session

from trafficedu.core import audit, turns
from trafficedu.core.actors import Actor
from trafficedu.core.errors import Refusal
from trafficedu.core.events import publish
from trafficedu.core.tables import insert_unless_there
from trafficedu.core.text import message
from trafficedu.violations.events import ToldApart, ViolationCorrected, ViolationVoided
from trafficedu.violations.models.decisions import ViolationPair
from trafficedu.violations.models.records import Violation
from trafficedu.violations.queries.doubles import Sighting, list_doubles, nearness, pairs_of
from trafficedu.violations.rules.states import PAIR_LIFE, CorrectedField, DoubleAnswer, PairAct, PairState

COMPARED = {CorrectedField.KIND, CorrectedField.OCCURRED, CorrectedField.AREA, CorrectedField.PLACE}
"""Fields that say whether two records may be of one offence."""


class DoubleMet(Refusal):
    """An earlier record may be of the same offence, and nobody has said whether it is."""

    def __init__(self, earlier: Violation) -> None:
        text = message("This may be recorded already. Compare it with the earlier record, and say which it is.")
        super().__init__(text, field="double_answer", value="")
        self.earlier = earlier


@dataclass(frozen=True, slots=True)
class DoubleSaid:
    """What whoever records says of the earlier record ``met`` (its number): a ``DoubleAnswer``, "" for nothing yet."""

    answer: str = ""
    met: str = ""


class Met(NamedTuple):
    """What records there are that may be of the offence that is recorded.

    ``same``: somebody said that it is the one of this record. ``others``: somebody said that it is another one than
    these. ``waits``: of some nobody could be asked, such as those of another post.
    """

    same: Violation | None = None
    others: Sequence[Violation] = ()
    waits: bool = False


def take_turn(session: Session, rider_id: int | None, plate: str) -> None:
    """Wait until nobody else records the same rider or plate; the turn ends with the transaction."""
    turns.take_turn(session, [text for text in (rider_id and f"rider {rider_id}", plate and f"plate {plate}") if text])


def ask(session: Session, seen: Sighting, said: DoubleSaid | None, client_reference: str | None, by: Actor) -> Met:
    """Return which records may be of an offence that is about to be recorded; see :class:`Met`.

    Raises
    ------
    DoubleMet
        There is one that ``by`` may see, and nothing was said of it.
    Refusal
        It was said to be of the same offence as a record that is none any more.
    """
    found = list_doubles(session, seen)
    if any(client_reference and record.client_reference == client_reference for record in found):
        return Met()  # sent twice at the same moment: the first one is found by its key
    if said is None:
        return Met(waits=bool(found))
    met = [record for record in found if by.scope.covers(record.area.path)]
    if met and (said.met != met[0].number or said.answer not in tuple(DoubleAnswer)):
        raise DoubleMet(met[0])
    if said.answer != DoubleAnswer.SAME:
        return Met(others=met, waits=len(found) > len(met))
    if not met:
        text = message("The earlier record was changed meanwhile: it is no longer of this offence. Record yours.")
        raise Refusal(text, field="double_answer", value="")
    audit.write(session, "violations:double:same", by, subject=met[0])
    return Met(met[0])


def note(session: Session, violation: Violation, met: Met, by: Actor, now: datetime) -> bool:
    """Keep that it is another offence than ``met.others``; tell whether it waits: of some nobody could be asked."""
    for other in met.others:
        _keep(session, violation, other, PairAct.TELL_APART, by, now)
    if met.waits:
        list_open(session, violation, by)
    return met.waits


def list_open(session: Session, violation: Violation, by: Actor) -> None:
    """Let a record wait for a decision where another one may be of the same offence: with the nearest in time of these.

    What was told apart, or merged, is not asked again.
    """
    known = pairs_of(session, [violation.id])
    if any(pair.is_open and pair.second_id == violation.id for pair in known):
        return
    decided = {key for pair in known if pair.state in _DECIDED for key in (pair.first_id, pair.second_id)}
    found = list_doubles(session, Sighting.of(violation), {violation.id, *decided})
    if found:
        _keep(session, violation, found[0], PairAct.ASK, by, None)


_DECIDED = (PairState.APART, PairState.MERGED)


def _keep(
    session: Session, violation: Violation, other: Violation, act: PairAct, by: Actor, now: datetime | None
) -> None:
    first, second = sorted((violation, other), key=lambda record: record.id)
    later = max(first, second, key=lambda record: (record.occurred_utc, record.id))
    where = {"area_id": later.area_id, "last_utc": later.occurred_utc}
    insert_unless_there(session, ViolationPair, first_id=first.id, second_id=second.id, state=PairState.OPEN, **where)
    query = select(ViolationPair).where(ViolationPair.first_id == first.id, ViolationPair.second_id == second.id)
    pair = session.scalars(query.execution_options(populate_existing=True)).one()
    pair.area_id, pair.last_utc = later.area_id, later.occurred_utc
    _settle(session, pair, act, by, now)


def _settle(session: Session, pair: ViolationPair, act: PairAct, by: Actor, now: datetime | None) -> None:
    pair.state = PAIR_LIFE.after(act, pair.state)
    pair.decided_by_id, pair.decided_utc = (by.user_id, now) if now is not None else (None, None)
    session.flush()
    audit.write(session, f"violations:double:{act}", by, subject=pair, first=pair.first_id, second=pair.second_id)


def tell_apart(session: Session, pair: ViolationPair, by: Actor, now: datetime) -> None:
    """Say that two records are of two offences: both stand, and of the second one is told now.

    Publishes ToldApart. Raises Stale where somebody decided before.
    """
    session.refresh(pair, with_for_update={"of": ViolationPair})
    _settle(session, pair, PairAct.TELL_APART, by, now)
    publish(session, ToldApart(now, by, pair.second_id))


def look_again(session: Session, violation: Violation, by: Actor, now: datetime) -> None:
    """Compare a record anew after what it says was changed: what is no longer near is not asked about."""
    near, seen = nearness(session), Sighting.of(violation)
    for pair in pairs_of(session, [violation.id], PairState.OPEN):
        other = pair.second if pair.first_id == violation.id else pair.first
        if not (seen.is_of_same(other) and near.may_be_one(seen, other) and violation.kind.code == other.kind.code):
            drop(session, pair, by, now)
    list_open(session, violation, by)


def drop(session: Session, pair: ViolationPair, by: Actor, now: datetime) -> None:
    """Ask no more whether two records are of one offence; of the second one is told now, if it stands."""
    _settle(session, pair, PairAct.DROP, by, None)
    publish(session, ToldApart(now, by, pair.second_id))


def follow_correction(session: Session, event: ViolationCorrected) -> None:
    """Compare a corrected record anew."""
    if event.fields & COMPARED:
        look_again(session, session.get_one(Violation, event.violation_id), event.by, event.at_utc)


def follow_void(session: Session, event: ViolationVoided) -> None:
    """Compare what waited beside a record that stands no more with what else there is; see :func:`leave`."""
    leave(session, session.get_one(Violation, event.violation_id), event.by, event.at_utc)


def leave(session: Session, violation: Violation, by: Actor, now: datetime) -> None:
    """Ask no more of a record that stands no more: each that waited beside it is compared with what else there is."""
    for pair in pairs_of(session, [violation.id], PairState.OPEN):
        _settle(session, pair, PairAct.DROP, by, None)
        other = pair.second if pair.first_id == violation.id else pair.first
        list_open(session, other, by)
        publish(session, ToldApart(now, by, other.id))
