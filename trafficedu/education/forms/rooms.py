"""The shape of what is chosen about the rooms of a session."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from flask_babel import lazy_gettext as _l
from wtforms import SelectField

from trafficedu.core.fields import Form, choices
from trafficedu.education.rules.rooms import may_serve
from trafficedu.education.rules.states import ModuleKind
from trafficedu.stations.models import Room

NONE = ""


class SessionRoomsForm(Form):
    """In which room each kind of module is held; "" is none in particular."""

    lecture = SelectField(_l("Room for the lecture"))
    film = SelectField(_l("Room for the film"))
    vr = SelectField(_l("Room for VR"))
    quiz = SelectField(_l("Room for the quiz"))

    def offer(
        self, kinds: Sequence[ModuleKind], rooms: Sequence[Room], planned: Mapping[ModuleKind, Room], locale: str
    ) -> None:
        """Offer for each kind of module the rooms that serve for it, and begin with the plan."""
        for kind in ModuleKind:
            if kind not in kinds:
                delattr(self, kind)
                continue
            serving = [room for room in rooms if may_serve(kind, room.kind)]
            offered = [(room.number, f"{room.name(locale)} ({room.places})") for room in serving]
            self[kind].choices = choices([(NONE, _l("none in particular")), *offered])
            if not self.is_submitted():
                self[kind].data = planned[kind].number if kind in planned else NONE

    def fields_shown(self) -> Iterator[SelectField]:
        """Yield the fields of the kinds that the course has."""
        return (self[kind] for kind in ModuleKind if kind in self)

    def to_input(self, rooms: Sequence[Room]) -> dict[ModuleKind, Room]:
        """Return the room chosen for each kind."""
        by_number = {room.number: room for room in rooms}
        chosen = {kind: self[kind].data for kind in ModuleKind if kind in self}
        return {kind: by_number[number] for kind, number in chosen.items() if number != NONE}
