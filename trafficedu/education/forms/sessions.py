"""The shape of what is typed about sessions: one, a series, changed, cancelled, looked for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any

from flask_babel import lazy_gettext as _l
from wtforms import (
    BooleanField,
    HiddenField,
    IntegerField,
    RadioField,
    SelectField,
    SelectMultipleField,
    TimeField,
)
from wtforms.validators import InputRequired, NumberRange, Optional, ValidationError
from wtforms.widgets import CheckboxInput, ListWidget

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
    choices,
    named,
)
from trafficedu.core.time_fields import LocalTimeField
from trafficedu.core.web import translated
from trafficedu.education.models.courses import Course
from trafficedu.education.queries.sessions import SessionFilter
from trafficedu.education.rules.planning import MOST_WEEKS_BETWEEN, Extent, PlannedDay, RidersChoice
from trafficedu.education.services.series import NewSeries, Reach
from trafficedu.education.services.sessions import NewSession, SessionChange
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


def _extent() -> RadioField:
    return RadioField(_l("What is meant"), choices=choices(named(Extent)), default=Extent.ONE.value)


def _reached(extent: Extent, reach: Reach) -> Any:
    counts = {"sessions": reach.sessions, "riders": reach.riders}
    return _l("%(extent)s: %(sessions)d sessions, %(riders)d riders", extent=translated(extent.label), **counts)


def _day(value: date | str) -> date:
    return value if isinstance(value, date) else date.fromisoformat(value)


class DaysField(SelectMultipleField):  # type: ignore[misc]
    """Days with a box each: what the calendar says of each, and what stands in its way."""

    widget = ListWidget(prefix_label=False)
    option_widget = CheckboxInput()
    planned: Sequence[PlannedDay] = ()

    def __init__(self, label: Any, **kwargs: Any) -> None:
        super().__init__(label, [Optional()], coerce=_day, choices=[], validate_choice=False, **kwargs)

    def offer(self, days: Sequence[PlannedDay]) -> None:
        """Show these days, those ticked that would be planned."""
        self.planned, self.data = days, [one.day for one in days if one.taken]
        self.choices = [(one.day, one.day.isoformat()) for one in days]

    def boxes(self) -> list[tuple[PlannedDay, Any]]:
        """Return each day with its box."""
        return list(zip(self.planned, self, strict=True))


class SessionForm(Form):
    """One new session at the own station."""

    course = SelectField(_l("Course"))
    starts_utc = LocalTimeField(_l("Begins"), [InputRequired(_l("Enter the date and time."))])
    capacity = _seats()
    lecturer = _lecturer()

    def to_input(self, courses: Sequence[Course], station: Station) -> NewSession:
        """Return what was entered."""
        course = next(course for course in courses if course.code == self.course.data)
        assert self.starts_utc.data is not None
        seats, lecturer = self.capacity.data, self.lecturer.data or ""
        return NewSession(course, station, self.starts_utc.data, seats, lecturer)


class SeriesForm(Form):
    """The same session every week or every few weeks. The days are shown, and chosen, before they are made."""

    course = SelectField(_l("Course"))
    day = DayField(_l("First session on"), [InputRequired(_l("Enter the day of the first session."))])
    at = TimeField(_l("Time"), [InputRequired(_l("Enter the time."))])
    until = DayField(_l("Until"), [InputRequired(_l("Enter the last day."))])
    every_weeks = IntegerField(
        _l("Every how many weeks"),
        [
            InputRequired(_l("Enter the number of weeks.")),
            NumberRange(1, MOST_WEEKS_BETWEEN, _l("The number must be between %(min)s and %(max)s.")),
        ],
        default=1,
    )
    capacity = _seats()
    lecturer = _lecturer()
    days = DaysField(_l("Days"))
    listed = HiddenField(default="")
    """For which days the list on the page was made; another one is shown anew."""

    def validate_until(self, field: DayField) -> None:
        """Refuse an end before the beginning."""
        if field.data and self.day.data and field.data < self.day.data:
            raise ValidationError(str(_l("The last day is before the first. Choose a later one.")))

    @property
    def wanted(self) -> str:
        """The days that are asked for, as :attr:`listed` says them."""
        return f"{self.day.data}/{self.until.data}/{self.every_weeks.data}"

    def to_input(self, courses: Sequence[Course], station: Station) -> NewSeries:
        """Return what was entered; days chosen from a list of others are not taken."""
        course = next(course for course in courses if course.code == self.course.data)
        starts = datetime.combine(self.day.data, self.at.data, clock.SHANGHAI)
        first = NewSession(course, station, starts, self.capacity.data, self.lecturer.data or "")
        chosen = frozenset(self.days.data) if self.listed.data == self.wanted else None
        return NewSeries(first, self.until.data, self.every_weeks.data, chosen)

    def show(self, days: Sequence[PlannedDay]) -> None:
        """Offer the days, those ticked that would be planned."""
        self.days.offer(days)
        self.listed.data = self.wanted


class SessionChangeForm(Form):
    """What can be changed of a session, or of its series; the course and the station stay."""

    starts_utc = LocalTimeField(_l("Begins"), [InputRequired(_l("Enter the date and time."))])
    riders = RadioField(
        _l("Where the time changes: the riders with a seat"),
        choices=choices(named(RidersChoice)),
        default=RidersChoice.KEEP.value,
    )
    capacity = _seats()
    lecturer = _lecturer()
    extent = _extent()
    version = VersionField(default=0)

    def to_input(self) -> SessionChange:
        """Return what was entered."""
        assert self.starts_utc.data is not None
        seats, lecturer = self.capacity.data, self.lecturer.data or ""
        return SessionChange(self.starts_utc.data, seats, lecturer, RidersChoice(self.riders.data))


class CancelForm(Form):
    """Why a session is cancelled; ``expected`` is how many bookings the page said."""

    reason = TrimmedField(
        _l("Reason"),
        [
            InputRequired(_l("Say why the session is being cancelled.")),
            at_most(200),
        ],
    )
    extent = _extent()
    version = VersionField(default=0)
    expected = HiddenField(default="0")
    """How many bookings the page said, for each extent in turn."""

    def offer(self, reached: Mapping[Extent, Reach]) -> None:
        """Say how many sessions and riders each extent reaches, and keep the numbers of riders."""
        self.extent.choices = [(one.value, _reached(one, reached[one])) for one in Extent]
        if not self.is_submitted():
            self.expected.data = " ".join(str(reached[one].riders) for one in Extent)

    def count(self) -> int:
        """Return the number of bookings the page said for the chosen extent; nonsense never matches."""
        said = (self.expected.data or "").split()
        place = list(Extent).index(Extent(self.extent.data))
        text = said[place] if place < len(said) else ""
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
