"""Use cases of the red-yellow-black list: freeze, protest, decide, take off, publish.

Frozen by one office, protests decided by another, published by the first: nobody publishes what nobody could
contradict. Flushes, never commits.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from trafficedu.accounts.queries import watchers_of
from trafficedu.areas.models import VILLAGE, Area
from trafficedu.configuration.queries import corrections, figure
from trafficedu.core import audit
from trafficedu.core.actors import Actor
from trafficedu.core.clock import local_date
from trafficedu.core.errors import Refusal
from trafficedu.core.month import Month
from trafficedu.core.orm import expect_version, flush_or_refuse
from trafficedu.core.text import LOCALES, Message, message, packed, translate
from trafficedu.core.workdays import add_workdays
from trafficedu.evaluation.models import EvaluationRun
from trafficedu.evaluation.queries.late import list_late
from trafficedu.evaluation.queries.runs import results_of
from trafficedu.issued.queries.documents import valid_document
from trafficedu.issued.services import issuing
from trafficedu.messages.services.outbox import NewPush, push
from trafficedu.overview.models import ListEntry, ListProtest, VillageList
from trafficedu.overview.queries import lists as queries
from trafficedu.overview.queries.papers import list_document
from trafficedu.overview.rules import LIST_LIFE, ListAct, Listed, ListRule, ObjectionOutcome, Shade

OUTDATED = message("A newer evaluation has been published since this list was read off: read it again first.")
FROZEN_ALREADY = message("This month's list has already been frozen.")


def list_rule(session: Session) -> ListRule:
    """Return the district's rule of the list."""
    return ListRule(figure(session, "lists.red_most"), figure(session, "lists.black_months"))


def freeze_list(session: Session, month: Month, by: Actor, now: datetime) -> VillageList:
    """Freeze the list of a full month as its published evaluation has it, and tell the villages on it.

    Raises
    ------
    Refusal
        The month is not over, its evaluation is not published, or its list is frozen already.
    """
    by.require("overview:list:manage")
    today = local_date(now)
    if month.last >= today:
        raise Refusal(message("This month is not over yet."))
    reading = queries.read_month(session, month, list_rule(session))
    if reading is None:
        raise Refusal(
            message("No evaluation of this month has been published yet, so there is nothing to base the list on.")
        )
    until = add_workdays(today, figure(session, "lists.protest_workdays"), corrections(session))
    frozen = VillageList(
        month=month,
        run_id=reading.run_id,
        read_runs=list(reading.runs),
        protest_until=until,
        frozen_utc=now,
        frozen_by_id=by.user_id,
    )
    frozen.entries = [_entry(place, listed) for place, listed in enumerate(reading.listed, start=1)]
    session.add(frozen)
    flush_or_refuse(session, {"village_list.month": Refusal(FROZEN_ALREADY)})
    entries = len(frozen.entries)
    audit.write(session, "overview:list:freeze", by, subject=frozen, month=str(month), entries=entries)
    body = message("Objections are accepted until %(day)s.", day=until.isoformat())
    _tell(session, frozen, "frozen", frozen.entries, body, by, now)
    return frozen


def _entry(place: int, listed: Listed) -> ListEntry:
    return ListEntry(
        area_id=listed.result.area_id,
        shade=listed.shade,
        place=place,
        why=listed.why,
        colour=listed.result.colours[0],
        score=listed.result.score,
    )


def protest(session: Session, entry: ListEntry, text: str, by: Actor, now: datetime) -> ListProtest:
    """Protest against an entry of one's own area while the list is frozen.

    Raises
    ------
    Refusal
        At ``text``: nothing written, too late, or somebody has protested already.
    """
    by.require("overview:list:protest")
    frozen = entry.village_list
    if not frozen.may(ListAct.PROTEST) or local_date(now) > frozen.protest_until:
        raise Refusal(
            message("Objections were accepted until %(day)s.", day=frozen.protest_until.isoformat()), field="text"
        )
    if entry.taken_off:
        raise Refusal(message("This village is no longer on the list."), field="text")
    if not text.strip():
        raise Refusal(message("Say what is wrong and how it can be checked."), field="text")
    made = ListProtest(entry_id=entry.id, text=text.strip(), made_utc=now, made_by_id=by.user_id)
    session.add(made)
    already = Refusal(message("There is already an objection to this entry."), field="text")
    flush_or_refuse(session, {"village_list_protest.entry_id": already})
    audit.write(session, "overview:list:protest", by, subject=entry)
    return made


