"""The closed lists of the quiz, and which act leads from state to state. Pure."""

from __future__ import annotations

from enum import StrEnum, auto

from trafficedu.core.states import Transitions, Word
from trafficedu.core.text import message


class QuestionForm(Word):
    """How a question is answered."""

    SINGLE = "single", message("one right answer")
    SEVERAL = "several", message("several right answers")
    TRUE_FALSE = "true_false", message("true or false")


class QuestionState(Word):
    """Whether a question is asked. A draft lacks one of the two languages."""

    DRAFT = "draft", message("draft"), "open"
    IN_USE = "in_use", message("in use"), "done"
    RETIRED = "retired", message("retired")


class QuestionAct(StrEnum):
    """What happens to a question."""

    CHANGE = auto()
    RELEASE = auto()
    RETIRE = auto()


QUESTION_LIFE = Transitions(
    {
        QuestionAct.CHANGE: (tuple(QuestionState), None),
        QuestionAct.RELEASE: ((QuestionState.DRAFT, QuestionState.RETIRED), QuestionState.IN_USE),
        QuestionAct.RETIRE: ((QuestionState.DRAFT, QuestionState.IN_USE), QuestionState.RETIRED),
    },
    message("The state of this question has changed. Check what it says now."),
)


class AttemptState(Word):
    """How far an attempt is. What the clock ended is marked by the answers given until then."""

    RUNNING = "running", message("quiz under way"), "open"
    HANDED_IN = "handed_in", message("handed in"), "done"
    TIMED_OUT = "timed_out", message("time was up")


class AttemptAct(StrEnum):
    """What happens to an attempt."""

    ANSWER = auto()
    HAND_IN = auto()
    TIME_OUT = auto()


ATTEMPT_LIFE = Transitions(
    {
        AttemptAct.ANSWER: ((AttemptState.RUNNING,), None),
        AttemptAct.HAND_IN: ((AttemptState.RUNNING,), AttemptState.HANDED_IN),
        AttemptAct.TIME_OUT: ((AttemptState.RUNNING,), AttemptState.TIMED_OUT),
    },
    message("This quiz has been handed in. The result is on its page."),
)


class Device(Word):
    """On what a quiz was taken."""

    PHONE = "phone", message("the rider's phone")
    TABLET = "tablet", message("the station's tablet")
