"""The shape of what is typed about courses, sessions, studies and tasks."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date, datetime
from typing import Any

from flask_babel import lazy_gettext as _l
from wtforms import (
    BooleanField,
    FieldList,
    FormField,
    HiddenField,
    IntegerField,
    RadioField,
    SelectField,
    TimeField,
)
from wtforms.validators import InputRequired, Length, NumberRange, Optional, ValidationError

from trafficedu.areas.models import Area
from trafficedu.core import clock
from trafficedu.core.fields import (
    ChoiceFilter,
    DayField,
    FilterForm,
    Form,
    FormPart,
    NumbersField,
    SearchField,
    TextField,
    TrimmedField,
    VersionField,
    at_most,
    choices,
    named,
)
from trafficedu.core.time_fields import LocalTimeField
from trafficedu.core.web import translated
from trafficedu.education.models.courses import Course, CourseVersion, StudySession
from trafficedu.education.queries.sessions import SessionFilter
from trafficedu.education.queries.tasks import OVERDUE, WAITING, TaskFilter
from trafficedu.education.rules.states import ModuleKind, TaskState
from trafficedu.education.services.courses import CourseInput, ModuleInput
from trafficedu.education.services.seats import FULL, NOT_OFFERED
from trafficedu.education.services.sessions import NewSeries, NewSession, SessionChange
from trafficedu.stations.models import Station
from trafficedu.violations.queries.searching import Words

MOST_SEATS = 500
NEW_MODULES = 4
"""Lines for modules that the form of a new course offers."""


def _minutes(label: Any) -> IntegerField:
    return IntegerField(
        label, [Optional(), NumberRange(0, 600, _l("The minutes must be between %(min)s and %(max)s."))]
    )


def _number(label: Any, required: Any, least: int, most: int) -> IntegerField:
    bounds = NumberRange(least, most, _l("The number must be between %(min)s and %(max)s."))
    return IntegerField(label, [InputRequired(required), bounds])


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


def _reason(label: Any, hint: Any, required: Any) -> TextField:
    return TextField(label, [InputRequired(required), at_most(500)], description=hint, render_kw={"rows": 3})


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


class FindForm(Form):
    """What a rider at the desk shows or says; sent by POST, so that no address keeps it."""

    words = NumbersField(
        _l("Who is at the desk?"),
        description=_l("Name, last four of the document, phone, plate, case or receipt number."),
        render_kw={"autocomplete": "off", "spellcheck": "false"},
    )


class QuizForm(Form):
    """The score of a quiz."""

    score = IntegerField(
        _l("Score"),
        [
            InputRequired(_l("Enter the score.")),
            NumberRange(0, 100, _l("The score must be between %(min)s and %(max)s.")),
        ],
        render_kw={"inputmode": "numeric", "autocomplete": "off"},
    )


class OverrideForm(Form):
    """Why somebody should be signed off although something is missing."""

    reason = _reason(
        _l("Reason for signing off as an exception"),
        _l("The certificate says that it is an exception and who granted it. At least ten characters."),
        _l("Say why you are signing off with requirements missing."),
    )


class ReasonForm(Form):
    """Why something is taken back."""

    reason = _reason(
        _l("Reason"),
        _l("Your name and this reason are kept with the study task."),
        _l("Say why this is being taken back."),
    )


class DecisionForm(Form):
    """Why what was proposed is refused."""

    reason = TextField(_l("Why it is refused"), [Optional(), at_most(500)], render_kw={"rows": 3})


class WaiveForm(Form):
    """Why a rider should be let off the study."""

    reason = _reason(
        _l("Reason"),
        _l("Your name and this reason are kept with the study task. At least ten characters."),
        _l("Say why the study task is being waived."),
    )


class SeatForm(Form):
    """The session chosen for a task.

    What was sent is looked up (:meth:`choose_from`) before the page's choices are: most who are refused want a session
    that filled up meanwhile, and are told so without a list of all others.
    """

    session = RadioField(
        _l("Session"), validators=[InputRequired(_l("Choose a session."))], choices=(), validate_choice=False
    )
    study: StudySession
    """What was chosen, once the form is checked."""

    def choose_from(self, look_up: Callable[[str], StudySession | None]) -> None:
        """Say how to look up what was sent."""
        self._look_up = look_up

    def validate_session(self, field: RadioField) -> None:
        """Refuse a session that was never offered, and one that has become full."""
        study = self._look_up(field.data)
        if study is None:
            raise ValidationError(translated(NOT_OFFERED))
        if study.seats_taken >= study.capacity:
            raise ValidationError(translated(FULL))
        self.study = study


class TaskFilterForm(FilterForm):
    """What the list of tasks is narrowed to; lives in the address."""

    q = SearchField(_l("Task, case, plate, rider, officer"))
    state = ChoiceFilter(_l("State"), [(OVERDUE, _l("overdue")), *named(TaskState)])
    course = ChoiceFilter(_l("Course"))
    area = ChoiceFilter(_l("Town of the violation"))
    due_from = DayField(_l("Due from"), [Optional()])
    due_until = DayField(_l("Due until"), [Optional()])

    def offer(self, courses: Sequence[Course], areas: Sequence[Area], locale: str) -> None:
        """Fill the lists."""
        self.course.offer((course.code, course.name(locale)) for course in courses)
        self.area.offer((area.code, area.name) for area in areas)
        self.paths = {area.code: area.path for area in areas}

    def to_input(self, words: Words) -> TaskFilter:
        """Return the filter; what is not in a list does not narrow."""
        self.validate()
        states = {OVERDUE, WAITING, *TaskState}
        return TaskFilter(
            state=self.state.data if self.state.data in states else "",
            course=self.course.data or "",
            area_path=self.paths.get(self.area.data or "", ""),
            due_from=self.due_from.data,
            due_until=self.due_until.data,
            words=words,
        )


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


class ModuleForm(FormPart):
    """One module of a course; a line without a kind is none."""

    kind = SelectField(_l("Kind of module"), choices=choices([("", _l("none")), *named(ModuleKind)]))
    name_zh = TrimmedField(_l("Name (Chinese)"), [Optional(), Length(max=80)])
    name_en = TrimmedField(_l("Name (English)"), [Optional(), Length(max=80)])
    minimum_minutes = _minutes(_l("Minimum minutes"))
    maximum_minutes = _minutes(_l("Minutes that count at most"))

    def validate_kind(self, field: SelectField) -> None:
        """Refuse a module that is said by half, or that may last longer than it counts."""
        if not field.data:
            return
        least, most = self.minimum_minutes.data, self.maximum_minutes.data
        if not (self.name_zh.data and self.name_en.data) or least is None or most is None:
            raise ValidationError(str(_l("Enter both names and the minutes of this module.")))
        if most < least:
            raise ValidationError(str(_l("The minutes that count must not be fewer than the minimum.")))

    def to_input(self) -> ModuleInput:
        """Return what was entered."""
        least, most = self.minimum_minutes.data or 0, self.maximum_minutes.data or 0
        return ModuleInput(ModuleKind(self.kind.data), self.name_zh.data or "", self.name_en.data or "", least, most)


class CourseForm(Form):
    """A version of a course, with its modules."""

    name_zh = TrimmedField(_l("Name (Chinese)"), [InputRequired(_l("Enter the name.")), Length(max=80)])
    name_en = TrimmedField(_l("Name (English)"), [InputRequired(_l("Enter the name.")), Length(max=80)])
    from_violations = IntegerField(
        _l("From this many violations"),
        [
            InputRequired(_l("Enter the number of violations.")),
            NumberRange(1, 100, _l("The number must be between %(min)s and %(max)s.")),
        ],
        description=_l("Riders with at least this many violations in the counting period take this course."),
    )
    pass_mark = _number(_l("Quiz pass mark"), _l("Enter the pass mark."), 0, 100)
    valid_from = DayField(_l("Valid from"), [InputRequired(_l("Enter the first day."))])
    modules = FieldList(FormField(ModuleForm), _l("Modules"))
    version = VersionField(default=0)

    def begin(self, present: CourseVersion | None, first_day: date) -> None:
        """Offer a line for one more module, and the first day of the new version."""
        if not self.is_submitted():
            self.valid_from.data = first_day
            for _ in range(1 if present is not None else NEW_MODULES):
                self.modules.append_entry()

    def to_input(self) -> CourseInput:
        """Return what was entered."""
        lines = [entry.form for entry in self.modules]
        return CourseInput(
            name_zh=self.name_zh.data,
            name_en=self.name_en.data,
            from_violations=self.from_violations.data,
            pass_mark=self.pass_mark.data,
            valid_from=self.valid_from.data,
            modules=[line.to_input() for line in lines if line.kind.data],
        )


class NewCourseForm(CourseForm):
    """A new course."""

    code = TrimmedField(_l("Code"), [InputRequired(_l("Enter a code.")), Length(max=20)])
    rank = _number(_l("Place in the order from short to long"), _l("Enter the place."), 1, 99)


class CourseEndForm(Form):
    """The last day of a course."""

    last_day = DayField(_l("Last day"), [InputRequired(_l("Enter the last day."))])
    version = VersionField(default=0)