def decide_protest(session: Session, made: ListProtest, decision: str, reason: str, by: Actor, now: datetime) -> None:
    """Uphold a protest, which takes the village off the list, or reject it; with a reason either way.

    Raises
    ------
    Refusal
        At ``decision`` or ``reason``; or it is decided already, or it is one's own.
    """
    by.require("overview:list:decide")
    if made.decision:
        raise Refusal(message("This objection has already been decided."))
    if made.made_by_id is not None and made.made_by_id == by.user_id:
        raise Refusal(message("Someone else must decide your objection."))
    if decision not in {ObjectionOutcome.UPHELD, ObjectionOutcome.REJECTED}:
        raise Refusal(message("Choose whether the objection is upheld."), field="decision")
    if not reason.strip():
        raise Refusal(message("Give the reason of the decision."), field="reason")
    made.decision, made.reason = ObjectionOutcome(decision), reason.strip()
    made.decided_utc, made.decided_by_id = now, by.user_id
    if decision == ObjectionOutcome.UPHELD:
        made.entry.taken_off, made.entry.taken_off_reason = True, made.reason
    session.flush()
    audit.write(session, "overview:list:decide", by, subject=made.entry, decision=decision)
    if made.made_by_id is not None:
        text = message("Objection upheld.") if decision == ObjectionOutcome.UPHELD else message("Objection not upheld.")
        key = f"list:{made.entry.village_list.month}:protest:{made.entry.area.code}"
        new = NewPush(key, _title(made.entry), text, _path(made.entry.village_list))
        push(session, new, [made.made_by_id], by, now)


def take_off(session: Session, entry: ListEntry, reason: str, by: Actor) -> None:
    """Take an entry found wrong off a list not yet published. Raises Refusal at ``reason``."""
    by.require("overview:list:manage")
    if not entry.village_list.may(ListAct.TAKE_OFF):
        raise Refusal(message("The list has been published and can no longer be changed."), field="reason")
    if not reason.strip():
        raise Refusal(message("Give the reason."), field="reason")
    entry.taken_off, entry.taken_off_reason = True, reason.strip()
    session.flush()
    audit.write(session, "overview:list:take_off", by, subject=entry)


def publish_list(session: Session, frozen: VillageList, version: int, by: Actor, now: datetime) -> None:
    """Publish a frozen list once the time for protests is over and every protest is decided.

    Raises
    ------
    Refusal
        It is published, protests are still taken, or one waits for its decision.
    Stale
        Somebody else has changed it.
    """
    by.require("overview:list:manage")
    expect_version(frozen, version)
    if not frozen.may(ListAct.PUBLISH):
        raise Refusal(message("The list has been published and can no longer be changed."))
    if queries.newer_evaluations(session, frozen, list_rule(session)):
        raise Refusal(OUTDATED)
    if local_date(now) <= frozen.protest_until:
        raise Refusal(message("Objections are still accepted, until %(day)s.", day=frozen.protest_until.isoformat()))
    undecided = [entry for entry in frozen.entries if entry.protest is not None and not entry.protest.decision]
    if undecided:
        raise Refusal(message("%(count)d objections have not been decided yet.", count=len(undecided)))
    frozen.state = LIST_LIFE.after(ListAct.PUBLISH, frozen.state)
    frozen.published_utc, frozen.published_by_id = now, by.user_id
    session.flush()
    session.refresh(frozen)
    new = list_document(session, frozen, local_date(now))
    issuing.issue(session, new, by, now, replaces=valid_document(session, new.kind, new.subject))
    audit.write(session, "overview:list:publish", by, subject=frozen, month=str(frozen.month))
    remaining = [entry for entry in frozen.entries if not entry.taken_off]
    _tell(session, frozen, "published", remaining, message("The list is published."), by, now)


def reread_list(session: Session, frozen: VillageList, version: int, by: Actor, now: datetime) -> Changed:
    """Read a list again off what has been published since; returns what changed, village by village.

    Who is newly on it, or on a worse one, is told and has the time for protests anew; who is no longer on it is told.
    What was decided about an entry stays decided. A published list becomes a frozen one again: what was issued holds
    until it is published anew.

    Raises
    ------
    Refusal
        Nothing newer has been published.
    Stale
        Somebody else has changed it.
    """
    by.require("overview:list:manage")
    expect_version(frozen, version)
    LIST_LIFE.require(ListAct.REREAD, frozen.state)
    reading = queries.read_month(session, frozen.month, list_rule(session))
    if reading is None or not queries.newer_evaluations(session, frozen, list_rule(session)):
        raise Refusal(message("Nothing newer has been published since this list was read off."))
    before, after = queries.run_of(session, frozen), session.get_one(EvaluationRun, reading.run_id)
    changed = _read_again(frozen, reading.listed, after.number)
    frozen.state = LIST_LIFE.after(ListAct.REREAD, frozen.state)
    frozen.run_id, frozen.read_runs, frozen.corrected_utc = reading.run_id, list(reading.runs), now
    frozen.published_utc = frozen.published_by_id = None
    frozen.changes = [packed(change) for change in _in_words(session, changed, before, after)]
    if changed.worse:
        days = figure(session, "lists.protest_workdays")
        frozen.protest_until = add_workdays(local_date(now), days, corrections(session))
    session.flush()
    session.refresh(frozen)
    added, moved, left = (len(entries) for entries in (changed.added, changed.moved, changed.left))
    audit.write(session, "overview:list:reread", by, subject=frozen, added=added, moved=moved, left=left)
    number = after.number
    body = message("Objections are accepted until %(day)s.", day=frozen.protest_until.isoformat())
    _tell(session, frozen, f"version {number}", [*changed.added, *changed.moved], body, by, now)
    gone = message("A newer evaluation says something else. The village is not on the list any more.")
    _tell(session, frozen, f"left with version {number}", changed.left, gone, by, now)
    return changed


