"""What the calendar is narrowed to."""

from __future__ import annotations

from collections.abc import Sequence

from flask_babel import lazy_gettext as _l
from wtforms import HiddenField

from trafficedu.core.fields import ChoiceFilter, FilterForm
from trafficedu.stations.models import Station


class CalendarForm(FilterForm):
    """One station, there one lecturer or one room; lives in the address with the day and how much is shown."""

    station = ChoiceFilter(_l("Station"))
    lecturer = ChoiceFilter(_l("Lecturer"))
    room = ChoiceFilter(_l("Room"))
    span = HiddenField()
    day = HiddenField()

    def offer(
        self,
        stations: Sequence[Station],
        chosen: Station | None,
        lecturers: Sequence[str],
        rooms: Sequence[tuple[str, str]],
    ) -> None:
        """Fill the lists; without a station there is nothing to choose below it."""
        self.station.offer((station.code, station.name) for station in stations)
        self.lecturer.offer((name, name) for name in lecturers)
        self.room.offer(rooms)
        if len(stations) < 2:
            del self.station
        if chosen is None or not lecturers:
            del self.lecturer
        if chosen is None or not rooms:
            del self.room

    def chosen(self, name: str, offered: Sequence[str]) -> str:
        """Return what is chosen of a list, "" where it is not offered."""
        text = str(self[name].data or "") if name in self else ""
        return text if text in offered else ""
