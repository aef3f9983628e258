"""The shape of what is typed about campaigns."""

from __future__ import annotations

from datetime import date

from flask_babel import lazy_gettext as _l
from wtforms import IntegerField, SelectMultipleField
from wtforms.validators import InputRequired, NumberRange, Optional
from wtforms.widgets import CheckboxInput, ListWidget

from trafficedu.areas.fields import PlacesField
from trafficedu.areas.models import VILLAGE
from trafficedu.areas.queries.choices import Eligible
from trafficedu.campaigns.queries import CampaignFilter
from trafficedu.campaigns.rules import CampaignState
from trafficedu.campaigns.services import CampaignInput
from trafficedu.core.fields import (
    ChoiceFilter,
    DayField,
    FilterForm,
    Form,
    TextField,
    TrimmedField,
    VersionField,
    at_most,
    named,
)
from trafficedu.core.fields import choices as as_choices

DAY_MISSING = _l("Choose the day.")
MOST_HOURS = 1_000_000


class CampaignForm(Form):
    """A campaign: when, where, against what, with how much effort."""

    name = TrimmedField(_l("Name of the campaign"), [InputRequired(_l("Enter the name.")), at_most(80)])
    first_day = DayField(_l("First day of the campaign"), [InputRequired(DAY_MISSING)])
    last_day = DayField(_l("Last day of the campaign"), [InputRequired(DAY_MISSING)])
    towns = SelectMultipleField(
        _l("Towns"),
        widget=ListWidget(prefix_label=False),
        option_widget=CheckboxInput(),
        description=_l("Choosing a town includes all its villages."),
    )
    villages = PlacesField(
        _l("Individual villages"),
        eligible=Eligible(levels=(VILLAGE,)),
        description=_l("Use this if only part of a town takes part. Name or code, several with commas between them."),
    )
    kinds = SelectMultipleField(
        _l("Kinds of violation targeted"),
        [Optional()],
        widget=ListWidget(prefix_label=False),
        option_widget=CheckboxInput(),
        description=_l("If you choose none, all kinds are targeted."),
    )
    effort_hours = IntegerField(
        _l("Planned effort, in officer hours"),
        [Optional(), NumberRange(1, MOST_HOURS, message=_l("Enter a number from %(min)s to %(max)s."))],
    )
    notes = TextField(_l("Notes"), [Optional(), at_most(1000)], render_kw={"rows": "3"})
    version = VersionField(default=0)

    def offer(self, towns: list[tuple[str, str]], kinds: list[tuple[str, str]]) -> None:
        """Fill the lists."""
        self.towns.choices = as_choices(towns)
        self.kinds.choices = as_choices(kinds)

    def to_input(self) -> CampaignInput:
        """Return what was entered."""
        return CampaignInput(
            name=self.name.data,
            first_day=self.first_day.data,
            last_day=self.last_day.data,
            area_codes=(*(self.towns.data or ()), *(self.villages.data or ())),
            kind_codes=tuple(self.kinds.data or ()),
            effort_hours=self.effort_hours.data,
            notes=(self.notes.data or "").strip(),
        )


class EndForm(Form):
    """The day on which a campaign ends earlier."""

    last_day = DayField(_l("Last day of the campaign"), [InputRequired(DAY_MISSING)])
    version = VersionField(default=0)


class CancelForm(Form):
    """Why a campaign does not take place."""

    reason = TrimmedField(
        _l("Reason"),
        [InputRequired(_l("Say why the campaign is being cancelled.")), at_most(200)],
    )
    version = VersionField(default=0)


class CampaignFilterForm(FilterForm):
    """What the list of campaigns is narrowed to; lives in the address."""

    q = TrimmedField(_l("Name of the campaign"))
    state = ChoiceFilter(_l("State"), named(CampaignState))

    def to_input(self, day: date) -> CampaignFilter:
        """Return the filter."""
        return CampaignFilter(day, self.q.data or "", self.state.data or "")
