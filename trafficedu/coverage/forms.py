"""The shape of what is asked and said about months."""

from __future__ import annotations

from collections.abc import Iterable

from flask_babel import lazy_gettext as _l
from wtforms import SelectField

from trafficedu.core.fields import ChoiceFilter, FilterForm, Form, TextField, at_most, choices, named
from trafficedu.core.states import Word
from trafficedu.core.text import message
from trafficedu.coverage.rules import FigureKind


class CoverageForm(FilterForm):
    """Which figure, year and units are shown; lives in the address."""

    figure = SelectField(_l("Figure"), choices=choices(named(FigureKind)), default=FigureKind.ACCIDENTS.value)
    year = SelectField(_l("Year"), validate_choice=False)
    town = ChoiceFilter(_l("Town"))
    shown = SelectField(
        _l("Shown"),
        choices=choices([("", _l("all")), ("missing", _l("not reported only"))]),
        default="",
        validate_choice=False,
    )

    def offer(self, years: Iterable[int], towns: Iterable[tuple[str, str]]) -> None:
        """Offer the years on record, and the units."""
        self.year.choices = choices([(str(year), str(year)) for year in years])
        self.town.offer(towns)


class Said(Word):
    """What a button says about a month."""

    REPORTED = "reported", message("The month is reported")
    NONE = "none", message("None happened")
    OPEN = "open", message("Open the month again")
    TAKEN_BACK = "taken_back", message("Take the mark back")


class SayForm(Form):
    """Why something is said about a month; what is said is the button's."""

    reason = TextField(
        _l("Reason"), [at_most(200)], description=_l("Needed to open a month again or to take a mark back.")
    )
