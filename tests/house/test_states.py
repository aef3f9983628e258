"""What may be done to a record in which state, written out once more by hand: every act is tried from every state."""

from __future__ import annotations

from itertools import product
from typing import Any

import pytest

from trafficedu.accidents.rules import ACCIDENT_LIFE, PAIR_LIFE, AccidentState, PairState
from trafficedu.core.corrections import CORRECTION_LIFE, CorrectionState
from trafficedu.core.errors import Stale
from trafficedu.core.import_runs import RUN_LIFE, RunState
from trafficedu.core.jobs import JOB_LIFE, JobState
from trafficedu.core.states import Transitions, Word
from trafficedu.education.rules.states import (
    ATTENDANCE_LIFE,
    BOOKING_LIFE,
    PROPOSAL_LIFE,
    SESSION_LIFE,
    TASK_LIFE,
    AttendanceState,
    BookingState,
    ProposalState,
    SessionState,
    TaskState,
)
from trafficedu.evaluation.rules.rule_sets import RULE_SET_LIFE, RuleSetState
from trafficedu.feedback.rules.notices import NOTICE_LIFE, NoticeState
from trafficedu.films.rules.words import FILM_LIFE, FilmState
from trafficedu.hazards.rules import HAZARD_LIFE, HazardState
from trafficedu.helmets.rules import SURVEY_LIFE, SurveyState
from trafficedu.issued.rules import DOCUMENT_LIFE, DocumentState
from trafficedu.overview.rules import LIST_LIFE, ListState
from trafficedu.quizzes.rules.words import ATTEMPT_LIFE, QUESTION_LIFE, AttemptState, QuestionState
from trafficedu.reaching.rules.telling import MESSAGE_LIFE, MessageState
from trafficedu.riders.rules import CONFLICT_LIFE, CompanyKnown, ConflictState
from trafficedu.violations.rules import states as violations
from trafficedu.violations.rules.states import (
    COMPANY_LIFE,
    IDENTITY_LIFE,
    OBJECTION_LIFE,
    PLATE_LIFE,
    VIOLATION_LIFE,
    IdentityState,
    ObjectionState,
    PlateState,
    ViolationState,
)

