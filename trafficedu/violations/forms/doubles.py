"""The shape of what is decided on two records that may be of one offence."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l
from wtforms import RadioField
from wtforms.validators import InputRequired

from trafficedu.core.fields import Form


class CompareForm(Form):
    """Which of two records is kept, or both; the choices are filled in by the page."""

    decision = RadioField(_l("Decision"), [InputRequired(_l("Choose a decision."))], choices=[])
