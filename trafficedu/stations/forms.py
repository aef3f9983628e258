"""The shape of what is typed about stations."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l
from wtforms import BooleanField, IntegerField, RadioField
from wtforms.validators import InputRequired, NumberRange, Optional

from trafficedu.areas.fields import PlaceField, position_fields
from trafficedu.areas.models import TOWN, VILLAGE
from trafficedu.areas.queries.choices import Eligible
from trafficedu.core.fields import (
    ActiveFilter,
    ChoiceFilter,
    DayField,
    FilterForm,
    Form,
    TrimmedField,
    VersionField,
    at_most,
    choices,
    code_field,
    named,
    telephone_field,
)
from trafficedu.stations.queries import StationFilter
from trafficedu.stations.rules import RoomKind
from trafficedu.stations.services import RoomInput, StationInput


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


class RoomForm(Form):
    """A room of a station."""

    name_zh = TrimmedField(_l("Name (Chinese)"), [InputRequired(_l("Enter the name.")), at_most(60)])
    name_en = TrimmedField(_l("Name (English)"), [InputRequired(_l("Enter the name.")), at_most(60)])
    capacity = IntegerField(
        _l("Riders it holds"),
        [
            InputRequired(_l("Enter how many riders it holds.")),
            NumberRange(1, 1000, message=_l("Enter a number from %(min)d to %(max)d.")),
        ],
        description=_l("No more riders than that begin a module in it at once."),
    )
    machines = IntegerField(
        _l("VR machines"),
        [Optional(), NumberRange(0, 100, message=_l("Enter a number from %(min)d to %(max)d."))],
        description=_l("Of a VR room only: as many ride at once, the others wait in the queue."),
    )
    ended_on = DayField(
        _l("Last day of use"),
        [Optional()],
        description=_l("After this day no session is planned in it. What took place in it stays."),
    )
    version = VersionField(default=0)

    def to_input(self) -> RoomInput:
        """Return what was entered."""
        return RoomInput(
            name_zh=self.name_zh.data,
            name_en=self.name_en.data,
            capacity=self.capacity.data,
            machines=self.machines.data or 0,
            ended_on=self.ended_on.data,
        )


class NewRoomForm(RoomForm):
    """A new room; what it is for is chosen once."""

    kind = RadioField(_l("For"), [InputRequired(_l("Choose what the room is for."))], choices=choices(named(RoomKind)))


class StationFilterForm(FilterForm):
    """What the list of stations is narrowed to; lives in the address."""

    q = TrimmedField(_l("Name, code or address"))
    town = ChoiceFilter(_l("Town"))
    state = ActiveFilter()

    def to_input(self) -> StationFilter:
        """Return the filter."""
        return StationFilter(self.q.data or "", self.town.data or "", self.state.active)
