"""The shape of what is typed about the configuration."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l
from wtforms import IntegerField, RadioField
from wtforms.validators import InputRequired, Optional

from trafficedu.core.fields import ChoiceFilter, DayField, FilterForm, Form, TrimmedField, VersionField, at_most
from trafficedu.core.fields import choices as as_choices

UNIT_NAMES = {
    "days": _l("days"),
    "hours": _l("hours"),
    "look-ups": _l("look-ups"),
    "megabytes": _l("megabytes"),
    "metres": _l("metres"),
    "minutes": _l("minutes"),
    "months": _l("months"),
    "questions": _l("questions"),
    "percent": _l("percent"),
    "points": _l("points"),
    "riders": _l("riders"),
    "seconds": _l("seconds"),
    "tenths": _l("tenths"),
    "times": _l("times"),
    "violations": _l("cases"),
    "villages": _l("villages"),
    "working days": _l("working days"),
    "years": _l("years"),
    "yes or no": _l("1 or 0"),
}
"""The units of ``reference/parameters.csv``."""


class FigureForm(Form):
    """One configurable figure."""

    value = IntegerField(_l("Current value"), [InputRequired(_l("Enter a whole number."))])
    version = VersionField(default=0)


class WordingForm(Form):
    """One configurable text; what it may be is the text's own pattern."""

    value = TrimmedField(_l("Current value"), [at_most(60)], render_kw={"autocomplete": "off", "spellcheck": "false"})
    version = VersionField(default=0)


class DayForm(Form):
    """A day that is worked or free whatever the published calendar says."""

    day = DayField(_l("Day"), [InputRequired(_l("Choose the day."))])
    works = RadioField(
        _l("Type of day"),
        [InputRequired(_l("Choose whether it is a working day."))],
        choices=as_choices([("yes", _l("working day")), ("no", _l("day off"))]),
    )
    note = TrimmedField(
        _l("Reason, such as the notice that announced it"),
        [Optional(), at_most(120)],
    )


class RunFilterForm(FilterForm):
    """What the list of runs is narrowed to; lives in the address."""

    kind = ChoiceFilter(_l("Task run"), [("worker", _l("worker")), ("import", _l("imports"))])
    result = ChoiceFilter(_l("Result"), [("failed", _l("failed"))])
