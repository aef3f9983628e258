"""Use cases of notices, and of the policy that recommends measures; other features import from here."""

from trafficedu.feedback.services.notices import (
    Answer,
    answer,
    check_answer,
    note_opened,
    queue_notice,
    release_held,
    release_to_village,
    withdraw_notice,
)
from trafficedu.feedback.services.policy import (
    StepInput,
    add_step,
    check_step,
    end_step,
    load_policy,
    renew_step,
)

__all__ = [
    "Answer",
    "StepInput",
    "add_step",
    "answer",
    "check_answer",
    "check_step",
    "end_step",
    "load_policy",
    "note_opened",
    "queue_notice",
    "release_held",
    "release_to_village",
    "renew_step",
    "withdraw_notice",
]
