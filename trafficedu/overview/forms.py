"""The shape of what the overview is asked, and of what is said about the red-yellow-black list."""

from __future__ import annotations

from collections.abc import Collection

from flask_babel import lazy_gettext as _l
from wtforms import RadioField, SelectField
from wtforms.validators import InputRequired

from trafficedu.areas.fields import AreaFilter
from trafficedu.core.fields import FilterForm, Form, PeriodForm, TextField, TrimmedField, at_most, choices, named
from trafficedu.core.month import Month
from trafficedu.overview.rules import ObjectionOutcome


class PictureForm(PeriodForm):
    """Period and area of the overview; lives in the address."""

    area = AreaFilter()


class ScreenForm(FilterForm):
    """Month and area of the one screen; lives in the address."""

    month = SelectField(_l("Month"), validate_choice=False)
    area = AreaFilter()

    def offer(self, months: Collection[Month]) -> None:
        """Fill the list of months, the latest first."""
        self.month.choices = choices((str(month), str(month)) for month in sorted(months, reverse=True))


class ProtestForm(Form):
    """What is wrong with an entry of the list."""

    text = TextField(
        _l("What is wrong with the entry"),
        [InputRequired(_l("Say what is wrong and how it can be checked.")), at_most(500)],
        description=_l("Name the record or figure that is wrong. Do not enter riders' names."),
        render_kw={"rows": "4"},
    )


class ObjectionDecisionForm(Form):
    """Whether a protest is right, and why."""

    decision = RadioField(
        _l("Decision"),
        [InputRequired(_l("Choose whether the objection is upheld."))],
        choices=choices(named([ObjectionOutcome.UPHELD, ObjectionOutcome.REJECTED])),
    )
    reason = TrimmedField(
        _l("Reason"),
        [InputRequired(_l("Give the reason of the decision.")), at_most(300)],
    )


class TakeOffForm(Form):
    """Why an entry is wrong."""

    reason = TrimmedField(_l("Reason"), [InputRequired(_l("Give the reason.")), at_most(300)])
