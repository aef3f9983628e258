"""The shape of what the page of trends is asked; all of it lives in the address."""

from __future__ import annotations

from datetime import date

from flask_babel import lazy_gettext as _l
from wtforms import SelectField
from wtforms.validators import Optional

from trafficedu.areas.fields import AreaFilter
from trafficedu.core.fields import FilterForm, MonthField, choices, show_month
from trafficedu.core.month import Month, Period
from trafficedu.core.web import translated
from trafficedu.evaluation.rules.measures import CASUALTY, FATAL_ONLY, MEASURES, SERIES


class TrendForm(FilterForm):
    """Which series, and which area."""

    series = SelectField(_l("Series"), default=CASUALTY, validate_choice=False)
    area = AreaFilter()

    def offer(self) -> str:
        """Fill the list of series, put right what was asked, and return the series."""
        self.series.choices = choices((key, translated(series.name)) for key, series in SERIES.items())
        if self.series.data not in SERIES:
            self.series.data = CASUALTY
        return str(self.series.data)


class ClaimForm(FilterForm):
    """Two periods of whole months, and what is counted in them. Series and area of the page go along."""

    measure = SelectField(_l("What is counted"), default=FATAL_ONLY, validate_choice=False)
    before_first = MonthField(_l("Earlier period: from"), [Optional()])
    before_last = MonthField(_l("to the month"), [Optional()])
    after_first = MonthField(_l("Later period: from"), [Optional()])
    after_last = MonthField(_l("to the month"), [Optional()])

    def settle(self, today: date) -> tuple[str, Period, Period]:
        """Return measure, earlier and later period; what is missing is this year's full months and the year before."""
        self.validate()
        names = {key: series.name for key, series in MEASURES.items()}
        self.measure.choices = choices((key, translated(name)) for key, name in names.items())
        if self.measure.data not in names:
            self.measure.data = FATAL_ONLY
        last = self.after_last.data or Month.of(today) - 1
        later = Period.between(self.after_first.data or last - 11, last)
        usual = later.year_before
        earlier = Period.between(self.before_first.data or usual.first, self.before_last.data or usual.last)
        show_month(self.before_first, earlier.first)
        show_month(self.before_last, earlier.last)
        show_month(self.after_first, later.first)
        show_month(self.after_last, later.last)
        return self.measure.data, earlier, later
