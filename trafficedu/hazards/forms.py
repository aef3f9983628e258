"""The shape of what is typed about hazards and rolling checks."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

from flask_babel import lazy_gettext as _l
from wtforms import (
    BooleanField,
    FileField,
    IntegerField,
    MultipleFileField,
    RadioField,
    SelectField,
)
from wtforms.validators import InputRequired, Length, NumberRange, Optional

from trafficedu.areas.fields import TOWNS_AND_VILLAGES, PlaceField, position_fields
from trafficedu.core.fields import (
    ChoiceFilter,
    DayField,
    FilterForm,
    Form,
    OnceForm,
    SearchedFilter,
    TextField,
    TrimmedField,
    VersionField,
    at_most,
    choices,
    named,
)
from trafficedu.hazards import rules
from trafficedu.hazards.models import Hazard, HazardKind, HazardWatch
from trafficedu.hazards.queries.checks import WatchFilter
from trafficedu.hazards.queries.records import OPEN_ONES, HazardFilter
from trafficedu.hazards.services.checks import NewWatch
from trafficedu.hazards.services.deciding import FixDecision
from trafficedu.hazards.services.kinds import HazardKindInput
from trafficedu.hazards.services.planning import RemedyPlan
from trafficedu.hazards.services.reporting import NewHazard

Choices = Sequence[tuple[str, Any]]

PICTURES = "image/jpeg,image/png,image/webp"


class OpenedRecordForm(Form):
    """What says no more than which version of the record it was opened on."""

    version = VersionField(default=0)


class PhotosForm(Form):
    """Photos, taken now or chosen; without them the rest of a form still counts."""

    camera = FileField(_l("Take a photo"), [Optional()], render_kw={"accept": PICTURES, "capture": "environment"})
    photos = MultipleFileField(
        _l("Choose photos"),
        [Optional()],
        description=_l("The position, time and camera details are removed from every photo before it is saved."),
        render_kw={"accept": PICTURES},
    )
    version = VersionField(default=0)

    def files(self) -> tuple[bytes, ...]:
        """Return the bytes of every file sent, in their order."""
        sent = [self.camera.data, *(self.photos.data or [])]
        return tuple(data for file in sent if getattr(file, "filename", "") and (data := file.read()))


class MorePhotosForm(PhotosForm):
    """Photos added later."""

    taken = RadioField(
        _l("What do they show?"),
        choices=choices(named(rules.PhotoTime)),
        default=rules.PhotoTime.BEFORE,
    )


class HazardForm(PhotosForm, OnceForm):
    """A hazard as it is seen, on the phone."""

    record_page = "hazards.show"

    kind = SelectField(_l("What is wrong?"), [InputRequired(_l("Choose the kind."))], validate_choice=False, choices=[])
    risk = RadioField(_l("Risk"), [InputRequired(_l("Choose the risk."))], choices=choices(named(rules.Risk)))
    area_code = PlaceField(_l("Village"), [InputRequired(_l("Choose the village."))])
    place = TrimmedField(
        _l("Place"),
        [InputRequired(_l("Say where it is: the road and any landmark nearby.")), at_most(120)],
        description=_l("Road, side and landmarks nearby."),
        render_kw={"autocomplete": "off"},
    )
    latitude, longitude = position_fields()
    description = TextField(_l("What you see"), [Optional(), at_most(500)], render_kw={"rows": "3"})

    def to_input(self) -> NewHazard:
        """Return what was entered."""
        return NewHazard(
            area_code=self.area_code.data,
            place=self.place.data,
            kind_code=self.kind.data,
            risk=self.risk.data,
            description=self.description.data or "",
            latitude=self.latitude.data,
            longitude=self.longitude.data,
            photos=self.files(),
            client_reference=self.client_reference.data or None,
        )

    def show(self, hazard: Hazard) -> None:
        """Fill the form with what a record says."""
        for name in ("risk", "place", "latitude", "longitude", "description", "version"):
            self[name].data = getattr(hazard, name)
        self.kind.data, self.area_code.data = hazard.kind.code, hazard.area.code


class PlanForm(Form):
    """The four parts of the plan."""

    goal = TrimmedField(
        _l("1. Goal of the plan"),
        [InputRequired(_l("Say what the plan should achieve.")), at_most(200)],
        description=_l("The result the work should achieve."),
    )
    measures = TextField(
        _l("2. Measures planned"),
        [InputRequired(_l("Say what will be done.")), at_most(1000)],
        render_kw={"rows": "5"},
    )
    responsible = TrimmedField(
        _l("3. Who is responsible"),
        [InputRequired(_l("Say who is responsible.")), at_most(80)],
        description=_l("The office and the person in charge there."),
    )
    deadline_on = DayField(_l("4. Deadline of the plan"), [InputRequired(_l("Choose the deadline."))])
    version = VersionField(default=0)

    def to_input(self) -> RemedyPlan:
        """Return what was entered."""
        return RemedyPlan(self.goal.data, self.measures.data.strip(), self.responsible.data, self.deadline_on.data)

    def show(self, hazard: Hazard, deadline: date) -> None:
        """Fill the form with the present plan, or propose ``deadline`` for a new one."""
        self.goal.data, self.measures.data = hazard.goal, hazard.measures
        self.responsible.data, self.version.data = hazard.responsible, hazard.version
        self.deadline_on.data = hazard.deadline_on or deadline


class RevisionForm(PlanForm):
    """A plan changed, and why."""

    reason = TextField(
        _l("Reason for the change"),
        [InputRequired(_l("Say why. This is kept with the record.")), at_most(500)],
        render_kw={"rows": "2"},
    )


class FixedForm(PhotosForm):
    """The work is done."""

    note = TextField(_l("Measure taken"), [Optional(), at_most(500)], render_kw={"rows": "3"})


class VerifyForm(PhotosForm):
    """Whether the hazard is gone."""

    decision = RadioField(
        _l("Is the hazard gone?"),
        [InputRequired(_l("Choose a decision."))],
        choices=choices([("yes", _l("Yes: it is fixed")), ("no", _l("No: send it back"))]),
    )
    note = TextField(
        _l("What you found"),
        [Optional(), at_most(500)],
        description=_l("Needed when you send it back."),
        render_kw={"rows": "3"},
    )

    def to_input(self) -> FixDecision:
        """Return the decision."""
        return FixDecision(self.decision.data == "yes", self.note.data or "", self.files())


class ReasonForm(Form):
    """Why a record is closed, opened again, voided, taken off a list, or a photo withdrawn."""

    reason = TextField(
        _l("Reason"),
        [InputRequired(_l("Say why. This is kept with the record.")), at_most(500)],
        render_kw={"rows": "3"},
    )
    version = VersionField(default=0)


class HazardFilterForm(FilterForm):
    """What the list of hazards is narrowed to; lives in the address."""

    q = TrimmedField(_l("Number or place"))
    state = ChoiceFilter(_l("State"), [(OPEN_ONES, _l("open")), *named(rules.HazardState)])
    risk = ChoiceFilter(_l("Risk"), named(rules.Risk))
    kind = ChoiceFilter(_l("Kind of hazard"))
    area = SearchedFilter(_l("Area"), "areas.names")
    since = DayField(_l("Reported from"), [Optional()])
    until = DayField(_l("Reported until"), [Optional()])
    overdue = BooleanField(_l("overdue only"))

    def to_input(self, area_path: str, day: date) -> HazardFilter:
        """Return the filter; what cannot be read does not narrow. ``day`` is the one on which something is late."""
        return HazardFilter(
            words=self.q.data or "",
            state=self.state.data or "",
            risk=self.risk.data or "",
            kind_code=self.kind.data or "",
            area_path=area_path,
            overdue_on=day if self.overdue.data else None,
            since=self.since.data,
            until=self.until.data,
        )


class WatchForm(Form):
    """An area under rolling check."""

    area_code = PlaceField(_l("Town or village"), [InputRequired(_l("Choose the area."))], TOWNS_AND_VILLAGES)
    reason = TrimmedField(
        _l("Why it is on the list"),
        [InputRequired(_l("Say why. This is kept with the record.")), at_most(200)],
    )
    period_days = IntegerField(
        _l("Checked every … days"),
        [InputRequired(_l("Enter a whole number.")), NumberRange(1, rules.LONGEST_PERIOD)],
        default=7,
    )
    due_on = DayField(_l("Next check due on"), [InputRequired(_l("Choose the day."))])
    checker = SelectField(
        _l("Responsible for the check"),
        [InputRequired(_l("Choose someone whose post covers this area."))],
        validate_choice=False,
        choices=[],
    )
    version = VersionField(default=0)

    def to_input(self) -> NewWatch:
        """Return what was entered."""
        area_code = self.area_code.data if "area_code" in self else ""
        return NewWatch(area_code, self.reason.data, self.period_days.data, self.checker.data, self.due_on.data)

    def show(self, watch: HazardWatch) -> None:
        """Fill the form with what the list says."""
        for name in ("reason", "period_days", "due_on", "version"):
            self[name].data = getattr(watch, name)
        self.checker.data = watch.checker.username


class LookForm(Form):
    """What a look at an area brought."""

    found = IntegerField(
        _l("Hazards found"),
        [InputRequired(_l("Enter a whole number.")), NumberRange(0, 500)],
        default=0,
        description=_l("Report each one separately with a photo."),
    )
    note = TextField(_l("Notes"), [Optional(), at_most(500)], render_kw={"rows": "3"})
    version = VersionField(default=0)


class WatchFilterForm(FilterForm):
    """What the list of checks is narrowed to; lives in the address."""

    area = SearchedFilter(_l("Area"), "areas.names")
    mine = BooleanField(_l("mine only"))
    overdue = BooleanField(_l("overdue only"))
    ended = BooleanField(_l("removed from the list"))

    def to_input(self, area_path: str, user_id: int | None, day: date) -> WatchFilter:
        """Return the filter."""
        return WatchFilter(
            area_path=area_path,
            overdue_on=day if self.overdue.data else None,
            checker_id=user_id if self.mine.data else None,
            ended=bool(self.ended.data),
        )


class HazardKindForm(Form):
    """A kind of hazard."""

    code = TrimmedField(_l("Code"), [Optional(), at_most(20)])
    name_zh = TrimmedField(_l("Chinese name"), [InputRequired(_l("Enter the name.")), Length(max=40)])
    name_en = TrimmedField(_l("English name"), [InputRequired(_l("Enter the name.")), Length(max=60)])
    position = IntegerField(
        _l("Position in the list"), [InputRequired(_l("Enter a whole number.")), NumberRange(0, 999)], default=50
    )
    active = BooleanField(_l("in use"), default=True)
    version = VersionField(default=0)

    def to_input(self) -> HazardKindInput:
        """Return what was entered."""
        return HazardKindInput(self.name_zh.data, self.name_en.data, self.position.data, bool(self.active.data))

    def show(self, kind: HazardKind) -> None:
        """Fill the form with what the catalogue says."""
        for name in ("code", "name_zh", "name_en", "position", "active", "version"):
            self[name].data = getattr(kind, name)
