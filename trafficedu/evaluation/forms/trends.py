"""The shape of what the page of trends is asked; all of it lives in the address."""

from __future__ import annotations

from datetime import date

from flask_babel import lazy_gettext as _l
from wtforms import MonthField, SelectField
from wtforms.validators import Optional

from trafficedu.core.fields import Form, choices
from trafficedu.core.text import Message
from trafficedu.core.web import say
from trafficedu.evaluation.rules import CASUALTY, FATAL_ONLY, MEASURES, SERIES, last_full_month, month_after


class _AskForm(Form):
    class Meta:
        """A GET form needs no token."""

        csrf = False


class TrendForm(_AskForm):
    """Which series, and which area."""

    series = SelectField(_l("Series"), default=CASUALTY, validate_choice=False)
    area = SelectField(_l("Area"), validate_choice=False)

    def offer(self, areas: list[tuple[str, str]], area: str) -> str:
        """Fill the lists, put right what was asked, and return the series."""
        self.series.choices = choices((key, say(series.name)) for key, series in SERIES.items())
        self.area.choices, self.area.data = choices(areas), area
        if self.series.data not in SERIES:
            self.series.data = CASUALTY
        return str(self.series.data)


class ClaimForm(_AskForm):
    """Two periods of whole months, and what is counted in them. Series and area of the page go along."""

    measure = SelectField(_l("What is counted"), default=FATAL_ONLY, validate_choice=False)
    before_first = MonthField(_l("Earlier period: from"), [Optional()])
    before_last = MonthField(_l("to the month"), [Optional()])
    after_first = MonthField(_l("Later period: from"), [Optional()])
    after_last = MonthField(_l("to the month"), [Optional()])

    def settle(self, today: date) -> tuple[str, tuple[date, date], tuple[date, date]]:
        """Return measure and half-open periods; what is missing is this year's full months and the year before."""
        self.validate()
        names: dict[str, Message] = MEASURES
        self.measure.choices = choices((key, say(name)) for key, name in names.items())
        if self.measure.data not in names:
            self.measure.data = FATAL_ONLY
        last = self.after_last.data or last_full_month(today)
        first = self.after_first.data or month_after(last, -11)
        first, last = min(first, last), max(first, last)
        earlier_last = self.before_last.data or month_after(last, -12)
        earlier_first = self.before_first.data or month_after(first, -12)
        earlier_first, earlier_last = min(earlier_first, earlier_last), max(earlier_first, earlier_last)
        for field, month in (
            (self.before_first, earlier_first),
            (self.before_last, earlier_last),
            (self.after_first, first),
            (self.after_last, last),
        ):
            field.data, field.raw_data = month, None
        return self.measure.data, (earlier_first, month_after(earlier_last)), (first, month_after(last))
