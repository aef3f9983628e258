"""Reads of notices: who sees which, what the policy recommends, the rates."""

from trafficedu.feedback.queries.notices import (
    ANSWER,
    NoticeFilter,
    count_late,
    count_unanswered,
    find_notice,
    is_receiver,
    list_notices,
    list_of_rider,
    list_open_of_company,
    list_unanswered,
    notice_of_violation,
    visible,
)
from trafficedu.feedback.queries.policy import find_step, list_steps, recommendations, steps_on
from trafficedu.feedback.queries.rates import FeedbackCounts, belongs_to, count_due_of_companies, count_feedback
from trafficedu.feedback.queries.rows import HELD_REASONS, NoticeRow, describe, paper_of

__all__ = [
    "ANSWER",
    "HELD_REASONS",
    "FeedbackCounts",
    "NoticeFilter",
    "NoticeRow",
    "belongs_to",
    "count_due_of_companies",
    "count_feedback",
    "count_late",
    "count_unanswered",
    "describe",
    "find_notice",
    "find_step",
    "is_receiver",
    "list_notices",
    "list_of_rider",
    "list_open_of_company",
    "list_steps",
    "list_unanswered",
    "notice_of_violation",
    "paper_of",
    "recommendations",
    "steps_on",
    "visible",
]
