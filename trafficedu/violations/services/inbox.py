"""One key of the queue: what accepting or refusing means for each kind of item. Flushes, never commits."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime

from sqlalchemy.orm import Session

from trafficedu.core.actors import Actor
from trafficedu.core.errors import Refusal, Stale
from trafficedu.core.text import message
from trafficedu.riders.rules import Answer
from trafficedu.violations.queries.inbox import Item, Waiting
from trafficedu.violations.queries.plates import usual_rider
from trafficedu.violations.rules import states
from trafficedu.violations.services import companies, doubles, merging, plates, requests, reviewing, unnamed
from trafficedu.violations.services.objections import decide_objection

ACCEPT, REFUSE, USUAL = "accept", "refuse", "usual"
Deed = Callable[[Session, Item, str, Actor, datetime], object]


def decide(session: Session, item: Item, act: str, why: str, by: Actor, now: datetime) -> None:
    """Decide an item with one key; ``why`` is what was said.

    Raises
    ------
    Stale
        Somebody decided before.
    Refusal
        This kind knows no such act, a reason is missing (at ``reason``), or a rule of the deed says no.
    """
    deed = DEEDS.get((item.kind, act))
    if deed is None:
        raise Refusal(message("Choose what to do."))
    if not item.is_open:
        raise Stale(states.DECIDED)
    deed(session, item, why, by, now)


def _confirm(session: Session, item: Item, why: str, by: Actor, now: datetime) -> None:
    reviewing.confirm(session, item.violation, by, now, late=why)


def _reject(session: Session, item: Item, why: str, by: Actor, now: datetime) -> None:
    reviewing.reject(session, item.violation, why, by, now)


def _usual(session: Session, item: Item, _why: str, by: Actor, now: datetime) -> None:
    """Say that it was the usual rider of the e-bike; a camera record still waits for its review then."""
    rider = usual_rider(session, item.violation)
    if rider is None:
        raise Refusal(message("This e-bike is not known as anybody's any more. Name the rider."))
    reviewing.identify_rider(session, item.violation, rider, by, now)


def _decide_objection(upheld: bool) -> Deed:
    def deed(session: Session, item: Item, why: str, by: Actor, now: datetime) -> None:
        reviewing.needed(why, "reason")
        decide_objection(session, item.row, upheld, why, by, now)

    return deed


def _merge(session: Session, item: Item, _why: str, by: Actor, now: datetime) -> None:
    merging.merge(session, item.row, item.row.second_id, by, now)


def _apart(session: Session, item: Item, _why: str, by: Actor, now: datetime) -> None:
    doubles.tell_apart(session, item.row, by, now)


def _plate(answer: Answer) -> Deed:
    def deed(session: Session, item: Item, _why: str, by: Actor, now: datetime) -> None:
        plates.decide(session, item.row, answer, "", by, now)

    return deed


def _give_up(session: Session, item: Item, why: str, by: Actor, _now: datetime) -> None:
    unnamed.give_up(session, item.violation, reviewing.needed(why, "reason"), by)


def _no_company(session: Session, item: Item, _why: str, by: Actor, now: datetime) -> None:
    companies.name_none(session, item.violation, item.violation.version, by, now)


def _grant(session: Session, item: Item, _why: str, by: Actor, now: datetime) -> None:
    requests.grant(session, item.row, by, now)


def _refuse(session: Session, item: Item, why: str, by: Actor, now: datetime) -> None:
    requests.refuse(session, item.row, why, by, now)


DEEDS: Mapping[tuple[Waiting, str], Deed] = {
    (Waiting.REVIEW, ACCEPT): _confirm,
    (Waiting.REVIEW, REFUSE): _reject,
    (Waiting.REVIEW, USUAL): _usual,
    (Waiting.OBJECTION, ACCEPT): _decide_objection(upheld=True),
    (Waiting.OBJECTION, REFUSE): _decide_objection(upheld=False),
    (Waiting.DOUBLE, ACCEPT): _merge,
    (Waiting.DOUBLE, REFUSE): _apart,
    (Waiting.PLATE, ACCEPT): _plate(Answer.BORROWED),
    (Waiting.PLATE, REFUSE): _plate(Answer.TRANSFERRED),
    (Waiting.CORRECTION, ACCEPT): _grant,
    (Waiting.CORRECTION, REFUSE): _refuse,
    (Waiting.PERSON, USUAL): _usual,
    (Waiting.PERSON, REFUSE): _give_up,
    (Waiting.COMPANY, REFUSE): _no_company,
}
"""KIND, act -> what is done."""
