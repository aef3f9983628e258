"""The shape of what is typed about points."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from flask_babel import lazy_gettext as _l
from flask_wtf.file import FileField
from wtforms import Field, IntegerField, RadioField, SelectField, SelectMultipleField
from wtforms.validators import InputRequired, NumberRange, Optional, Regexp, ValidationError
from wtforms.widgets import CheckboxInput, ListWidget

from trafficedu.areas.fields import ANY, PlaceField
from trafficedu.core.fields import (
    ChoiceFilter,
    DayField,
    FilterForm,
    Form,
    MonthField,
    OnceForm,
    SearchedFilter,
    TextField,
    TrimmedField,
    VersionForm,
    at_most,
    choices,
    named,
)
from trafficedu.points import rules
from trafficedu.points.queries.entries import EntryFilter
from trafficedu.points.services.catalogue import ActivityInput, ExpectationInput
from trafficedu.points.services.entries import NewEntry

Choices = Sequence[tuple[str, Any]]
KIND_NAMES = {
    rules.DISTRICT: _l("district"),
    rules.TOWN: _l("towns"),
    rules.VILLAGE: _l("villages"),
    rules.COMPANY: _l("companies"),
}
POINTS = NumberRange(1, rules.MOST_POINTS, message=_l("Enter points from %(min)s to %(max)s."))


class EntryForm(OnceForm):
    """An activity of an area or a company."""

    record_page = "points.entry"

    target = PlaceField(_l("Area"), eligible=ANY)
    company = SelectField(_l("Or a company"), validate_choice=False, default="")
    activity = SelectField(_l("Activity"), [InputRequired(_l("Choose the activity."))], validate_choice=False)
    occurred_on = DayField(_l("Day of the activity"), [InputRequired(_l("Choose the day."))])
    points = IntegerField(
        _l("Points"),
        [Optional(), POINTS],
        description=_l("Without a plus or minus sign. Leave empty for the activity's usual points."),
    )
    note = TextField(
        _l("About the activity"),
        [Optional(), at_most(500)],
        description=_l("Do not enter riders' names or document numbers."),
        render_kw={"rows": "3"},
    )
    evidence = FileField(
        _l("Evidence"),
        description=_l("A photo (JPEG, PNG, WebP) or a PDF. The position and device details are removed from photos."),
        render_kw={"accept": "image/jpeg,image/png,image/webp,application/pdf"},
    )

    def offer(self, companies: Choices, activities: Choices) -> None:
        """Fill the lists; nobody is asked for a company who sees none."""
        self.company.choices = choices([("", _l("none")), *companies])
        self.activity.choices = choices([("", _l("Choose the activity.")), *activities])
        if not companies:
            del self.company

    def point_at(self, target: str) -> None:
        """Fill in the area or the company that ``kind:code`` names."""
        kind, _, code = target.strip().rpartition(":")
        if kind == rules.COMPANY:
            self.company.data, self.target.data = code, ""
        elif kind in {*rules.AREA_KINDS, "area"}:
            self.target.data = code

    def validate_target(self, field: Field) -> None:
        """Ask for an area or a company, and for one of them only."""
        company = self.company.data if "company" in self else ""
        if not field.data and not company:
            raise ValidationError(str(_l("Choose an area or a company.")))
        if field.data and company:
            raise ValidationError(str(_l("Choose an area or a company, not both.")))

    def to_input(self) -> NewEntry:
        """Return what was entered, with the file's content."""
        kind, code = ("area", self.target.data) if self.target.data else (rules.COMPANY, self.company.data)
        file = self.evidence.data
        return NewEntry(
            target_kind=kind,
            target_code=code,
            activity_code=self.activity.data,
            occurred_on=self.occurred_on.data,
            points=self.points.data,
            note=(self.note.data or "").strip(),
            evidence=file.read(rules.MOST_EVIDENCE_BYTES + 1) if file else b"",
            client_reference=self.client_reference.data or "",
        )


