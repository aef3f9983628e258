"""The shape of what is typed about sessions: one, a series, changed, cancelled, looked for."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime

from flask_babel import lazy_gettext as _l
from wtforms import (
    BooleanField,
    HiddenField,
    IntegerField,
    SelectField,
    TimeField,
)
from wtforms.validators import InputRequired, NumberRange, Optional, ValidationError

from trafficedu.core import clock
from trafficedu.core.fields import (
    ChoiceFilter,
    DayField,
    FilterForm,
    Form,
    SearchField,
    TrimmedField,
    VersionField,
    at_most,
)
from trafficedu.core.time_fields import LocalTimeField
from trafficedu.education.models.courses import Course
from trafficedu.education.queries.sessions import SessionFilter
from trafficedu.education.services.sessions import NewSeries, NewSession, SessionChange
from trafficedu.stations.models import Station
from trafficedu.violations.queries.searching import Words

MOST_SEATS = 500


def _seats() -> IntegerField:
    return IntegerField(
        _l("Seats"),
        [
            InputRequired(_l("Enter the number of seats.")),
            NumberRange(1, MOST_SEATS, _l("A session must have between %(min)s and %(max)s seats.")),
        ],
    )


def _lecturer() -> TrimmedField:
    return TrimmedField(_l("Lecturer"), [Optional(), at_most(60)])


def _at_night() -> BooleanField:
    return BooleanField(_l("The session really is at night"))


class SessionForm(Form):
    """One new session at the own station."""

    course = SelectField(_l("Course"))
    starts_utc = LocalTimeField(_l("Begins"), [InputRequired(_l("Enter the date and time."))])
    at_night = _at_night()
    capacity = _seats()
    lecturer = _lecturer()

    def to_input(self, courses: Sequence[Course], station: Station) -> NewSession:
        """Return what was entered."""
        course = next(course for course in courses if course.code == self.course.data)
        assert self.starts_utc.data is not None
        seats, lecturer = self.capacity.data, self.lecturer.data or ""
        return NewSession(course, station, self.starts_utc.data, seats, lecturer, bool(self.at_night.data))


class SeriesForm(Form):
    """A session every week. The days are shown before they are made."""

    course = SelectField(_l("Course"))
    day = DayField(_l("First session on"), [InputRequired(_l("Enter the day of the first session."))])
    at = TimeField(_l("Time"), [InputRequired(_l("Enter the time."))])
    until = DayField(
        _l("Until"),
        [InputRequired(_l("Enter the last day."))],
        description=_l("Every week on the same weekday; public holidays are skipped."),
    )
    at_night = _at_night()
    capacity = _seats()
    lecturer = _lecturer()

    def validate_until(self, field: DayField) -> None:
        """Refuse an end before the beginning."""
        if field.data and self.day.data and field.data < self.day.data:
            raise ValidationError(str(_l("The last day is before the first. Choose a later one.")))

    def to_input(self, courses: Sequence[Course], station: Station) -> NewSeries:
        """Return what was entered."""
        course = next(course for course in courses if course.code == self.course.data)
        starts = datetime.combine(self.day.data, self.at.data, clock.SHANGHAI)
        seats, lecturer = self.capacity.data, self.lecturer.data or ""
        first = NewSession(course, station, starts, seats, lecturer, bool(self.at_night.data))
        return NewSeries(first, self.until.data)


class SessionChangeForm(Form):
    """What can be changed of a session; the course and the station stay."""

    starts_utc = LocalTimeField(
        _l("Begins"),
        [InputRequired(_l("Enter the date and time."))],
        description=_l("Riders with a seat keep it. Tell them the new time."),
    )
    at_night = _at_night()
    capacity = _seats()
    lecturer = _lecturer()
    version = VersionField(default=0)

    def to_input(self) -> SessionChange:
        """Return what was entered."""
        assert self.starts_utc.data is not None
        seats, lecturer = self.capacity.data, self.lecturer.data or ""
        return SessionChange(self.starts_utc.data, seats, lecturer, bool(self.at_night.data))


class CancelForm(Form):
    """Why a session is cancelled; ``expected`` is how many bookings the page said."""

    reason = TrimmedField(
        _l("Reason"),
        [
            InputRequired(_l("Say why the session is being cancelled.")),
            at_most(200),
        ],
    )
    version = VersionField(default=0)
    expected = HiddenField(default="0")

    def count(self) -> int:
        """Return the number of bookings the page said; nonsense never matches."""
        text = self.expected.data or ""
        return int(text) if text.isdecimal() and len(text) < 10 else -1


class SessionFilterForm(FilterForm):
    """What the list of sessions is narrowed to; lives in the address."""

    q = SearchField(_l("Session, case, rider, plate, lecturer"))
    station = ChoiceFilter(_l("Station"))
    course = ChoiceFilter(_l("Course"))
    since = DayField(_l("From"), [Optional()])
    until = DayField(_l("To"), [Optional()])
    free = BooleanField(_l("Free seats only"))

    def offer(self, courses: Sequence[Course], stations: Sequence[Station], locale: str) -> None:
        """Fill the lists."""
        self.course.offer((course.code, course.name(locale)) for course in courses)
        self.station.offer((station.code, station.name) for station in stations)

    def to_input(self, today: date, words: Words) -> SessionFilter:
        """Return the filter; without a first day the list begins today, but for whom somebody looks for."""
        return SessionFilter(
            station=self.station.data or "",
            course=self.course.data or "",
            since=self.since.data or today,
            until=self.until.data,
            free_only=bool(self.free.data),
            words=words,
            whenever=self.since.data is None,
        )
