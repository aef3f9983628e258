"""The words of a record, and the states it goes through with what is asked about it: which act leads where."""

from __future__ import annotations

from enum import StrEnum, auto

from trafficedu.core.states import Transitions, Word
from trafficedu.core.text import message
from trafficedu.riders.rules import CompanyKnown


class Penalty(Word):
    """What an offence cost the offender."""

    WARNING = "warning", message("warning")
    FINE = "fine", message("fine")
    EDUCATION = "education", message("education")


class Offender(Word):
    """Whose offence it was."""

    RIDER = "rider", message("rider")
    PASSENGER = "passenger", message("passenger")


class Source(Word):
    """How an offence came to be known here."""

    FIELD = "field", message("on the spot")
    CAMERA = "camera", message("camera")
    IMPORT = "import", message("from a file")
    API = "api", message("interface")


class ViolationState(Word):
    """Pending: a camera record nobody has looked at. Only what is confirmed counts."""

    PENDING = "pending", message("waiting for review"), "open"
    CONFIRMED = "confirmed", message("confirmed"), "done"
    REJECTED = "rejected", message("rejected"), "problem"
    VOIDED = "voided", message("voided"), "problem"


class ViolationAct(StrEnum):
    """What is done to a record after it was made."""

    CONFIRM = auto()
    REJECT = auto()
    IDENTIFY = auto()
    CORRECT = auto()
    OBJECT = auto()
    VOID = auto()
    REOPEN = auto()


class CorrectedField(Word):
    """What of a record can be corrected: what happened, never who it was. Another person is another record."""

    KIND = "kind", message("Violation")
    OCCURRED = "occurred_at", message("When")
    AREA = "area_code", message("Village")
    PLACE = "place", message("Place")
    PENALTY = "penalty", message("Penalty imposed")
    FINE = "fine_yuan", message("Fine in yuan")
    NOTE = "note", message("Note")


class MissingPapers(Word):
    """Why a person who was stopped showed no papers."""

    NOT_CARRIED = "not_carried", message("not carried")
    REFUSED = "refused", message("not shown on request")
    LEFT = "left", message("left before they could be seen")
    OTHER = "other", message("another reason")


class IdentityState(Word):
    """Whether somebody has yet to find out who a person without papers was; nobody is told of the record till then."""

    WANTED = "wanted", message("to be identified"), "open"
    NAMED = "named", message("identified later"), "done"
    GIVEN_UP = "given_up", message("cannot be identified")


class IdentityAct(StrEnum):
    """How that ends."""

    NAME = auto()
    GIVE_UP = auto()


class PlateState(Word):
    """What became of a record whose rider met a plate known as another rider's, where nobody could be asked."""

    OPEN = "open", message("waiting for a decision"), "open"
    BORROWED = "borrowed", message("borrowed"), "done"
    TRANSFERRED = "transferred", message("transferred to this rider"), "done"
    MISTYPED = "mistyped", message("the plate is mistyped"), "done"
    DROPPED = "dropped", message("no longer asked")


class PlateAct(StrEnum):
    """How such a question ends, or is asked again because the record changed."""

    BORROW = auto()
    TRANSFER = auto()
    MISTYPE = auto()
    DROP = auto()
    ASK = auto()


class PairState(Word):
    """What is known of two records that may be of one offence."""

    OPEN = "open", message("waiting for a decision"), "open"
    APART = "apart", message("two offences"), "done"
    MERGED = "merged", message("one offence"), "done"
    DROPPED = "dropped", message("no longer asked")


class PairAct(StrEnum):
    """How that is found out, or asked again because a record changed."""

    TELL_APART = auto()
    MERGE = auto()
    DROP = auto()
    ASK = auto()


class DoubleAnswer(Word):
    """What whoever records says where an earlier record may be of the same offence."""

    SAME = "same", message("The same stop: keep the earlier record")
    ANOTHER = "another", message("Another offence: record it")


class ObjectionState(Word):
    """An upheld objection voids the record; a dismissed one leaves it; a settled one found its record voided before."""

    OPEN = "open", message("waiting for a decision"), "open"
    UPHELD = "upheld", message("upheld"), "done"
    DISMISSED = "dismissed", message("dismissed"), "done"
    SETTLED = "settled", message("settled: record voided"), "done"


class ObjectionAct(StrEnum):
    """How an objection ends."""

    UPHOLD = auto()
    DISMISS = auto()
    SETTLE = auto()
    REOPEN = auto()


class CompanyAct(Word):
    """What was said about the company that answers for a record."""

    CLAIMED = "claimed", message("The company confirmed that it engages the rider")
    DISOWNED = "disowned", message("The company said that it does not engage the rider")
    PROVED = "proved", message("The police confirmed the company on proof")
    CHOSEN = "chosen", message("The police chose the company")
    NONE = "none", message("The police decided that no company answers")
    UNDONE = "undone", message("The decision on the company was taken back")


class RequestState(Word):
    """What became of a correction that an officer asked for once the minutes of correcting it alone were over."""

    OPEN = "open", message("waiting for a decision"), "open"
    GRANTED = "granted", message("granted"), "done"
    REFUSED = "refused", message("refused")
    DROPPED = "dropped", message("no longer asked")