EXPECTED: dict[str, tuple[Transitions[Any, Any], type[Word], dict[str, tuple[str, str]]]] = {
    "violation": (
        VIOLATION_LIFE,
        ViolationState,
        {
            "confirm": ("pending", "confirmed"),
            "reject": ("pending", "rejected"),
            "identify": ("pending confirmed", ""),
            "correct": ("pending confirmed", ""),
            "object": ("confirmed", ""),
            "void": ("pending confirmed", "voided"),
            "reopen": ("rejected confirmed", "pending"),
        },
    ),
    "quiz question": (
        QUESTION_LIFE,
        QuestionState,
        {
            "change": ("draft in_use retired", ""),
            "release": ("draft retired", "in_use"),
            "retire": ("draft in_use", "retired"),
        },
    ),
    "film": (
        FILM_LIFE,
        FilmState,
        {
            "change": ("draft", ""),
            "release": ("draft retired", "in_use"),
            "retire": ("draft in_use", "retired"),
        },
    ),
    "quiz attempt": (
        ATTEMPT_LIFE,
        AttemptState,
        {"answer": ("running", ""), "hand_in": ("running", "handed_in"), "time_out": ("running", "timed_out")},
    ),
    "company of a violation": (
        COMPANY_LIFE,
        CompanyKnown,
        {
            "claimed": ("named", "engaged"),
            "disowned": ("named", ""),
            "proved": ("named", "engaged"),
            "chosen": ("named ambiguous", "engaged"),
            "none": ("named ambiguous", "none"),
            "undone": ("engaged ambiguous nobody none", ""),
        },
    ),
    "rider to be identified": (
        IDENTITY_LIFE,
        IdentityState,
        {"name": ("wanted given_up", "named"), "give_up": ("wanted", "given_up")},
    ),
    "document with another name": (
        CONFLICT_LIFE,
        ConflictState,
        {"rename": ("open", "renamed"), "dismiss": ("open", "dismissed")},
    ),
    "run of an import": (RUN_LIFE, RunState, {"end": ("writing", "done"), "undo": ("done", "undone")}),
    "correction": (
        CORRECTION_LIFE,
        CorrectionState,
        {
            "differ": ("held differs", "differs"),
            "return": ("differs", "held"),
            "agree": ("held differs", "agreed"),
            "keep": ("differs", "held"),
            "replace": ("held differs", "replaced"),
            "take": ("held differs", "taken"),
        },
    ),
    "job": (
        JOB_LIFE,
        JobState,
        {
            "start": ("waiting", "running"),
            "release": ("running", "waiting"),
            "succeed": ("running", "succeeded"),
            "fail": ("running", "failed"),
            "cancel": ("waiting running", "cancelled"),
            "repeat": ("succeeded failed cancelled", ""),
            "resume": ("failed", "waiting"),
        },
    ),
    "objection": (
        OBJECTION_LIFE,
        ObjectionState,
        {
            "uphold": ("open", "upheld"),
            "dismiss": ("open", "dismissed"),
            "settle": ("open", "settled"),
            "reopen": ("dismissed", "open"),
        },
    ),
    "plate question": (
        PLATE_LIFE,
        PlateState,
        {
            "borrow": ("open", "borrowed"),
            "transfer": ("open", "transferred"),
            "mistype": ("open", "mistyped"),
            "drop": ("open borrowed transferred mistyped dropped", "dropped"),
            "ask": ("open borrowed transferred mistyped dropped", "open"),
        },
    ),
    "records of one offence": (
        violations.PAIR_LIFE,
        violations.PairState,
        {
            "merge": ("open", "merged"),
            "tell_apart": ("open", "apart"),
            "drop": ("open", "dropped"),
            "ask": ("open dropped", "open"),
        },
    ),
    "hazard": (
        HAZARD_LIFE,
        HazardState,
        {
            "reported": ("", "reported"),
            "planned": ("reported", "planned"),
            "revised": ("planned fixing", ""),
            "fixing": ("planned", "fixing"),
            "fixed": ("planned fixing", "fixed"),
            "verified": ("fixed", "verified"),
            "rejected": ("fixed", "fixing"),
            "closed": ("reported planned", "closed"),
            "reopened": ("closed", "reported"),
            "corrected": ("reported planned fixing fixed", ""),
            "voided": ("reported planned fixing fixed verified closed", "voided"),
        },
    ),
    "accident": (
        ACCIDENT_LIFE,
        AccidentState,
        {
            "correct": ("recorded", ""),
            "link": ("recorded", ""),
            "tell_apart": ("recorded", ""),
            "void": ("recorded", "voided"),
        },
    ),
    "accident pair": (
        PAIR_LIFE,
        PairState,
        {"tell_apart": ("open apart", "apart"), "merge": ("open apart", "merged")},
    ),
    "notice": (
        NOTICE_LIFE,
        NoticeState,
        {
            "release": ("held", "sent"),
            "answer": ("sent", ""),
            "correct_answer": ("sent", ""),
            "close": ("sent", ""),
            "follow": ("held sent", ""),
            "withdraw": ("held sent", "voided"),
            "readdress": ("held sent", ""),
            "revive": ("voided", "held"),
        },
    ),
    "document": (
        DOCUMENT_LIFE,
        DocumentState,
        {"replace": ("valid", "replaced"), "revoke": ("valid", "revoked")},
    ),
    "village list": (
        LIST_LIFE,
        ListState,
        {
            "protest": ("frozen", ""),
            "take_off": ("frozen", ""),
            "publish": ("frozen", "published"),
            "reread": ("frozen published", "frozen"),
        },
    ),
    "rule set": (
        RULE_SET_LIFE,
        RuleSetState,
        {"change": ("draft", ""), "release": ("draft", "in_force"), "discard": ("draft", "discarded")},
    ),
    "helmet survey": (SURVEY_LIFE, SurveyState, {"void": ("counted", "void")}),
    "study task": (
        TASK_LIFE,
        TaskState,
        {
            "seat": ("open booked away", "booked"),
            "unseat": ("open booked", "open"),
            "check_in": ("booked", "in_progress"),
            "undo_check_in": ("in_progress", "booked"),
            "miss": ("booked", "open"),
            "miss_again": ("booked", "away"),
            "excuse": ("away", "open"),
            "leave": ("in_progress", "open"),
            "return": ("away", "open"),
            "come_back": ("open booked away", "in_progress"),
            "complete": ("in_progress", "completed"),
            "take_back": ("completed", "in_progress"),
            "waive": ("open booked away in_progress", "waived"),
            "resume": ("waived", "open"),
            "withdraw": ("open booked away in_progress", "withdrawn"),
            "join": ("open booked away", "joined"),
        },
    ),
    "booking": (
        BOOKING_LIFE,
        BookingState,
        {
            "check_in": ("booked", "attended"),
            "undo_check_in": ("attended", "booked"),
            "miss": ("booked", "absent"),
            "reinstate": ("absent", "booked"),
            "excuse": ("absent", "excused"),
            "give_up": ("booked", "cancelled"),
        },
    ),
    "attendance": (
        ATTENDANCE_LIFE,
        AttendanceState,
        {
            "study": ("studying", ""),
            "sign_off": ("studying", "signed"),
            "take_back": ("signed", "studying"),
            "leave": ("studying", "left"),
            "come_back": ("left", "studying"),
            "lapse": ("studying", "unfinished"),
        },
    ),
    "exception proposed": (
        PROPOSAL_LIFE,
        ProposalState,
        {"grant": ("open", "granted"), "refuse": ("open", "refused"), "lapse": ("open", "lapsed")},
    ),
    "study session": (
        SESSION_LIFE,
        SessionState,
        {"change": ("scheduled", ""), "cancel": ("scheduled", "cancelled")},
    ),
    "message to a rider": (
        MESSAGE_LIFE,
        MessageState,
        {
            "claim": ("waiting", "sending"),
            "arrive": ("sending", "sent"),
            "try": ("sending", "dry"),
            "put_off": ("sending", "waiting"),
            "fail": ("sending", "failed"),
            "doubt": ("sending", "unclear"),
            "find_no_way": ("sending", "no_way"),
            "decline": ("sending", "declined"),
            "drop": ("sending", "dropped"),
            "resend": ("failed unclear no_way", "waiting"),
        },
    ),
}
"""ACT -> (the states it may be taken from, the state it leads to; "": the state stays)."""


@pytest.mark.parametrize("record", EXPECTED)
def test_every_act_from_every_state(record: str) -> None:
    life, states, expected = EXPECTED[record]
    assert set(life.table) == set(expected)
    for act, state in product(life.table, list(states)):
        before, after = expected[act]
        allowed = state in before.split()
        assert life.may(act, state) == allowed, (act, state)
        if allowed:
            assert life.after(act, state) == (after or state)
        else:
            with pytest.raises(Stale):
                life.after(act, state)
