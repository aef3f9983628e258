"""The closed lists of films, and which act leads from state to state. Pure."""

from __future__ import annotations

from enum import StrEnum, auto

from trafficedu.core.states import Transitions, Word
from trafficedu.core.text import message


class FilmKind(Word):
    """What a film is made of."""

    PICTURES = "pictures", message("pictures and words")
    VIDEO = "video", message("video file")


class FilmState(Word):
    """Whether riders get a film. What is in use, or was, is never changed: its next version is."""

    DRAFT = "draft", message("not in use yet"), "open"
    IN_USE = "in_use", message("in use"), "done"
    RETIRED = "retired", message("retired")


class FilmAct(StrEnum):
    """What happens to a film."""

    CHANGE = auto()
    RELEASE = auto()
    RETIRE = auto()


FILM_LIFE = Transitions(
    {
        FilmAct.CHANGE: ((FilmState.DRAFT,), None),
        FilmAct.RELEASE: ((FilmState.DRAFT, FilmState.RETIRED), FilmState.IN_USE),
        FilmAct.RETIRE: ((FilmState.DRAFT, FilmState.IN_USE), FilmState.RETIRED),
    },
    message("The state of this film has changed. Check what it says now."),
)
