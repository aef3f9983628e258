"""What the list of results is narrowed to; lives in the address."""

from __future__ import annotations

from collections.abc import Sequence

from flask_babel import lazy_gettext as _l
from wtforms import HiddenField, SelectField

from trafficedu.analysis.colours.rule_set import COLOURS, GREY, KINDS
from trafficedu.core.fields import ChoiceFilter, FilterForm, TrimmedField, choices
from trafficedu.core.month import Month
from trafficedu.core.web import translated
from trafficedu.evaluation.queries.runs import ResultFilter
from trafficedu.evaluation.rules.names import COLOUR_NAMES


class ResultFilterForm(FilterForm):
    """Month, kind of target, colour, town, words."""

    kind = HiddenField()
    month = SelectField(_l("Month"), validate_choice=False, default="")
    colour = ChoiceFilter(_l("Colour"))
    town = ChoiceFilter(_l("Town"))
    q = TrimmedField(_l("Name or code"))

    def offer(self, months: Sequence[Month], kinds: Sequence[str], towns: list[tuple[str, str]], last: Month) -> Month:
        """Fill the lists, put right what was asked, and return the month; ``last`` is what to show without any."""
        names = [str(month) for month in months] or [str(last)]
        self.month.choices = choices((name, name) for name in names)
        if self.month.data not in names:
            self.month.data = names[0]
        if self.kind.data not in kinds:
            self.kind.data = kinds[0] if kinds else KINDS[0]
        colours = (*COLOURS, GREY)
        self.colour.offer((colour, translated(COLOUR_NAMES[colour])) for colour in colours)
        if self.colour.data not in colours:
            self.colour.data = ""
        if self.kind.data != "village" or len(towns) < 2:
            del self.town
        else:
            self.town.offer(towns)
            if self.town.data not in dict(towns):
                self.town.data = ""
        return Month.parse(self.month.data)

    def to_input(self) -> ResultFilter:
        """Return the filter."""
        below = self.town.data if "town" in self else ""
        return ResultFilter(self.kind.data, self.colour.data, self.q.data or "", below or "")
