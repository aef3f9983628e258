"""The shape of what is typed about accidents."""

from __future__ import annotations

from typing import Any

from flask_babel import lazy_gettext as _l
from wtforms import (
    BooleanField,
    Field,
    IntegerField,
    RadioField,
    SelectField,
    SelectMultipleField,
)
from wtforms.validators import InputRequired, NumberRange, Optional, ValidationError
from wtforms.widgets import CheckboxInput, ListWidget

from trafficedu.accidents import rules
from trafficedu.accidents.models import Accident
from trafficedu.accidents.queries.records import CASUALTIES, AccidentFilter
from trafficedu.accidents.services.recording import NewAccident
from trafficedu.areas.fields import PlaceField, position_fields
from trafficedu.core.clock import today
from trafficedu.core.errors import Refusal
from trafficedu.core.fields import (
    ChoiceFilter,
    DayField,
    FilterForm,
    Form,
    NumbersField,
    OnceForm,
    SearchedFilter,
    SearchField,
    TextField,
    TrimmedField,
    VersionField,
    at_most,
    choices,
    named,
)
from trafficedu.core.time_fields import WhenFields, when_fields
from trafficedu.core.web import translated
from trafficedu.riders.rules import IdType, normalise_identity, normalise_phone
from trafficedu.riders.services.people import NewRider
from trafficedu.violations.queries.searching import Words

PEOPLE = NumberRange(0, rules.MOST_PEOPLE, message=_l("Enter a number of people from 0 to %(max)s."))

EBIKE = {"yes": True, "no": False, "unknown": None}
"""Whether an e-bike was involved, as the form says it."""


class AccidentForm(WhenFields, OnceForm):
    """An accident as the officer sees it, at the kerb or at the desk."""

    record_page = "accidents.show"

    severity = RadioField(
        _l("Severity"), [InputRequired(_l("Choose the severity."))], choices=choices(named(rules.Severity))
    )
    killed = IntegerField(
        _l("Killed"),
        [InputRequired(_l("Enter how many were killed. Enter 0 for nobody.")), PEOPLE],
        description=_l("Died at the scene or within 7 days; 0 for nobody."),
        render_kw={"inputmode": "numeric"},
    )
    injured = IntegerField(
        _l("Injured"),
        [InputRequired(_l("Enter how many were injured. Enter 0 for nobody.")), PEOPLE],
        description=_l("Injured, not killed; 0 for nobody."),
        render_kw={"inputmode": "numeric"},
    )
    killed_30_days = IntegerField(
        _l("Killed within 30 days"),
        [Optional(), PEOPLE],
        description=_l("Everyone who died within 30 days. Leave empty until this is known."),
    )
    occurred_at, hour_unknown, occurred_on = when_fields()
    area_code = PlaceField(_l("Village"), [InputRequired(_l("Choose the village."))])
    place = TrimmedField(
        _l("Place"),
        [at_most(120)],
        description=_l("Road and crossing."),
        render_kw={"autocomplete": "off"},
    )
    latitude, longitude = position_fields()
    ebike_involved = RadioField(
        _l("Was an e-bike involved?"),
        [InputRequired(_l("Say whether an e-bike was involved."))],
        choices=choices([("yes", _l("yes")), ("no", _l("no")), ("unknown", _l("not known"))]),
    )
    rider_helmet = RadioField(_l("Rider's helmet"), choices=choices(named(rules.Helmet)), default=rules.Helmet.UNKNOWN)
    responsibility = SelectField(
        _l("Rider's responsibility"),
        choices=choices(named(rules.Responsibility)),
        default=rules.Responsibility.UNKNOWN,
    )
    kinds = SelectMultipleField(
        _l("Violations involved"),
        [Optional()],
        validate_choice=False,
        choices=[],
        option_widget=CheckboxInput(),
        widget=ListWidget(prefix_label=False),
    )
    told_apart = BooleanField(_l("This is not one of the accidents above"))
    version = VersionField(default=0)

    def to_input(self) -> NewAccident:
        """Return what was entered."""
        occurred, killed, injured = self.occurred, self.killed.data, self.injured.data
        assert occurred is not None  # the form was validated
        assert killed is not None
        assert injured is not None
        return NewAccident(
            area_code=self.area_code.data,
            occurred_utc=occurred.utc,
            hour_known=occurred.hour_known,
            severity=self.severity.data,
            killed=killed,
            killed_30_days=self.killed_30_days.data,
            injured=injured,
            place=self.place.data or "",
            latitude=self.latitude.data,
            longitude=self.longitude.data,
            ebike_involved=EBIKE[self.ebike_involved.data],
            rider_helmet=self.rider_helmet.data,
            responsibility=self.responsibility.data,
            kinds=tuple(self.kinds.data or ()),
            told_apart=bool(self.told_apart.data),
            client_reference=self.client_reference.data or None,
        )

    def show(self, accident: Accident) -> None:
        """Fill the form with what a record says."""
        for name in ("severity", "killed", "killed_30_days", "injured", "place", "latitude", "longitude"):
            self[name].data = getattr(accident, name)
        self.rider_helmet.data, self.responsibility.data = accident.rider_helmet, accident.responsibility
        self.ebike_involved.data = next(word for word, value in EBIKE.items() if value is accident.ebike_involved)
        self.area_code.data = accident.area.code
        self.show_occurred(accident.occurred)
        self.kinds.data = [kind.code for kind in accident.kinds]
        self.version.data = accident.version