class CounterForm(Form):
    """Why an entry is taken back."""

    reason = TrimmedField(_l("Reason"), [InputRequired(_l("Say why the entry is being reversed.")), at_most(500)])


class LedgerForm(FilterForm):
    """What the ledger is narrowed to; lives in the address."""

    q = TrimmedField(_l("Number"), render_kw={"placeholder": "E…"})
    area = SearchedFilter(_l("Area"), "areas.names")
    company = ChoiceFilter(_l("Company"))
    activity = ChoiceFilter(_l("Activity"))
    month = MonthField(_l("Month"), [Optional()])
    source = ChoiceFilter(_l("Source"), named(rules.EntryOrigin))

    def to_input(self, area_path: str) -> EntryFilter:
        """Return the filter; what cannot be read does not narrow."""
        return EntryFilter(
            area_path=area_path,
            company_code=(self.company.data or "") if "company" in self else "",
            activity_code=self.activity.data or "",
            month=self.month.data,
            source=self.source.data or "",
            number=self.q.data or "",
        )


class MonthForm(FilterForm):
    """Month and kind of target of the balances; lives in the address."""

    month = MonthField(_l("Month"), [Optional()])
    kind = SelectField(_l("Kind of area or company"), validate_choice=False, default="")

    def offer(self, kinds: Sequence[str]) -> None:
        """Fill the list of kinds; one that is not offered becomes the first."""
        self.kind.choices = choices((kind, KIND_NAMES[kind]) for kind in kinds)
        if self.kind.data not in kinds:
            self.kind.data = kinds[0] if kinds else ""


class ActivityForm(VersionForm):
    """An activity, or a new version of one."""

    code = TrimmedField(
        _l("Code"),
        [
            at_most(30),
            Regexp(r"^[a-z0-9_]*$", message=_l("Use only lower-case letters (a to z), numbers and underscores.")),
        ],
        description=_l("Short and permanent, such as school_visit. Files use it to identify the activity."),
    )
    name_zh = TrimmedField(_l("Chinese name"), [InputRequired(_l("Enter the name.")), at_most(60)])
    name_en = TrimmedField(_l("English name"), [InputRequired(_l("Enter the name.")), at_most(80)])
    direction = RadioField(
        _l("Effect"), [InputRequired(_l("Choose the effect."))], choices=choices(named(rules.Direction))
    )
    points = IntegerField(_l("Usual points"), [InputRequired(_l("Enter the points.")), POINTS])
    kinds = SelectMultipleField(
        _l("Applies to"),
        [InputRequired(_l("Choose at least one."))],
        choices=choices(KIND_NAMES.items()),
        widget=ListWidget(prefix_label=False),
        option_widget=CheckboxInput(),
    )

    def to_input(self) -> ActivityInput:
        """Return what was entered."""
        return ActivityInput(
            self.name_zh.data,
            self.name_en.data,
            self.direction.data,
            self.points.data,
            tuple(self.kinds.data),
            self.valid_from.data,
        )


class ExpectationForm(Form):
    """What is expected a month, of a level or of one target."""

    kind = SelectField(
        _l("Kind of area or company"),
        choices=choices((kind, KIND_NAMES[kind]) for kind in rules.EVALUATED_KINDS),
        default=rules.TOWN,
    )
    code = TrimmedField(
        _l("Code of one area or company"),
        [at_most(20)],
        description=_l("Leave empty for all of this kind. Any with a figure of its own keeps it."),
    )
    month = MonthField(_l("From month"), [InputRequired(_l("Choose the month."))])
    points = IntegerField(
        _l("Points a month"),
        [Optional(), POINTS],
        description=_l("Leave empty to set no figure of its own from then on."),
    )

    def to_input(self) -> ExpectationInput:
        """Return what was entered."""
        return ExpectationInput(self.kind.data, self.code.data or "", self.month.data, self.points.data)
