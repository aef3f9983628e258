"""The shape of an answer and of the list's filters; the words for measures."""

from __future__ import annotations

from typing import Any

from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import DateField, IntegerField, RadioField, SelectField, TextAreaField
from wtforms.validators import InputRequired, Length, Optional

from trafficedu.core.web import say
from trafficedu.feedback import rules
from trafficedu.feedback.queries import NoticeFilter
from trafficedu.feedback.services import Answer


class AnswerForm(FlaskForm):  # type: ignore[misc]
    """What was done about the rider."""

    measure = RadioField(_l("What was done"), [InputRequired(_l("Choose what was done."))])
    days = IntegerField(
        _l("Days of suspension"),
        [Optional()],
        description=_l("Only for a suspension."),
        render_kw={"inputmode": "numeric", "min": "1", "max": str(rules.MAXIMUM_DAYS)},
    )
    text = TextAreaField(
        _l("In a few words"),
        [Optional(), Length(max=500, message=_l("At most %(max)d characters."))],
        description=_l('Needed for "other measure". No identity or phone numbers.'),
        render_kw={"rows": "3"},
    )

    def offer(self, receiver_kind: str) -> None:
        """Offer the measures this kind of receiver can take."""
        self.measure.choices = [(code, say(rules.MEASURE_NAMES[code])) for code in rules.MEASURES_OF[receiver_kind]]

    def to_input(self) -> Answer:
        """Return the answer."""
        return Answer(self.measure.data, self.days.data, (self.text.data or "").strip())


class NoticeFilterForm(FlaskForm):  # type: ignore[misc]
    """What the list of notices is narrowed to; lives in the address."""

    class Meta:
        """A GET form needs no token."""

        csrf = False

    state = SelectField(_l("State"), default="")
    since = DateField(_l("Sent from"), [Optional()])
    until = DateField(_l("Sent to"), [Optional()])

    def __init__(self, *args: Any, receiver: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        held = [] if receiver else [("held", _l("held"))]
        self.state.choices = [
            ("", _l("all")),
            ("unanswered", _l("unanswered")),
            ("late", _l("past its deadline")),
            ("answered", _l("answered")),
            *held,
            ("voided", _l("taken back")),
        ]

    def to_input(self) -> NoticeFilter:
        """Return the filter; what cannot be read does not narrow."""
        return NoticeFilter(self.state.data or "", self.since.data, self.until.data)
