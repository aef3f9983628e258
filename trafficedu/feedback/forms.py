"""The shape of an answer, of the list's filters and of a line of the policy; the words for measures."""

from __future__ import annotations

from typing import Any

from flask_babel import lazy_gettext as _l
from wtforms import IntegerField, RadioField, SelectField
from wtforms.validators import InputRequired, NumberRange, Optional

from trafficedu.core.fields import (
    ChoiceFilter,
    DayField,
    FilterForm,
    Form,
    SearchField,
    TextField,
    VersionField,
    at_most,
    named,
)
from trafficedu.core.fields import choices as as_choices
from trafficedu.core.web import translated
from trafficedu.feedback import rules
from trafficedu.feedback.models import Feedback
from trafficedu.feedback.queries.notices import NoticeFilter
from trafficedu.feedback.rules import AnswerState, MeasureKind, NoticeState, Receiver
from trafficedu.feedback.services.answers import Answer
from trafficedu.feedback.services.policy import StepInput
from trafficedu.violations.queries.searching import Words


class AnswerForm(Form):
    """What was done about the rider."""

    measure = RadioField(
        _l("Measure taken"), [InputRequired(_l("Choose the measure taken."))], choices=as_choices(named(MeasureKind))
    )
    days = IntegerField(
        _l("Days of suspension"),
        [Optional()],
        description=_l("Only for a suspension."),
        render_kw={"inputmode": "numeric", "min": "1", "max": str(rules.MAXIMUM_DAYS)},
    )
    text = TextField(
        _l("In a few words"),
        [Optional(), at_most(500)],
        description=_l('Needed for "other measure". Do not enter identity or phone numbers.'),
        render_kw={"rows": "3"},
    )

    def offer(self, receiver_kind: Receiver) -> None:
        """Offer the measures this kind of receiver can take."""
        self.measure.choices = [(code, translated(code.label)) for code in rules.MEASURES_OF[receiver_kind]]

    def to_input(self) -> Answer:
        """Return the answer."""
        return Answer(self.measure.data, self.days.data, (self.text.data or "").strip())


class CorrectAnswerForm(AnswerForm):
    """What was done about the rider after all, and why the answer is another."""

    reason = TextField(
        _l("Why is the answer corrected?"),
        [InputRequired(_l("Say why the answer is corrected. The earlier answer is kept.")), at_most(500)],
        render_kw={"rows": "2"},
    )
    version = VersionField(default=0)

    def begin_with(self, feedback: Feedback) -> None:
        """Show the answer as it is."""
        self.measure.data, self.days.data, self.text.data = feedback.measure, feedback.days, feedback.text
        self.version.data = feedback.version


class NoticeFilterForm(FilterForm):
    """What the list of notices is narrowed to; lives in the address."""

    q = SearchField(_l("Notice, case, plate, rider, officer"))
    state = ChoiceFilter(_l("State"))
    since = DayField(_l("Sent from"), [Optional()])
    until = DayField(_l("Sent to"), [Optional()])

    def __init__(self, *args: Any, receiver: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        held = [] if receiver else [NoticeState.HELD]
        answers = [AnswerState.UNANSWERED, AnswerState.LATE, AnswerState.ANSWERED, AnswerState.CLOSED]
        shown = [*answers, *held, NoticeState.VOIDED]
        self.state.offer(named(shown))

    def to_input(self, words: Words) -> NoticeFilter:
        """Return the filter; what cannot be read does not narrow."""
        return NoticeFilter(self.state.data or "", self.since.data, self.until.data, words)


class StepForm(Form):
    """A line of the escalation policy, or a new version of one."""

    receiver_kind = RadioField(
        _l("Recommended to"),
        [InputRequired(_l("Choose the receiver."))],
        choices=as_choices(named(Receiver)),
    )
    violations_from = IntegerField(
        _l("From this many violations on"),
        [InputRequired(_l("Enter a whole number.")), NumberRange(1, 99, message=_l("Enter a number from 1 to 99."))],
        description=_l("The strongest step the rider reaches is recommended."),
    )
    window_days = IntegerField(
        _l("Within how many days"),
        [
            InputRequired(_l("Enter a whole number.")),
            NumberRange(1, rules.MAXIMUM_DAYS, message=_l("Enter a number from 1 to 365.")),
        ],
        description=_l("The day of the violation is the last day."),
    )
    measure = SelectField(_l("Recommended measure"))
    days = IntegerField(_l("Days of suspension"), [Optional()], description=_l("Only for a suspension."))
    valid_from = DayField(
        _l("Valid from"),
        [InputRequired(_l("Enter the date."))],
        description=_l("For violations on or after this day."),
    )
    version = VersionField(default=0)

    def __init__(self, *args: Any, receiver_kind: str = "", **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if receiver_kind:
            del self.receiver_kind
        self.receiver = receiver_kind
        codes = rules.RECOMMENDED_TO[Receiver(receiver_kind or Receiver.COMPANY)]
        self.measure.choices = [(code, translated(code.label)) for code in codes]

    def to_input(self) -> StepInput:
        """Return what was entered."""
        escalation = rules.Escalation(
            self.violations_from.data,
            self.window_days.data,
            rules.Measure(MeasureKind(self.measure.data), self.days.data),
        )
        return StepInput(Receiver(self.receiver or self.receiver_kind.data), escalation, self.valid_from.data)
