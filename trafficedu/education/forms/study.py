"""The shape of what is typed about studies and tasks."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from flask_babel import lazy_gettext as _l
from wtforms import (
    IntegerField,
    RadioField,
)
from wtforms.validators import InputRequired, NumberRange, Optional, ValidationError

from trafficedu.areas.models import Area
from trafficedu.core.fields import (
    ChoiceFilter,
    DayField,
    FilterForm,
    Form,
    NumbersField,
    SearchField,
    TextField,
    at_most,
    named,
)
from trafficedu.core.web import translated
from trafficedu.education.models.courses import Course, StudySession
from trafficedu.education.queries.tasks import OVERDUE, WAITING, TaskFilter
from trafficedu.education.rules.states import TaskState
from trafficedu.education.services.seats import FULL, NOT_OFFERED
from trafficedu.violations.queries.searching import Words


def _reason(label: Any, hint: Any, required: Any, **field: Any) -> TextField:
    return TextField(label, [InputRequired(required), at_most(500)], description=hint, render_kw={"rows": 3}, **field)


class FindForm(Form):
    """What a rider at the desk shows or says; sent by POST, so that no address keeps it."""

    words = NumbersField(
        _l("Who is at the desk?"),
        description=_l("Name, last four of the document, phone, plate, case or receipt number."),
        render_kw={"autocomplete": "off", "spellcheck": "false"},
    )


class QuizForm(Form):
    """The score of a quiz that was not taken here, with the reason."""

    score = IntegerField(
        _l("Score"),
        [
            InputRequired(_l("Enter the score.")),
            NumberRange(0, 100, _l("The score must be between %(min)s and %(max)s.")),
        ],
        render_kw={"inputmode": "numeric", "autocomplete": "off"},
    )
    reason = _reason(
        _l("Reason for entering the score by hand"),
        _l("Shown on the study card and the roster, and counted as an exception."),
        _l("Enter the reason."),
        id="by-hand-reason",  # the card asks for the reason of an exception too
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
        if study.seats_free == 0:
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
