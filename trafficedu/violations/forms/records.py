"""The shape of a record, of what becomes of it, of the list's filters and of a kind."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from flask_babel import lazy_gettext as _l
from wtforms import BooleanField, Field, FloatField, IntegerField, RadioField, SelectField
from wtforms.validators import InputRequired, Length, NumberRange, Optional, ValidationError
from wtforms.widgets import HiddenInput, RadioInput

from trafficedu.areas.fields import HOMES, PlaceField, PlaceIdField
from trafficedu.core.actors import Actor
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
from trafficedu.core.time_fields import NowField, WhenFields, not_in_future, when_fields
from trafficedu.core.web import translated
from trafficedu.evidence.rules import MOST_PHOTOS
from trafficedu.riders.fields import PlateAnswer, PlateField
from trafficedu.riders.rules import (
    Answer,
    IdType,
    normalise_identity,
    normalise_phone,
    normalise_plate,
    searched_plate,
)
from trafficedu.riders.services.people import NewRider
from trafficedu.violations.models.records import Violation
from trafficedu.violations.queries.records import ViolationFilter
from trafficedu.violations.queries.searching import Words
from trafficedu.violations.rules.states import (
    DoubleAnswer,
    MissingPapers,
    ObjectionState,
    Offender,
    Penalty,
    Source,
    ViolationState,
)
from trafficedu.violations.services.correcting import CorrectedFacts
from trafficedu.violations.services.doubles import DoubleSaid
from trafficedu.violations.services.recording import NewViolation
from trafficedu.violations.services.unnamed import Described

Choices = Sequence[tuple[str, Any]]
LOOK_UP, SAME = "look_up", "same"
OTHER, AS_ENGAGED, NO_COMPANY, NOT_KNOWN = "other", "auto", "none", "open"


def _rule(normalise: Callable[[str], str]) -> Callable[[Any, Field], None]:
    """Let a field be checked by a rule of the domain, so that all that is wrong shows at once."""

    def check(_form: Any, field: Field) -> None:
        try:
            normalise(field.data or "")
        except Refusal as error:
            raise ValidationError(translated(error.text)) from error

    return check


class RiderFields(Form):
    """Who it was, by document."""

    id_type = SelectField(_l("Document"), choices=choices(named(IdType)), default=IdType.IDENTITY_CARD)
    id_number = NumbersField(
        _l("Identity number"),
        render_kw={"autocomplete": "off", "autocapitalize": "characters", "spellcheck": "false", "maxlength": "40"},
    )
    name = TrimmedField(
        _l("Name"),
        [at_most(60)],
        description=_l("As shown on the document."),
        render_kw={"autocomplete": "off"},
    )
    phone = NumbersField(
        _l("Phone"), [Optional(), _rule(normalise_phone)], render_kw={"inputmode": "tel", "autocomplete": "off"}
    )
    birth_date = DayField(
        _l("Date of birth"),
        [Optional()],
        description=_l("Only if the document number does not contain it, as with a passport."),
    )
    home_area_id = PlaceIdField(_l("Home village"), eligible=HOMES)

    def validate_id_number(self, field: Field) -> None:
        """Check the number of the document as its kind asks."""
        _rule(lambda text: normalise_identity(self.id_type.data or "", text, today()) if text else "")(self, field)

    def to_rider(self) -> NewRider | None:
        """Return the person entered, or None where no document number was."""
        if not self.id_number.data:
            return None
        return NewRider(
            self.id_type.data,
            self.id_number.data,
            self.name.data or "",
            self.phone.data or "",
            self.home_area_id.data,
            self.birth_date.data,
        )


class RecordForm(OnceForm, RiderFields, PlateAnswer):
    """A violation as the officer sees it at the kerb."""

    record_page = "violations.show"

    kind = RadioField(_l("Violation"), validate_choice=False, choices=[])
    other_kind = SelectField(_l("Another kind"), validate_choice=False, validators=[Optional()], choices=[])
    occurred_at = NowField(
        _l("When"),
        [not_in_future],
        first_tap="kind other_kind",
        description=_l("Filled in when you tap what happened. Change it if it happened earlier."),
    )
    area_code = PlaceField(_l("Village"), [InputRequired(_l("Choose the village."))])
    place = TrimmedField(
        _l("Place"),
        [at_most(120)],
        description=_l("Road and crossing."),
        render_kw={"autocomplete": "off"},
    )
    source = RadioField(
        _l("How it was detected"),
        choices=choices([*named([Source.FIELD]), (Source.CAMERA, _l("by a camera"))]),
        default=Source.FIELD,
    )
    plate = PlateField(_l("Plate"), [_rule(normalise_plate)])
    offender = RadioField(_l("Rider or passenger"), choices=choices(named(Offender)), default=Offender.RIDER)
    company_code = SelectField(_l("Company"), validate_choice=False, default=AS_ENGAGED, choices=[])
    other_company = SelectField(_l("Another company"), validate_choice=False, validators=[Optional()], choices=[])
    guardian_name = TrimmedField(_l("Name of a guardian"), [at_most(60)], render_kw={"autocomplete": "off"})
    penalty = RadioField(_l("Penalty imposed"), choices=choices(named(Penalty)), default=Penalty.WARNING)
    fine_yuan = IntegerField(_l("Fine in yuan"), [Optional()], render_kw={"inputmode": "numeric"})
    note = TextField(_l("Note"), [at_most(500)], render_kw={"rows": "2"})
    rider_number = TrimmedField("", [Length(max=20)])
    found_by_plate = TrimmedField("", [Length(max=30)])
    still_them = RadioField(
        _l("Who rides the e-bike with the new plate?"),
        choices=choices([(LOOK_UP, _l("Look up the rider of this plate")), (SAME, _l("It is still this rider"))]),
        validate_choice=False,
    )
    papers = SelectField(
        _l("Why there are no papers"),
        choices=choices([("", _l("papers were shown")), *named(MissingPapers)]),
        default="",
    )
    appearance = TrimmedField(
        _l("Appearance"),
        [at_most(200)],
        description=_l("Clothes, helmet, e-bike: what the person can be found by. Name, phone and plate are kept too."),
        render_kw={"autocomplete": "off"},
    )
    still_on = TrimmedField("", [Length(max=30)])
    double_answer = RadioField(
        _l("Is it the same offence?"), choices=choices(named(DoubleAnswer)), validate_choice=False
    )
    double_met = TrimmedField("", [Length(max=20)])
    latitude = FloatField(_l("Position"), [Optional()], widget=HiddenInput())
    longitude = FloatField(_l("Position"), [Optional()], widget=HiddenInput())
    photos_announced = IntegerField("", [Optional(), NumberRange(0, MOST_PHOTOS)], widget=HiddenInput())

    def validate_kind(self, _field: Field) -> None:
        """Take a key or an entry of the list."""
        if not self.kind_code:
            raise ValidationError(str(_l("Choose what happened.")))

    def ask_double(self, earlier: str) -> None:
        """Ask whether it is the same offence as that of the record with the number ``earlier``."""
        if self.double_met.data != earlier:
            self.double_met.data, self.double_answer.data = earlier, None

    @property
    def has_another_plate(self) -> bool:
        """Whether the rider was found by another plate than the one that stands here now, and nobody said it is so."""
        found, now = (searched_plate(field.data or "") for field in (self.found_by_plate, self.plate))
        agreed = self.still_them.data == SAME and searched_plate(self.still_on.data or "") == now
        return bool(self.rider_number.data and found and found != now and not agreed)

    def offer_companies(self, engaging: Choices, every: Choices) -> None:
        """Offer the company of the day and every other one; where several engage the rider, these as keys."""
        if len(engaging) > 1:
            self.company_code.option_widget = RadioInput()
            self.company_code.choices = choices([*engaging, (NO_COMPANY, _l("none")), (NOT_KNOWN, _l("not known yet"))])
            self.other_company.choices = choices([("", _l("none")), *every])
            return
        on_the_day = _l("company on that day")
        if engaging:
            on_the_day = _l("company on that day: %(company)s", company=engaging[0][1])
        self.company_code.choices = choices([(AS_ENGAGED, on_the_day), (NO_COMPANY, _l("none")), *every])

    def validate(self, extra_validators: Any = None) -> bool:
        """Check what the page shows: the list stands below its key alone, the amount below a fine alone."""
        if self.kind.data not in {None, "", OTHER}:
            self.leave_out("other_kind")
        if self.penalty.data != Penalty.FINE:
            self.leave_out("fine_yuan")
        return bool(super().validate(extra_validators))

    @property
    def kind_code(self) -> str:
        """The kind chosen by key or from the list, or "".

        The list is on the page only under its own key: what was chosen there before another key was is not meant.
        """
        key = self.kind.data or ""
        return key if key not in {"", OTHER} else self.other_kind.data or ""

    def to_input(self) -> NewViolation:
        """Return what was entered."""
        assert self.occurred_at.data is not None  # the form was validated
        chosen = self.other_company.data or self.company_code.data or AS_ENGAGED
        return NewViolation(
            kind_code=self.kind_code,
            occurred_utc=self.occurred_at.data,
            area_code=self.area_code.data,
            penalty=self.penalty.data,
            fine_yuan=self.fine_yuan.data,
            place=self.place.data or "",
            latitude=self.latitude.data,
            longitude=self.longitude.data,
            plate=self.plate.data or "",
            offender=self.offender.data,
            rider=None if self.rider_number.data else self.to_rider(),
            rider_number=self.rider_number.data or "",
            company_code={AS_ENGAGED: None, NOT_KNOWN: None, NO_COMPANY: ""}.get(chosen, chosen),
            asks=chosen == AS_ENGAGED,
            note=self.note.data or "",
            guardian_name=self.guardian_name.data or "",
            source=self.source.data,
            client_reference=self.client_reference.data or None,
            filled_in=("occurred_utc", "double") if self.occurred_at.is_now else ("double",),
            plate_answer=self.plate_answer.data or "",
            plate_met=self.plate_met.data or "",
            double=DoubleSaid(self.double_answer.data or "", self.double_met.data or ""),
            papers=self.papers.data or "",
            described=Described(self.name.data or "", self.phone.data or "", self.appearance.data or ""),
        )


class PlateDecisionForm(Form):
    """What it means that a record's rider met a plate known as another rider's."""

    answer = RadioField(_l("Decision"), choices=choices(named(Answer)), validate_choice=False)
    plate = PlateField(
        _l("The right plate"), [_rule(normalise_plate)], description=_l("Leave it empty if it is not known.")
    )


class IdentifyForm(RiderFields):
    """The rider of a record that stood on a plate alone."""

    def validate_id_number(self, field: Field) -> None:
        """Ask for the document."""
        _rule(lambda text: normalise_identity(self.id_type.data or "", text, today()))(self, field)


class ReasonForm(Form):
    """Why a record is rejected or voided."""

    reason = TextField(
        _l("Reason"),
        [InputRequired(_l("Say why. This is kept with the record.")), at_most(500)],
        render_kw={"rows": "3"},
    )


class CorrectForm(WhenFields, ReasonForm):
    """What a record should say, and why; whose offence it was is not corrected."""

    kind = SelectField(_l("Violation"), choices=[])
    occurred_at, hour_unknown, occurred_on = when_fields()
    area_code = PlaceField(_l("Village"), [InputRequired(_l("Choose the village."))])
    place = TrimmedField(
        _l("Place"), [at_most(120)], description=_l("Road and crossing."), render_kw={"autocomplete": "off"}
    )
    penalty = RadioField(_l("Penalty imposed"), choices=choices(named(Penalty)))
    fine_yuan = IntegerField(_l("Fine in yuan"), [Optional()], render_kw={"inputmode": "numeric"})
    note = TextField(_l("Note"), [at_most(500)], render_kw={"rows": "2"})
    version = VersionField(default=0)

    def begin_with(self, violation: Violation) -> None:
        """Show what the record says now."""
        self.kind.data = violation.kind.code
        self.show_occurred(violation.occurred)
        self.area_code.begin_with(violation.area.code)
        self.place.data, self.note.data = violation.place, violation.note
        self.penalty.data, self.fine_yuan.data = violation.penalty, violation.fine_yuan
        self.version.data = violation.version

    def validate(self, extra_validators: Any = None) -> bool:
        """Check what the page shows: the amount stands below a fine alone."""
        if self.penalty.data != Penalty.FINE:
            self.leave_out("fine_yuan")
        return bool(super().validate(extra_validators))

    def to_input(self) -> CorrectedFacts:
        """Return what was entered."""
        assert self.occurred is not None  # the form was validated
        return CorrectedFacts(
            self.kind.data,
            self.occurred,
            self.area_code.data,
            self.place.data or "",
            self.penalty.data,
            self.fine_yuan.data,
            self.note.data or "",
        )


class DecisionForm(Form):
    """What was decided on an objection, and why."""

    outcome = RadioField(
        _l("Decision"),
        [InputRequired(_l("Choose a decision."))],
        choices=choices(
            [
                (ObjectionState.DISMISSED, _l("The record stands")),
                (ObjectionState.UPHELD, _l("The record is wrong: void it, withdraw its task and its notice")),
            ]
        ),
    )
    decision = TextField(
        _l("Reasons"),
        [InputRequired(_l("Say why. This is kept with the record.")), at_most(2000)],
        description=_l("The rider will read this."),
        render_kw={"rows": "4"},
    )


class ViolationFilterForm(FilterForm):
    """What the list of violations is narrowed to; lives in the address."""

    q = SearchField(_l("Case number, plate, rider, officer or place"))
    since = DayField(_l("From"), [Optional()], render_kw={"data-keep-empty": "y"})
    until = DayField(_l("To"), [Optional()])
    area = SearchedFilter(_l("Area of the record"), "areas.names")
    kind = ChoiceFilter(_l("Violation"))
    source = ChoiceFilter(_l("Source"), named(Source))
    state = ChoiceFilter(_l("State"), named(ViolationState))
    company = ChoiceFilter(_l("Company"))
    penalty = ChoiceFilter(_l("Penalty imposed"), named(Penalty))
    officer = SearchedFilter(
        _l("Officer"), asked=_l("Name or user name"), unknown=_l("No officer here has this name or user name.")
    )
    minor = BooleanField(_l("Offender under age"))
    mine = BooleanField(_l("Recorded by me"))

    def to_input(self, by: Actor, area_path: str, officer_id: int | None, words: Words) -> ViolationFilter:
        """Return the filter; what cannot be read does not narrow. An officer who is named goes before oneself."""
        return ViolationFilter(
            since=self.since.data,
            until=self.until.data,
            area_path=area_path,
            kind_code=self.kind.data or "",
            source=self.source.data or "",
            state=self.state.data or "",
            company_code=self.company.data or "",
            officer_id=officer_id or (by.user_id if self.mine.data else None),
            penalty=self.penalty.data or "",
            minor=bool(self.minor.data),
            words=words,
        )


class WaitingFilterForm(FilterForm):
    """What is looked for among the records that wait for a review or a decision; lives in the address."""

    q = SearchField(_l("Case number, plate, rider, officer"))
