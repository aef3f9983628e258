"""The shape of what is typed about riders."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from flask_babel import lazy_gettext as _l
from wtforms import BooleanField, RadioField, SelectField
from wtforms.validators import InputRequired, Optional

from trafficedu.areas.fields import HOMES, PlaceIdField
from trafficedu.core import clock
from trafficedu.core.fields import (
    ChoiceFilter,
    DayField,
    FilterForm,
    Form,
    NumbersField,
    TrimmedField,
    VersionField,
    at_most,
    choices,
    named,
)
from trafficedu.riders.fields import CODE_KEYS, PlateAnswer, PlateField
from trafficedu.riders.queries.looked_up import LookupFilter
from trafficedu.riders.rules import IdType, LegalBasis, LookupKey, Purpose, Relation, Renaming
from trafficedu.riders.services.engagements import EngagementChange, NewEngagement
from trafficedu.riders.services.people import NewRider
from trafficedu.riders.services.plates import NewUse, UseChange

Choices = Sequence[tuple[int, str]]


class SearchForm(Form):
    """One line that may be a number, a phone, a plate or a name; sent by POST, so that no address keeps it."""

    words = NumbersField(
        _l("Document number, phone, plate or name"),
        [InputRequired(_l("Enter a document number, a phone, a plate or a name.")), at_most(60)],
        description=_l(
            "A full number, phone or plate finds a rider anywhere. A name, or a part of it, finds riders in your area."
        ),
        render_kw={"autocomplete": "off", "spellcheck": "false", "type": "search"},
    )


class RiderForm(Form):
    """A rider's document, name, phone and home village."""

    id_type = SelectField(_l("Kind of document"), choices=choices(named(IdType)), default=IdType.IDENTITY_CARD)
    id_number = NumbersField(
        _l("Document number"),
        [InputRequired(_l("Enter the number of the document.")), at_most(40)],
        render_kw=CODE_KEYS,
    )
    name = TrimmedField(
        _l("Name"),
        [InputRequired(_l("Enter the name.")), at_most(60)],
        render_kw={"autocomplete": "off"},
    )
    phone = NumbersField(
        _l("Mobile phone"),
        [Optional(), at_most(30)],
        render_kw={"autocomplete": "off", "inputmode": "tel"},
    )
    birth_date = DayField(
        _l("Birth date"),
        [Optional()],
        description=_l("Only if the document number does not contain it."),
    )
    home_area_id = PlaceIdField(_l("Home village"), eligible=HOMES)
    version = VersionField(default=0)

    def to_input(self, kept_birth_date: date | None = None) -> NewRider:
        """Return the rider as entered; the birth date is the one given where the form does not ask for it."""
        return NewRider(
            id_type=self.id_type.data,
            id_number=self.id_number.data,
            name=self.name.data,
            phone=self.phone.data or "",
            home_area_id=self.home_area_id.data,
            birth_date=self.birth_date.data if "birth_date" in self else kept_birth_date,
        )


class EditForm(RiderForm):
    """What is recorded of a rider; another name on the same document needs a reason."""

    renaming = SelectField(
        _l("Why the name is another one"),
        choices=choices([("", _l("choose")), *named(Renaming)]),
        default="",
    )


class RegisterForm(RiderForm, PlateAnswer):
    """A rider to register, with the plate of the e-bike they came on."""

    plate = PlateField(
        _l("Plate"),
        [Optional(), at_most(30)],
        description=_l("Such as 杭州A12345; leave it empty for an unplated e-bike."),
    )


class PlateForm(Form):
    """What the rider is to an e-bike, since when, and how that is known."""

    plate = PlateField(
        _l("Plate"), [InputRequired(_l("Enter the plate.")), at_most(30)], description=_l("Such as 杭州A12345.")
    )
    relation = RadioField(_l("The rider is"), choices=choices(named(Relation)), default=Relation.REGULAR)
    used_from = DayField(_l("Used from"), [InputRequired(_l("Enter the date."))], default=clock.today)
    used_to = DayField(_l("Used until"), [Optional()], description=_l("Leave it empty while it is in use."))
    reason = TrimmedField(
        _l("How this is known"), [InputRequired(_l("Say why. This is kept with the record.")), at_most(200)]
    )
    takes_over = BooleanField(_l("This rider takes over from the one before"))

    def to_input(self) -> NewUse:
        """Return what was entered."""
        return NewUse(
            self.plate.data,
            self.relation.data,
            self.used_from.data,
            self.used_to.data,
            self.reason.data,
            self.takes_over.data,
        )


class UseForm(Form):
    """How a use of a plate ends, whether it is confirmed, and why."""

    used_to = DayField(_l("Used until"), [Optional()], description=_l("Leave it empty while it is in use."))
    confirmed = BooleanField(_l("I confirm that this rider uses this e-bike"))
    reason = TrimmedField(_l("Reason"), [InputRequired(_l("Say why. This is kept with the record.")), at_most(200)])
    version = VersionField(default=0)

    def to_change(self) -> UseChange:
        """Return what becomes of the use."""
        return UseChange(self.used_to.data, self.confirmed.data, self.reason.data)


class UnmaskForm(Form):
    """Why the data is needed in clear."""

    purpose = SelectField(
        _l("Purpose"),
        [InputRequired(_l("Say what you need the data for."))],
        choices=choices([("", _l("choose")), *named(Purpose)]),
        description=_l("Your name, the time and the purpose are written to the audit trail."),
    )


class EngagementForm(Form):
    """Who engages the rider, from when to when, and why the company may be told."""

    company_id = SelectField(_l("Company"), coerce=int)
    engaged_from = DayField(
        _l("Engaged from"), [InputRequired(_l("Enter the day the engagement begins."))], default=clock.today
    )
    engaged_to = DayField(_l("Engaged until"), [Optional()], description=_l("Leave empty if it has not ended."))
    legal_basis = SelectField(
        _l("Legal basis for notifying the company"),
        choices=choices([("", _l("none recorded")), *named(LegalBasis)]),
        description=_l(
            "Personal Information Protection Law, article 23. Without one, notices to the company are held."
        ),
    )
    version = VersionField(default=0)

    def offer(self, companies: Choices) -> None:
        """Fill the list of companies; the first entry asks for a choice."""
        self.company_id.choices = choices([(0, _l("choose")), *companies])

    def to_input(self) -> NewEngagement:
        """Return an engagement to record."""
        return NewEngagement(
            company_id=self.company_id.data,
            engaged_from=self.engaged_from.data,
            engaged_to=self.engaged_to.data,
            legal_basis=self.legal_basis.data or None,
        )

    def to_change(self) -> EngagementChange:
        """Return what becomes of an engagement."""
        return EngagementChange(self.engaged_from.data, self.engaged_to.data, self.legal_basis.data or None)


class LookupFilterForm(FilterForm):
    """What the list of one person's look-ups is narrowed to; lives in the address."""

    since = DayField(_l("From"), [Optional()], render_kw={"data-keep-empty": "y"})
    until = DayField(_l("To"), [Optional()])
    key = ChoiceFilter(_l("Looked up by"), named(LookupKey))

    def to_input(self, user_id: int) -> LookupFilter:
        """Return the filter of the list of a user; what cannot be read does not narrow."""
        return LookupFilter(user_id, self.since.data, self.until.data, self.key.data or "")
