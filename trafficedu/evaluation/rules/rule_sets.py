"""The life of a rule set."""

from __future__ import annotations

from enum import StrEnum, auto

from trafficedu.core.states import Transitions, Word
from trafficedu.core.text import message


class RuleSetState(Word):
    """A draft is changed freely; what is in force, or was given up, never changes again."""

    DRAFT = "draft", message("draft"), "open"
    IN_FORCE = "in_force", message("in force"), "done"
    DISCARDED = "discarded", message("discarded")


class RuleSetAct(StrEnum):
    """What is done to a rule set."""

    CHANGE = auto()
    RELEASE = auto()
    DISCARD = auto()


RULE_SET_LIFE = Transitions(
    {
        RuleSetAct.CHANGE: ((RuleSetState.DRAFT,), None),
        RuleSetAct.RELEASE: ((RuleSetState.DRAFT,), RuleSetState.IN_FORCE),
        RuleSetAct.DISCARD: ((RuleSetState.DRAFT,), RuleSetState.DISCARDED),
    }
)
