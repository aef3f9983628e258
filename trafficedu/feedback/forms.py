"""The shape of an answer, of the list's filters and of a line of the policy; the words for measures."""

from __future__ import annotations

from typing import Any

from flask_babel import lazy_gettext as _l
from wtforms import IntegerField, RadioField, SelectField
from wtforms.validators import DataRequired, InputRequired, NumberRange, Optional

from trafficedu.core.errors import Refusal
from trafficedu.core.fields import (
    ChoiceFilter,
    DayField,
    FilterForm,
    Form,
    SearchField,
    TextField,
    TrimmedField,
    VersionField,
    at_most,
    named,
)
from trafficedu.core.fields import choices as as_choices
from trafficedu.core.text import message
from trafficedu.core.web import translated
from trafficedu.feedback.models import Feedback
from trafficedu.feedback.queries.notices import NoticeFilter
from trafficedu.feedback.rules.notices import AnswerState, NoticeState
from trafficedu.feedback.rules.policy import (
    FIXED_DAYS,
    MAXIMUM_DAYS,
    MEASURES_OF,
    RECOMMENDED_TO,
    Escalation,
    Measure,
    MeasureKind,
    PolicyLine,
    Receiver,
    Window,
    WindowKind,
)
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
        render_kw={"inputmode": "numeric", "min": "1", "max": str(MAXIMUM_DAYS)},
    )
    text = TextField(
        _l("In a few words"),
        [Optional(), at_most(500)],
        description=_l('Needed for "other measure". Do not enter identity or phone numbers.'),
        render_kw={"rows": "3"},
    )

    def offer(self, receiver_kind: Receiver) -> None:
        """Offer the measures this kind of receiver can take."""
        self.measure.choices = [(code, translated(code.label)) for code in MEASURES_OF[receiver_kind]]

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


class LineForm(Form):
    """A line of a policy: to whom it recommends what, from how many stops on."""

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
    window_kind = SelectField(
        _l("Which stops count together"), choices=as_choices(named(WindowKind)), default=WindowKind.DAYS
    )
    window_days = IntegerField(
        _l("Within how many days"),
        [Optional(), NumberRange(1, MAXIMUM_DAYS, message=_l("Enter a number from 1 to 365."))],
        description=_l("The day of the violation is the last day. Leave it empty for a calendar week or month."),
    )
    measure = SelectField(_l("Recommended measure"))
    days = IntegerField(_l("Days of suspension"), [Optional()], description=_l("Only for a suspension."))
    version = VersionField(default=0)

    def __init__(self, *args: Any, receiver_kind: str = "", **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if receiver_kind:
            del self.receiver_kind
        self.receiver = receiver_kind
        codes = RECOMMENDED_TO[Receiver(receiver_kind or Receiver.COMPANY)]
        self.measure.choices = [(code, translated(code.label)) for code in codes]

    def to_line(self) -> PolicyLine:
        """Return what was entered; raise Refusal at ``window_days`` where days are missing."""
        kind = WindowKind(self.window_kind.data)
        fixed = FIXED_DAYS.get(kind)
        days = fixed or self.window_days.data
        if days is None:
            raise Refusal(message("Enter a whole number."), field="window_days")
        escalation = Escalation(
            self.violations_from.data,
            Window(kind, days),
            Measure(MeasureKind(self.measure.data), self.days.data),
        )
        return PolicyLine(Receiver(self.receiver or self.receiver_kind.data), escalation)


class StepForm(LineForm):
    """A line of the policy in force, or a new version of one."""

    valid_from = DayField(
        _l("Valid from"),
        [InputRequired(_l("Enter the date."))],
        description=_l("For violations on or after this day."),
    )
    reason = TextField(
        _l("Why this step?"),
        [DataRequired(_l("Say why. It stands in the history.")), at_most(500)],
        description=_l("Who decided, by which paper."),
        render_kw={"rows": "2"},
    )

    def to_input(self) -> StepInput:
        """Return what was entered."""
        line = self.to_line()
        return StepInput(line.receiver, line.escalation, self.valid_from.data, self.reason.data.strip())


class AdoptForm(Form):
    """From which day a policy is in force, and why."""

    valid_from = DayField(
        _l("Valid from"),
        [InputRequired(_l("Enter the date."))],
        description=_l("For stops on or after this day. What was recommended before stays."),
    )
    reason = TextField(
        _l("Why this policy?"),
        [DataRequired(_l("Say why. It stands in the history.")), at_most(500)],
        description=_l("Who decided, by which paper."),
        render_kw={"rows": "2"},
    )


class DraftForm(Form):
    """A policy of the district's own, begun from another one."""

    name = TrimmedField(_l("Name of the policy"), [InputRequired(_l("Enter a name.")), at_most(60)])
    start = SelectField(_l("Begin with the steps of"))


class CompanyObjectionForm(Form):
    """What a company says is wrong with the record of its rider."""

    statement = TextField(
        _l("What is wrong with the record?"),
        [InputRequired(_l("Say what is wrong with the record.")), at_most(2000)],
        description=_l("The police decide on it within the working days of the law and answer you here."),
        render_kw={"rows": "4"},
    )
