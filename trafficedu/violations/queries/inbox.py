"""One queue of all that waits for a supervisor: what has a legal clock first, by the time left; then the rest by kind.

Each kind is a list of its own, read by its own index; the queue only says which item follows which.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy.orm import Session

from trafficedu.configuration.queries import corrections
from trafficedu.core import numbers
from trafficedu.core.actors import Actor
from trafficedu.core.errors import Missing
from trafficedu.core.listing import Listing
from trafficedu.core.states import Word
from trafficedu.core.text import Message, message
from trafficedu.core.workdays import workdays_left
from trafficedu.violations.models.decisions import Objection, ViolationPair
from trafficedu.violations.models.records import Violation
from trafficedu.violations.queries.companies import COMPANIES_OPEN
from trafficedu.violations.queries.doubles import DUPLICATES, pairs_of
from trafficedu.violations.queries.objections import find_objection, objections_on
from trafficedu.violations.queries.plates import QUESTIONS, find_question
from trafficedu.violations.queries.records import find_violation, reviews_on
from trafficedu.violations.queries.requests import REQUESTS, find_request
from trafficedu.violations.queries.searching import Words
from trafficedu.violations.queries.unnamed import UNNAMED
from trafficedu.violations.rules.states import PairState

LAST = 2**31 - 1
"""An id after all others."""


class Waiting(Word):
    """What waits for a supervisor."""

    REVIEW = "review", message("Camera records")
    OBJECTION = "objection", message("Objections")
    DOUBLE = "double", message("Possible duplicates")
    PLATE = "plate", message("Plates of other riders")
    CORRECTION = "correction", message("Late corrections")
    PERSON = "person", message("To be identified")
    COMPANY = "company", message("Open companies")


CLOCKED = (Waiting.REVIEW, Waiting.OBJECTION)
"""What has a last day by law; merged by it."""
ALL = tuple(Waiting)
OVER = {
    Waiting.REVIEW: message("The days for the review are over: it can be confirmed only with a reason, which is kept."),
    Waiting.OBJECTION: message(
        "The days for the decision are over. Decide now: the rider may apply for administrative review meanwhile."
    ),
}
"""What follows once the last day is over."""


@dataclass(frozen=True)
class Item:
    """One thing that waits, with its record and where it stands in its kind."""

    kind: Waiting
    row: Any
    place: Sequence[Any]

    @property
    def violation(self) -> Violation:
        """The record that it is about; of two that may be one, the later one."""
        if isinstance(self.row, ViolationPair):
            return self.row.second
        return self.row if isinstance(self.row, Violation) else self.row.violation

    @property
    def number(self) -> str:
        """What it is called in an address."""
        return self.row.number if isinstance(self.row, Objection) else self.violation.number

    @property
    def due_on(self) -> date | None:
        """Its last day by law, None where there is none."""
        if self.kind not in CLOCKED:
            return None
        due: date = self.place[0]
        return due

    @property
    def is_open(self) -> bool:
        """Whether it still waits."""
        if self.kind == Waiting.REVIEW:
            return self.violation.is_pending
        if self.kind == Waiting.PERSON:
            return self.violation.is_wanted
        return self.violation.company_waits if self.kind == Waiting.COMPANY else bool(self.row.is_open)

    @property
    def records(self) -> list[Any]:
        """What a page of it shows, and what a decision rests on."""
        if isinstance(self.row, ViolationPair):
            return [self.row, *self.row.records]
        return [self.violation] if self.row is self.violation else [self.row, self.violation]


@dataclass(frozen=True)
class _Kind:
    listing: Callable[[date], Listing[Any, Any]]
    place: Callable[[Any], tuple[Any, int]]
    find: Callable[[Session, str, Actor], Any]
    is_searched: bool = False


def _find_pair(session: Session, number: str, by: Actor) -> ViolationPair:
    second = find_violation(session, number, by)
    pairs = [pair for pair in pairs_of(session, [second.id]) if pair.second_id == second.id]
    if not pairs:
        raise Missing(message("These two records were never compared."))
    return next((pair for pair in pairs if pair.state == PairState.OPEN), pairs[-1])


KINDS = {
    Waiting.REVIEW: _Kind(reviews_on, lambda row: (row.review_due_on, row.id), find_violation, True),
    Waiting.OBJECTION: _Kind(objections_on, lambda row: (row.due_on, row.id), find_objection, True),
    Waiting.DOUBLE: _Kind(lambda _day: DUPLICATES, lambda row: (row.last_utc, row.id), _find_pair),
    Waiting.PLATE: _Kind(lambda _day: QUESTIONS, lambda row: (row.occurred_on, row.id), find_question),
    Waiting.CORRECTION: _Kind(lambda _day: REQUESTS, lambda row: (row.asked_utc, row.id), find_request),
    Waiting.PERSON: _Kind(lambda _day: UNNAMED, lambda row: (row.occurred_on, row.id), find_violation),
    Waiting.COMPANY: _Kind(lambda _day: COMPANIES_OPEN, lambda row: (row.occurred_utc, row.id), find_violation),
}


@dataclass(frozen=True)
class Queue:
    """The queue as somebody reads it on a day: of some kinds, and for some words those that are looked through."""

    session: Session
    by: Actor
    day: date
    kinds: Sequence[Waiting] = ALL
    words: Words = Words()

    def find(self, kind: Waiting, number: str) -> Item:
        """Return one item, decided or not; raise Missing."""
        return _item(kind, KINDS[kind].find(self.session, numbers.normalise(number), self.by))

    def counts(self) -> dict[Waiting, int]:
        """Return how many of each kind wait, whatever is chosen, as ``core.counting`` counts."""
        return {
            kind: own.listing(self.day).count(self.session, self.by, Words() if own.is_searched else None)
            for kind, own in KINDS.items()
        }

    def first(self, limit: int) -> list[Item]:
        """Return the first items, as :meth:`after` would give them one by one."""
        found: list[Item] = []
        while len(found) < limit and (following := self.after(found[-1] if found else None)) is not None:
            found.append(following)
        return found

    def after(self, item: Item | None) -> Item | None:
        """Return what follows an item, or the first; None at the end."""
        if item is None or item.kind in CLOCKED:
            found = [self._next(kind, _beside(kind, item)) for kind in self.kinds if kind in CLOCKED]
            clocked = [each for each in found if each is not None]
            if clocked:
                return min(clocked, key=lambda each: (each.place[0], ALL.index(each.kind), each.place[1]))
        reached = ALL.index(item.kind) if item is not None else 0
        for kind in self.kinds:
            if kind not in CLOCKED and ALL.index(kind) >= reached:
                own = item is not None and kind == item.kind
                following = self._next(kind, item.place if item is not None and own else ())
                if following is not None:
                    return following
        return None

    def _next(self, kind: Waiting, past: Sequence[Any]) -> Item | None:
        own = KINDS[kind]
        if self.words and not own.is_searched:
            return None
        chosen = self.words if own.is_searched else None
        row = own.listing(self.day).next(self.session, self.by, chosen, past)
        return None if row is None else _item(kind, row)

    def days_left(self, item: Item) -> int | None:
        """Return the working days left by law; negative once they are over."""
        return None if item.due_on is None else workdays_left(self.day, item.due_on, corrections(self.session))

    def what_follows(self, item: Item) -> Message | None:
        """Return what follows from a last day that is over, None where it is not."""
        return OVER[item.kind] if item.due_on is not None and item.due_on < self.day else None


def _item(kind: Waiting, row: Any) -> Item:
    if kind == Waiting.REVIEW and row.review_due_on is None:
        raise Missing(message("This record needs no review."))
    return Item(kind, row, KINDS[kind].place(row))


def _beside(kind: Waiting, item: Item | None) -> Sequence[Any]:
    """Return past which place of ``kind`` those stand that follow an item with a clock."""
    if item is None or kind == item.kind:
        return item.place if item is not None else ()
    return (item.place[0], 0 if CLOCKED.index(kind) > CLOCKED.index(item.kind) else LAST)