class RequestAct(StrEnum):
    """How that ends, or waits again because its refusal was taken back."""

    GRANT = auto()
    REFUSE = auto()
    DROP = auto()
    REOPEN = auto()


class Proof(Word):
    """What an officer saw that says for whom a rider works."""

    ORDER = "order", message("an order on the rider's phone")
    GEAR = "gear", message("clothes or a box of the company")
    CARD = "card", message("a work card or a contract")
    CALL = "call", message("the company said so on the telephone")


ANSWERING = (CompanyKnown.ENGAGED, CompanyKnown.AS_RECORDED)
"""How the company is known where there is one."""
COMPANY_OPEN = (CompanyKnown.NAMED, CompanyKnown.AMBIGUOUS)
"""Where somebody has to say which company answers: until then nobody is told."""
DECIDED = message("Someone else has already decided on this record. Check what it says now.")
NOT_ENDED = (ViolationState.PENDING, ViolationState.CONFIRMED)
"""States of a record that may still be worked on."""

VIOLATION_LIFE = Transitions(
    {
        ViolationAct.CONFIRM: ((ViolationState.PENDING,), ViolationState.CONFIRMED),
        ViolationAct.REJECT: ((ViolationState.PENDING,), ViolationState.REJECTED),
        ViolationAct.IDENTIFY: (NOT_ENDED, None),
        ViolationAct.CORRECT: (NOT_ENDED, None),
        ViolationAct.OBJECT: ((ViolationState.CONFIRMED,), None),
        ViolationAct.VOID: (NOT_ENDED, ViolationState.VOIDED),
        ViolationAct.REOPEN: ((ViolationState.REJECTED, ViolationState.CONFIRMED), ViolationState.PENDING),
    },
    DECIDED,
)
OBJECTION_LIFE = Transitions(
    {
        ObjectionAct.UPHOLD: ((ObjectionState.OPEN,), ObjectionState.UPHELD),
        ObjectionAct.DISMISS: ((ObjectionState.OPEN,), ObjectionState.DISMISSED),
        ObjectionAct.SETTLE: ((ObjectionState.OPEN,), ObjectionState.SETTLED),
        ObjectionAct.REOPEN: ((ObjectionState.DISMISSED,), ObjectionState.OPEN),
    },
    DECIDED,
)
IDENTITY_LIFE = Transitions(
    {
        IdentityAct.NAME: ((IdentityState.WANTED, IdentityState.GIVEN_UP), IdentityState.NAMED),
        IdentityAct.GIVE_UP: ((IdentityState.WANTED,), IdentityState.GIVEN_UP),
    },
    DECIDED,
)
PLATE_LIFE = Transitions(
    {
        PlateAct.BORROW: ((PlateState.OPEN,), PlateState.BORROWED),
        PlateAct.TRANSFER: ((PlateState.OPEN,), PlateState.TRANSFERRED),
        PlateAct.MISTYPE: ((PlateState.OPEN,), PlateState.MISTYPED),
        PlateAct.DROP: (tuple(PlateState), PlateState.DROPPED),
        PlateAct.ASK: (tuple(PlateState), PlateState.OPEN),
    },
    DECIDED,
)
PAIR_LIFE = Transitions(
    {
        PairAct.TELL_APART: ((PairState.OPEN,), PairState.APART),
        PairAct.MERGE: ((PairState.OPEN,), PairState.MERGED),
        PairAct.DROP: ((PairState.OPEN,), PairState.DROPPED),
        PairAct.ASK: ((PairState.OPEN, PairState.DROPPED), PairState.OPEN),
    },
    DECIDED,
)
REQUEST_LIFE = Transitions(
    {
        RequestAct.GRANT: ((RequestState.OPEN,), RequestState.GRANTED),
        RequestAct.REFUSE: ((RequestState.OPEN,), RequestState.REFUSED),
        RequestAct.DROP: ((RequestState.OPEN,), RequestState.DROPPED),
        RequestAct.REOPEN: ((RequestState.REFUSED,), RequestState.OPEN),
    },
    DECIDED,
)
PENALTIES, OFFENDERS, SOURCES = frozenset(Penalty), frozenset(Offender), frozenset(Source)
COMPANY_LIFE = Transitions(
    {
        CompanyAct.CLAIMED: ((CompanyKnown.NAMED,), CompanyKnown.ENGAGED),
        CompanyAct.DISOWNED: ((CompanyKnown.NAMED,), None),
        CompanyAct.PROVED: ((CompanyKnown.NAMED,), CompanyKnown.ENGAGED),
        CompanyAct.CHOSEN: (COMPANY_OPEN, CompanyKnown.ENGAGED),
        CompanyAct.NONE: (COMPANY_OPEN, CompanyKnown.NONE),
        CompanyAct.UNDONE: (
            (CompanyKnown.ENGAGED, CompanyKnown.AMBIGUOUS, CompanyKnown.NOBODY, CompanyKnown.NONE),
            None,
        ),
    },
    DECIDED,
)
"""Where ``None`` stands, the state follows from who engages the rider, or is the one before."""