@dataclass(frozen=True)
class Changed:
    """What reading a list again changed: entries that are new, on another list, or no longer on it.

    ``was`` is the list that an entry stood on before, by the id of its village.
    """

    added: Sequence[ListEntry]
    moved: Sequence[ListEntry]
    left: Sequence[ListEntry]
    was: Mapping[int, Shade]

    @property
    def worse(self) -> bool:
        """Whether somebody stands on a list that has not been contested: praise needs no time for protests."""
        return any(entry.shade != Shade.RED for entry in (*self.added, *self.moved))


def _read_again(frozen: VillageList, listed: Sequence[Listed], number: int) -> Changed:
    """Bring the entries of a list to what was read; those no longer on it stay, taken off with the reason."""
    known = {entry.area_id: entry for entry in frozen.entries}
    was = {area_id: entry.shade for area_id, entry in known.items() if not entry.taken_off}
    added, moved = [], []
    for place, one in enumerate(listed, start=1):
        entry = known.pop(one.result.area_id, None)
        if entry is None:
            frozen.entries.append(entry := _entry(place, one))
            added.append(entry)
        elif entry.shade != one.shade and not entry.taken_off:
            moved.append(entry)
        entry.place, entry.shade, entry.why = place, one.shade, one.why
        entry.colour, entry.score = one.result.colours[0], one.result.score
    left = [entry for entry in known.values() if not entry.taken_off]
    for place, entry in enumerate(known.values(), start=len(listed) + 1):
        entry.place = place
    for entry in left:
        entry.taken_off = True
        reason = NOT_ANY_MORE.filled(number=number)
        entry.taken_off_reason = " ".join(translate(reason, locale) for locale in LOCALES)
    return Changed(added, moved, left, was)


NOT_ANY_MORE = message("not on the list any more by version %(number)s of the evaluation")


def _in_words(session: Session, changed: Changed, before: EvaluationRun, after: EvaluationRun) -> Iterator[Message]:
    """Yield what changed, village by village, and through which of its own records."""
    results = {result.area_id: result for result in results_of(session, after, VILLAGE)}
    for entry in (*changed.added, *changed.moved, *changed.left):
        old = changed.was.get(entry.area_id)
        said = message(
            "%(village)s: %(was)s → %(now)s",
            village=session.get_one(Area, entry.area_id).name,
            was=old.label if old is not None else NOT_LISTED,
            now=NOT_LISTED if entry.taken_off else entry.shade.label,
        )
        result = results.get(entry.area_id)
        since, until = before.computed_utc, after.computed_utc
        late = list_late(session, result, after.month, since, until) if result is not None and since < until else []
        for records in late:
            numbers = ", ".join(records.numbers) + (" …" if records.count > len(records.numbers) else "")
            said = message("%(said)s; %(what)s: %(numbers)s", said=said, what=records.what, numbers=numbers)
        yield said


NOT_LISTED = message("not listed")


def _tell(
    session: Session,
    frozen: VillageList,
    step: str,
    entries: Iterable[ListEntry],
    body: Message,
    by: Actor,
    now: datetime,
) -> None:
    """Tell the grid officer and the leaders of every village on the list; each of them once for each step."""
    for entry in entries:
        key = f"list:{frozen.month}:{step}:{entry.area.code}"
        push(session, NewPush(key, _title(entry), body, _path(frozen)), watchers_of(session, entry.area.path), by, now)


def _title(entry: ListEntry) -> Message:
    if entry.taken_off:
        month = str(entry.village_list.month)
        return message("%(village)s is no longer on the list of %(month)s", village=entry.area.name, month=month)
    return message(
        "%(village)s is on the %(list)s of %(month)s",
        village=entry.area.name,
        list=entry.shade.label,
        month=str(entry.village_list.month),
    )


def _path(frozen: VillageList) -> str:
    return f"/lists/{frozen.month}"
