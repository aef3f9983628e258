"""The shape of what is typed about stations."""

from __future__ import annotations

from collections.abc import Sequence

from flask_babel import lazy_gettext as _l
from wtforms import BooleanField, IntegerField, SelectField
from wtforms.validators import InputRequired, Length, NumberRange, Optional, Regexp

from trafficedu.core.fields import ActiveFilter, ChoiceFilter, FilterForm, Form, TrimmedField, VersionField
from trafficedu.core.fields import choices as as_choices
from trafficedu.stations.queries import StationFilter
from trafficedu.stations.services import StationInput

TOO_LONG = _l("At most %(max)d characters.")


class StationForm(Form):
    """A station; its code is chosen once."""

    code = TrimmedField(
        _l("Code"),
        [
            InputRequired(_l("Enter a code.")),
            Length(max=20, message=TOO_LONG),
            Regexp(r"^[A-Za-z0-9-]+$", message=_l("Use Latin letters, digits and dashes.")),
        ],
        description=_l("Short and stable; it cannot be changed later."),
        render_kw={"autocapitalize": "characters", "autocomplete": "off", "spellcheck": "false"},
    )
    name = TrimmedField(
        _l("Name of the station"), [InputRequired(_l("Enter the name.")), Length(max=120, message=TOO_LONG)]
    )
    area_code = SelectField(_l("Village or town"), [InputRequired(_l("Choose the village or town."))])
    address = TrimmedField(
        _l("Address"),
        [Optional(), Length(max=200, message=TOO_LONG)],
        description=_l("Printed on the rider's receipt."),
        render_kw={"autocomplete": "off"},
    )
    phone = TrimmedField(
        _l("Telephone"),
        [
            Optional(),
            Length(max=30, message=TOO_LONG),
            Regexp(r"^[0-9+() -]+$", message=_l("Use digits, spaces, dashes and brackets.")),
        ],
        render_kw={"type": "tel", "inputmode": "tel", "autocomplete": "off"},
    )
    seats = IntegerField(
        _l("Seats in a usual session"),
        [
            InputRequired(_l("Enter the number of seats.")),
            NumberRange(1, 1000, message=_l("Enter a number from %(min)d to %(max)d.")),
        ],
        default=30,
    )
    active = BooleanField(
        _l("Active"),
        default=True,
        description=_l("An inactive station gets no new sessions; its records stay."),
    )
    version = VersionField(default=0)

    def offer(self, areas: Sequence[tuple[str, str]]) -> None:
        """Fill the list of areas."""
        self.area_code.choices = as_choices([("", _l("choose")), *areas])

    def to_input(self) -> StationInput:
        """Return what was entered."""
        return StationInput(
            name=self.name.data,
            area_code=self.area_code.data,
            address=self.address.data or "",
            phone=self.phone.data or "",
            seats=self.seats.data,
            active=self.active.data,
        )


class StationFilterForm(FilterForm):
    """What the list of stations is narrowed to; lives in the address."""

    q = TrimmedField(_l("Name, code or address"))
    town = ChoiceFilter(_l("Town"))
    state = ActiveFilter()

    def to_input(self) -> StationFilter:
        """Return the filter."""
        return StationFilter(self.q.data or "", self.town.data or "", self.state.active)
