"""The shape of what is typed about stations."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l
from wtforms import BooleanField, IntegerField
from wtforms.validators import InputRequired, NumberRange, Optional

from trafficedu.areas.fields import PlaceField, position_fields
from trafficedu.areas.models import TOWN, VILLAGE
from trafficedu.areas.queries.choices import Eligible
from trafficedu.core.fields import (
    ActiveFilter,
    ChoiceFilter,
    FilterForm,
    Form,
    TrimmedField,
    VersionField,
    at_most,
    code_field,
    telephone_field,
)
from trafficedu.stations.queries import StationFilter
from trafficedu.stations.services import StationInput


class StationForm(Form):
    """A station; its code is chosen once."""

    code = code_field(_l("Keep it short. It cannot be changed later."))
    name = TrimmedField(_l("Name of the station"), [InputRequired(_l("Enter the name.")), at_most(120)])
    area_code = PlaceField(
        _l("Village or town"), [InputRequired(_l("Choose the village or town."))], Eligible(True, (TOWN, VILLAGE))
    )
    address = TrimmedField(
        _l("Address"),
        [Optional(), at_most(200)],
        description=_l("Printed on the rider's receipt."),
        render_kw={"autocomplete": "off"},
    )
    phone = telephone_field()
    latitude, longitude = position_fields()
    seats = IntegerField(
        _l("Seats in a normal session"),
        [
            InputRequired(_l("Enter the number of seats.")),
            NumberRange(1, 1000, message=_l("Enter a number from %(min)d to %(max)d.")),
        ],
        default=30,
    )
    active = BooleanField(
        _l("Active"),
        default=True,
        description=_l("An inactive station gets no new sessions. Its records are kept."),
    )
    version = VersionField(default=0)

    def to_input(self) -> StationInput:
        """Return what was entered."""
        return StationInput(
            name=self.name.data,
            area_code=self.area_code.data,
            address=self.address.data or "",
            phone=self.phone.data or "",
            latitude=self.latitude.data,
            longitude=self.longitude.data,
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
