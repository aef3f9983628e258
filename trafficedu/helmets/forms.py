"""The shape of what is typed about helmets: filters, sites, plans, a survey entered whole, voiding."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from flask_babel import lazy_gettext as _l
from wtforms import BooleanField, IntegerField, SelectField
from wtforms.validators import DataRequired, InputRequired, Length, NumberRange, Optional, Regexp

from trafficedu.areas.fields import ANY, PlaceField, position_fields
from trafficedu.core.fields import (
    FilterForm,
    Form,
    MonthField,
    OnceForm,
    PeriodForm,
    SearchedFilter,
    TextField,
    TrimmedField,
    VersionField,
    choices,
    named,
)
from trafficedu.core.month import Period
from trafficedu.core.time_fields import LocalTimeField, not_in_future
from trafficedu.helmets.queries.monthly import RateCriteria
from trafficedu.helmets.queries.sites import SiteFilter
from trafficedu.helmets.queries.surveys import SurveyFilter
from trafficedu.helmets.rules import CountMethod, HeadState, RiderGroup, RoadClass, Seat, Strata, SurveyState
from trafficedu.helmets.services.places import DrawInput, SiteChange, SiteInput
from trafficedu.helmets.services.surveys import Counted, NewSurvey

CELL_NAMES = {
    (RiderGroup.DELIVERY, Seat.RIDER): _l("Delivery, rider"),
    (RiderGroup.DELIVERY, Seat.PASSENGER): _l("Delivery, passenger"),
    (RiderGroup.OTHER, Seat.RIDER): _l("Other, rider"),
    (RiderGroup.OTHER, Seat.PASSENGER): _l("Other, passenger"),
}
VIEW_NAMES = {
    "area": _l("By area"),
    "site": _l("By site"),
    "company": _l("By company"),
    "hour": _l("By hour"),
    "month": _l("By month"),
}
NUMBER = {"inputmode": "numeric", "autocomplete": "off"}
LATE = {"render_kw": {"inputmode": "decimal", "autocomplete": "off"}}


class ResultsForm(PeriodForm):
    """What the page of results is asked."""

    area = SearchedFilter(_l("Area"), "areas.names")
    method = SelectField(
        _l("Method"), choices=choices(named(CountMethod)), default=CountMethod.ON_SITE, validate_choice=False
    )
    group = SelectField(
        _l("Riders"), choices=choices([("", _l("All riders")), *named(RiderGroup)]), validate_choice=False
    )
    role = SelectField(
        _l("Riders or passengers"),
        choices=choices([("", _l("Rider and passenger")), *named(Seat)]),
        validate_choice=False,
    )

    by = SelectField(_l("Table"), choices=choices(VIEW_NAMES.items()), default="area", validate_choice=False)

    @property
    def view(self) -> str:
        """Which table is shown; a value that is none counts as the default."""
        return self.by.data if self.by.data in VIEW_NAMES else "area"

    def to_input(self, period: Period, area_path: str) -> RateCriteria:
        """Return what is asked over a period; a value that is none counts as the default."""
        return RateCriteria(
            period=period,
            area_path=area_path,
            method=self.method.data if self.method.data in tuple(CountMethod) else CountMethod.ON_SITE,
            group=self.group.data if self.group.data in tuple(RiderGroup) else "",
            role=self.role.data if self.role.data in tuple(Seat) else "",
        )


class SiteFilterForm(FilterForm):
    """What the list of sites is narrowed to."""

    q = TrimmedField(_l("Name or code"))
    road_class = SelectField(
        _l("Road class"), choices=choices([("", _l("All roads")), *named(RoadClass)]), validate_choice=False
    )
    active = SelectField(
        _l("In use"),
        choices=choices([("yes", _l("In use")), ("no", _l("No longer in use")), ("all", _l("All sites"))]),
        default="yes",
        validate_choice=False,
    )

    def to_input(self) -> SiteFilter:
        """Return the filter."""
        return SiteFilter(
            words=self.q.data or "",
            road_class=self.road_class.data or "",
            active={"no": False, "all": None}.get(self.active.data, True),
        )


class SurveyFilterForm(FilterForm):
    """What the list of surveys is narrowed to."""

    month = MonthField(_l("Month"), [Optional()])
    site = TrimmedField(_l("Site code"))
    method = SelectField(
        _l("Method"), choices=choices([("", _l("Both methods")), *named(CountMethod)]), validate_choice=False
    )
    state = SelectField(
        _l("State"), choices=choices([("", _l("All states")), *named(SurveyState)]), validate_choice=False
    )

    def to_input(self) -> SurveyFilter:
        """Return the filter."""
        return SurveyFilter(
            month=self.month.data,
            site_code=self.site.data or "",
            method=self.method.data or "",
            state=self.state.data or "",
        )


class SiteForm(Form):
    """A site; its code is given once."""

    name = TrimmedField(
        _l("Name"), [DataRequired(), Length(max=80)], description=_l("So that every observer finds the same junction.")
    )
    area_code = PlaceField(_l("Area"), [InputRequired()], ANY)
    road_class = SelectField(_l("Road class"), choices=choices(named(RoadClass)))
    latitude, longitude = position_fields()
    active = BooleanField(_l("In use"), default=True)
    version = VersionField()

    def to_input(self) -> SiteChange:
        """Return what is to hold."""
        return SiteChange(
            name=self.name.data or "",
            area_code=self.area_code.data,
            road_class=self.road_class.data,
            latitude=self.latitude.data,
            longitude=self.longitude.data,
            active=bool(self.active.data),
        )


class NewSiteForm(SiteForm):
    """A new site."""

    code = TrimmedField(
        _l("Code"),
        [
            DataRequired(),
            Length(max=20),
            Regexp(r"^[A-Za-z0-9-]+$", message=_l("Use only letters (A to Z), numbers and hyphens.")),
        ],
        description=_l("A short code for lists and files. It cannot be changed later."),
    )

    def to_new(self) -> SiteInput:
        """Return the new site."""
        return SiteInput(self.code.data or "", self.to_input())


class DrawForm(Form):
    """A plan of sites to be drawn."""

    area_code = PlaceField(_l("Area"), [InputRequired()], ANY)
    month = MonthField(_l("Month"), [InputRequired()])
    sites = IntegerField(_l("Number of sites"), [InputRequired(), NumberRange(1, 1000)], render_kw=NUMBER)
    stratified_by = SelectField(
        _l("Strata"),
        choices=choices(named(Strata)),
        description=_l("Each stratum gets sites in proportion to the number it has, and at least one."),
    )
    seed = TrimmedField(
        _l("Seed"),
        [Length(max=40)],
        description=_l("Leave empty to generate one. The same seed and sites give the same plan."),
        render_kw={"autocomplete": "off"},
    )

    def to_input(self) -> DrawInput:
        """Return the plan to draw."""
        return DrawInput(
            self.area_code.data, self.month.data, self.sites.data, self.stratified_by.data, self.seed.data or ""
        )


class VoidForm(Form):
    """Why a survey is void."""

    reason = TextField(_l("Reason"), [DataRequired(), Length(max=200)], render_kw={"rows": 2})
    version = VersionField()


class SurveyForm(OnceForm):
    """A survey entered whole: from paper, from a video, or where the counting page cannot run."""

    record_page = "helmets.survey"

    site_code = SelectField(_l("Site"), [InputRequired()])
    started_at = LocalTimeField(_l("Began"), [InputRequired(), not_in_future])
    minutes = IntegerField(_l("Minutes"), [InputRequired(), NumberRange(1, 1440)], render_kw=NUMBER)
    method = SelectField(_l("Method"), choices=choices(named(CountMethod)))
    company_code = SelectField(
        _l("Company of the delivery riders"), description=_l("Only if all of them were from one company.")
    )

    def offer(self, sites: Iterable[tuple[str, str]], companies: Sequence[tuple[str, str]]) -> None:
        """Fill the lists."""
        self.site_code.choices = choices(sites)
        self.company_code.choices = choices([("", _l("Several, or not recorded")), *companies])

    @property
    def cells(self) -> Mapping[tuple[RiderGroup, Seat], list[Any]]:
        """The number fields by group and role."""
        return {
            (group, role): [self[f"{group}_{role}_{result}"] for result in tuple(HeadState)]
            for group in tuple(RiderGroup)
            for role in tuple(Seat)
        }

    def to_input(self) -> NewSurvey:
        """Return the survey; the form has been validated."""
        assert self.started_at.data is not None
        counts = []
        for (group, role), fields in self.cells.items():
            helmeted, bare, unclear = (field.data or 0 for field in fields)
            counts.append(Counted(group, role, helmeted, bare, unclear, self._company(group)))
        return NewSurvey(
            reference=f"form-{self.client_reference.data}",
            site_code=self.site_code.data,
            started_utc=self.started_at.data,
            minutes=self.minutes.data,
            method=self.method.data,
            counts=counts,
        )

    def _company(self, group: str) -> str:
        return (self.company_code.data or "") if group == RiderGroup.DELIVERY else ""


for _group in tuple(RiderGroup):
    for _role in tuple(Seat):
        for _result, _label in named(HeadState):
            setattr(
                SurveyForm,
                f"{_group}_{_role}_{_result}",
                IntegerField(_label, [Optional(), NumberRange(0, 100_000)], render_kw=NUMBER),
            )
