"""What receivers answer to notices: given once, corrected with what was said before kept."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from trafficedu.core import audit
from trafficedu.core.actors import Actor
from trafficedu.core.clock import local
from trafficedu.core.errors import Denied, Refusal, Stale
from trafficedu.core.orm import expect_version, flush_or_refuse
from trafficedu.core.text import message
from trafficedu.feedback.models import EarlierAnswer, Feedback, Notice
from trafficedu.feedback.queries import notices
from trafficedu.feedback.rules.notices import NOTICE_LIFE, NoticeAct, is_late
from trafficedu.feedback.rules.policy import MEASURES_OF, MeasureKind, Receiver, check_suspension


@dataclass(frozen=True)
class Answer:
    """What the receiver says was done; ``days`` for a suspension, ``text`` needed for "other"."""

    measure: str
    days: int | None = None
    text: str = ""


def answer(session: Session, notice: Notice, given: Answer, by: Actor, now: datetime) -> Feedback:
    """Record what the receiver did. Late answers are taken; the lateness shows.

    The same answer by the same user again returns the first one. The notice's row is locked, and a notice has
    one answer by a unique constraint, so that of two people answering at once one is told.

    Raises
    ------
    Denied
        ``by`` is not the receiver.
    Refusal
        The notice is held or withdrawn, was answered (says by whom and when), or the answer is incomplete
        (fields ``measure``, ``days``, ``text``).
    """
    if not notices.is_receiver(by, notice):
        raise Denied(message("Only the receiver of a notice can answer it."))
    session.refresh(notice, with_for_update={"of": Notice})
    earlier = session.scalar(select(Feedback).where(Feedback.notice_id == notice.id))
    if earlier is not None:
        _require_same(earlier, given, by)
        return earlier
    if not NOTICE_LIFE.may(NoticeAct.ANSWER, notice.state):
        raise Refusal(
            message("This notice was withdrawn because the violation was recorded in error. No answer is needed.")
        )
    check_answer(notice.receiver_kind, given)
    feedback = Feedback(
        notice_id=notice.id,
        measure=MeasureKind(given.measure),
        days=given.days,
        text=given.text,
        answered_utc=now,
        answered_by_id=by.user_id,
    )
    session.add(feedback)
    notice.answered_utc = now
    at_once = Refusal(message("Someone else answered this notice at the same time. Check their answer."))
    flush_or_refuse(session, {"feedback.notice_id": at_once})
    session.expire(notice, ["feedback"])
    late = is_late(notice.due_utc, now, now)
    audit.write(session, "feedback:notice:answer", by, subject=notice, measure=given.measure, late=late)
    return feedback


def correct_answer(
    session: Session, notice: Notice, given: Answer, reason: str, version: int, by: Actor, now: datetime
) -> Feedback:
    """Let the answer say something else; the earlier one stays beside it, with the reason.

    Whether it was in time is judged by the first answer. The notice's row is locked.

    Raises
    ------
    Denied
        ``by`` is not the receiver.
    Stale
        The notice was taken back, has no answer, or somebody corrected it since ``version``.
    Refusal
        No reason, the answer is as before, or it is incomplete (fields ``reason``, ``measure``, ``days``, ``text``).
    """
    if not notices.is_receiver(by, notice):
        raise Denied(message("Only the receiver of a notice can answer it."))
    session.refresh(notice, with_for_update={"of": Notice})
    NOTICE_LIFE.require(NoticeAct.CORRECT_ANSWER, notice.state)
    feedback = session.scalar(select(Feedback).where(Feedback.notice_id == notice.id))
    if feedback is None:
        raise Stale(message("This notice has no answer yet."))
    expect_version(feedback, version)
    if not reason.strip():
        raise Refusal(message("Say why the answer is corrected. The earlier answer is kept."), field="reason")
    check_answer(notice.receiver_kind, given)
    if (feedback.measure, feedback.days, feedback.text) == (given.measure, given.days, given.text):
        raise Refusal(message("Nothing was changed. Correct what is wrong, or go back."))
    session.add(
        EarlierAnswer(
            feedback_id=feedback.id,
            measure=feedback.measure,
            days=feedback.days,
            text=feedback.text,
            answered_utc=feedback.answered_utc,
            answered_by_id=feedback.answered_by_id,
            replaced_utc=now,
            reason=reason.strip(),
        )
    )
    feedback.measure, feedback.days, feedback.text = MeasureKind(given.measure), given.days, given.text
    feedback.answered_utc, feedback.answered_by_id = now, by.user_id
    session.flush()
    session.expire(feedback)
    audit.write(session, "feedback:notice:correct_answer", by, subject=notice, measure=given.measure)
    return feedback


def _require_same(earlier: Feedback, given: Answer, by: Actor) -> None:
    """Raise Refusal, naming who answered and when, unless the same user gives the same answer again."""
    first = (earlier.measure, earlier.days, earlier.text, earlier.answered_by_id)
    if first == (given.measure, given.days, given.text, by.user_id):
        return
    raise Refusal(
        message(
            "%(name)s answered this notice on %(when)s. A notice can only be answered once.",
            name=earlier.answered_by.display_name if earlier.answered_by else message("the system"),
            when=local(earlier.answered_utc).strftime("%Y-%m-%d %H:%M"),
        )
    )


def check_answer(receiver_kind: Receiver, given: Answer) -> None:
    """Raise Refusal where the answer is not whole or not one this receiver can give."""
    if given.measure not in MEASURES_OF[receiver_kind]:
        raise Refusal(message("Choose the measure taken."), field="measure")
    check_suspension(given.measure, given.days)
    if given.measure == MeasureKind.OTHER and not given.text:
        raise Refusal(message("Say what was done."), field="text")
