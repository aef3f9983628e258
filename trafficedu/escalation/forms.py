"""Which two policies a replay holds side by side, and which month of companies is shown."""

from __future__ import annotations

from collections.abc import Sequence

from flask_babel import lazy_gettext as _l
from wtforms import SelectField
from wtforms.validators import InputRequired

from trafficedu.core.fields import FilterForm, Form, MonthField, choices


class ReplayForm(Form):
    """Two policies, of which the second is usually the one to be judged."""

    first = SelectField(_l("Beside"), [InputRequired(_l("Choose a policy."))])
    second = SelectField(_l("Policy to replay"), [InputRequired(_l("Choose a policy."))])

    def offer(self, named: Sequence[tuple[str, object]]) -> None:
        """Offer the policies there are."""
        self.first.choices = self.second.choices = choices(named)


class CompanyMonthForm(FilterForm):
    """The month of the list of companies, in the address."""

    month = MonthField(_l("Month"))
