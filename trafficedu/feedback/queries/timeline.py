"""Who was told of a violation, when it was seen, and what was answered."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from trafficedu.accounts.queries import names_of
from trafficedu.core.actors import Actor
from trafficedu.core.loading import loaded
from trafficedu.core.passages import Passage, audited
from trafficedu.core.row_acts import Consequence
from trafficedu.core.text import Message, message
from trafficedu.feedback.models import EarlierAnswer, Feedback, Notice
from trafficedu.feedback.queries.notices import notice_of_violation
from trafficedu.feedback.rules.notices import NoticeState
from trafficedu.feedback.rules.policy import Measure, in_words

READ = "feedback:notice:read"
ACTS: Mapping[str, Message] = {
    "feedback:notice:release": message("Notice released"),
    "feedback:notice:readdress": message("Notice now goes to another receiver"),
}
TAKEN_BACK = message("notice taken back")
ANSWERED, ANSWER_CORRECTED = message("Answered: %(measure)s"), message("Answer corrected: %(measure)s")


def of_violation(session: Session, by: Actor, _locale: str, violation_id: int) -> Iterator[Passage]:
    """Yield what became of the notice of a violation, to those who may read it."""
    notice = notice_of_violation(session, violation_id, by) if by.may(READ) else None
    if notice is None:
        return
    page, values = "feedback.notice", {"number": notice.number}
    receiver = notice.company or notice.area
    told = message("Told: %(receiver)s", receiver=receiver.name if receiver else "")
    dated = (
        (told, notice.sent_utc),
        (message("Seen by the receiver"), notice.opened_utc),
        (message("Closed without an answer"), notice.closed_utc),
        (message("The receiver was told of the correction"), notice.corrected_utc),
        (message("Notice taken back"), notice.voided_utc),
    )
    for what, at in dated:
        if at is not None:
            yield Passage(at, what, page=page, values=values)
    # A notice is addressed again also where the same receiver remains: that is told by when it was sent.
    rows = audited(session, {Notice: [notice.id]}, ACTS)
    names = names_of(session, [row.actor_id for row in rows if row.actor_id is not None])
    for row in rows:
        if row.detail.get("moved", True):
            who = names.get(row.actor_id or 0, "")
            yield Passage(row.at_utc, ACTS[row.action], who, page=page, values=values, written=row.id)
    if notice.feedback is not None:
        yield from _answers(notice.feedback)


def _answers(answer: Feedback) -> Iterator[Passage]:
    """Yield the answer, and those that stood there before it was corrected."""
    given: list[EarlierAnswer | Feedback] = [*reversed(answer.earlier), answer]
    reason = ""
    for number, each in enumerate(given):
        what = ANSWER_CORRECTED if number else ANSWERED
        measure = in_words(Measure(each.measure, each.days))
        who = each.answered_by.display_name if each.answered_by else ""
        yield Passage(each.answered_utc, what.filled(measure=measure), who, reason or each.text)
        reason = getattr(each, "reason", "")


def after_voiding(session: Session, ids: Sequence[int]) -> dict[int, list[Consequence]]:
    """Return what would follow for notices if these violations were voided."""
    query = select(Notice).where(Notice.violation_id.in_(ids), Notice.state != NoticeState.VOIDED)
    found = session.scalars(query.options(loaded(Notice.company), loaded(Notice.area))).all()
    receivers = ((notice.violation_id, notice.company or notice.area) for notice in found)
    return {record: [Consequence(TAKEN_BACK, receiver.name)] for record, receiver in receivers if receiver is not None}