class CorrectionForm(AccidentForm):
    """A record that is put right, and why."""

    reason = TextField(
        _l("Reason for the correction"),
        [InputRequired(_l("Say why. This is kept with the record.")), at_most(500)],
        render_kw={"rows": "2"},
    )


class VoidForm(Form):
    """Why a record is voided."""

    reason = TextField(
        _l("Reason"),
        [InputRequired(_l("Say why. This is kept with the record.")), at_most(500)],
        render_kw={"rows": "3"},
    )


class CompareForm(Form):
    """Whether two records are of one accident, and which of them is kept."""

    decision = RadioField(_l("Your decision"), [InputRequired(_l("Choose a decision."))], choices=[])


class LinkForm(Form):
    """A person in the accident, by document."""

    role = RadioField(
        _l("Role in the accident"), choices=choices(named(rules.AccidentRole)), default=rules.AccidentRole.RIDER
    )
    id_type = SelectField(_l("Document"), choices=choices(named(IdType)), default=IdType.IDENTITY_CARD)
    id_number = NumbersField(
        _l("Identity number"),
        [InputRequired(_l("Enter the number of the document."))],
        render_kw={"autocomplete": "off", "autocapitalize": "characters", "spellcheck": "false", "maxlength": "40"},
    )
    name = TrimmedField(
        _l("Name"),
        [at_most(60)],
        description=_l("As shown on the document. Not needed for a rider already registered."),
        render_kw={"autocomplete": "off"},
    )
    phone = NumbersField(_l("Phone"), [Optional()], render_kw={"inputmode": "tel", "autocomplete": "off"})

    def validate_id_number(self, field: Field) -> None:
        """Check the number as the kind of document asks."""
        _checked(lambda: normalise_identity(self.id_type.data or "", field.data or "", today()))

    def validate_phone(self, field: Field) -> None:
        """Check that it can be a phone."""
        _checked(lambda: normalise_phone(field.data or ""))

    def to_input(self) -> NewRider:
        """Return the person entered."""
        return NewRider(self.id_type.data, self.id_number.data or "", self.name.data or "", self.phone.data or "")


def _checked(rule: Any) -> None:
    try:
        rule()
    except Refusal as error:
        raise ValidationError(translated(error.text)) from error


class AccidentFilterForm(FilterForm):
    """What the list of accidents is narrowed to; lives in the address."""

    q = SearchField(_l("Accident, case, plate, rider, officer"))
    since = DayField(_l("From"), [Optional()])
    until = DayField(_l("To"), [Optional()])
    area = SearchedFilter(_l("Area"), "areas.names")
    severity = ChoiceFilter(_l("Severity"), [(CASUALTIES, _l("casualties")), *named(rules.Severity)])
    ebike = ChoiceFilter(
        _l("E-bike"), [("yes", _l("involved")), ("no", _l("not involved")), ("unknown", _l("not known"))]
    )
    helmet = ChoiceFilter(_l("Helmet"), named(rules.Helmet))
    kind = ChoiceFilter(_l("Violation involved"))
    state = ChoiceFilter(_l("State"), named(rules.AccidentState))

    def to_input(self, area_path: str, words: Words) -> AccidentFilter:
        """Return the filter; what cannot be read does not narrow."""
        return AccidentFilter(
            since=self.since.data,
            until=self.until.data,
            area_path=area_path,
            severity=self.severity.data or "",
            ebike=self.ebike.data or "",
            helmet=self.helmet.data or "",
            kind_code=self.kind.data or "",
            state=self.state.data or "",
            words=words,
        )
