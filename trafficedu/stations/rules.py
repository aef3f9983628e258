"""What a room of a station is for. Pure."""

from __future__ import annotations

from trafficedu.core.states import Word
from trafficedu.core.text import message


class RoomKind(Word):
    """What a room is fitted out for; the words are those of the modules of a course that are held in it."""

    LECTURE = "lecture", message("lecture")
    FILM = "film", message("film")
    VR = "vr", message("VR")
    QUIZ = "quiz", message("quiz")
