"""A first attempt is added to what is known of its questions. Flushes, never commits."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from trafficedu.analysis import items as analysis
from trafficedu.quizzes.models import Attempt, QuestionTally


def sums_of(tally: QuestionTally) -> analysis.Sums:
    """Return what a tally adds up to, for ``analysis``."""
    return analysis.Sums(tally.shown, tally.right_count, tally.rest_sum, tally.rest_squares, tally.right_rest_sum)


def count_first(session: Session, attempt: Attempt) -> None:
    """Add the answers of a first attempt to the tallies of its questions, locked in one order by everybody.

    Of one question alone there is no rest to hold it against, so it counts for nothing.
    """
    others = len(attempt.items) - 1
    if others < 1:
        return
    by_version = {item.version_id: item for item in attempt.items}
    tallies = session.scalars(
        select(QuestionTally)
        .where(QuestionTally.version_id.in_(by_version))
        .order_by(QuestionTally.version_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    total = attempt.right_answers
    for tally in tallies:
        item = by_version[tally.version_id]
        sums = sums_of(tally).plus(bool(item.right), (total - bool(item.right)) / others)
        result = analysis.describe(sums)
        tally.shown, tally.right_count = sums.shown, sums.right
        tally.rest_sum, tally.rest_squares, tally.right_rest_sum = sums.rest, sums.rest_squares, sums.right_rest
        tally.share = result.difficulty.value if result.difficulty else None
        tally.telling = result.telling.value if result.telling else None
        tally.chosen = [count + (place in item.chosen) for place, count in enumerate(tally.chosen)]
    session.flush()
