"""The shape of what is typed about areas and registered e-bikes."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any, cast

from flask_babel import lazy_gettext as _l
from flask_wtf.file import FileField, FileRequired
from wtforms import BooleanField, IntegerField, RadioField, SelectField
from wtforms.validators import InputRequired, NumberRange, Optional, Regexp

from trafficedu.areas.fields import PlaceField
from trafficedu.areas.models import TOWN, VILLAGE
from trafficedu.areas.queries.choices import Eligible
from trafficedu.areas.queries.tree import AreaFilter
from trafficedu.areas.rules import PLURALS, Level
from trafficedu.areas.services import AreaChange, NewArea
from trafficedu.core.fields import (
    ChoiceFilter,
    DayField,
    FilterForm,
    Form,
    MonthField,
    TrimmedField,
    VersionField,
    at_most,
    named,
)
from trafficedu.core.fields import choices as as_choices
from trafficedu.core.outlines import MOST_BYTES, GivenFile
from trafficedu.core.positions import Datum
from trafficedu.core.web import translated

ALL = "all"


class AreaFilterForm(FilterForm):
    """What the list of areas is narrowed to; lives in the address."""

    q = TrimmedField(_l("Name or code"))
    level = SelectField(
        _l("Level"), choices=as_choices([("", _l("towns")), (VILLAGE, _l("villages")), (ALL, _l("all"))]), default=""
    )
    town = ChoiceFilter(_l("Town"))
    on = SelectField(
        _l("In existence"),
        choices=as_choices([("", _l("current only")), (ALL, _l("current and former"))]),
        default="",
        validate_choice=False,
    )

    def offer(self, levels: Sequence[Level]) -> None:
        """Offer the levels above the towns too, where there are several areas of them."""
        above = [(level.value, translated(PLURALS[level])) for level in levels if level.may_be_top]
        self.level.choices = [*as_choices(above), *cast("list[Any]", self.level.choices)]

    def to_input(self, today: date) -> AreaFilter:
        """Return the filter; a search or a town chosen looks on every level."""
        level = self.level.data or ("" if self.q.data or self.town.data else TOWN)
        return AreaFilter(
            words=self.q.data or "",
            level="" if level == ALL else level,
            below=self.town.data or "",
            on=None if self.on.data == ALL else today,
        )


class NewAreaForm(Form):
    """An area to be added below another; ``level`` is asked where more than one may lie there."""

    level = SelectField(_l("Level"), choices=[])
    code = TrimmedField(
        _l("Code"),
        [
            InputRequired(_l("Enter a code.")),
            at_most(20),
            Regexp(r"^[A-Za-z0-9]+$", message=_l("Use only letters (A to Z) and numbers.")),
        ],
        description=_l("The national statistical code; it cannot be changed later."),
        render_kw={"inputmode": "numeric", "autocomplete": "off"},
    )
    name = TrimmedField(_l("Name of the area"), [InputRequired(_l("Enter the name.")), at_most(80)])
    valid_from = DayField(
        _l("First day"), [Optional()], description=_l("Leave empty if it begins with the area it belongs to.")
    )
    evaluated = BooleanField(
        _l("Evaluated"), default=True, description=_l("Untick for statistical units that are not a town or village.")
    )

    def offer(self, levels: Sequence[Level]) -> None:
        """Ask for the level where there is a choice."""
        if len(levels) > 1:
            self.level.choices = as_choices([(level.value, translated(level.label)) for level in levels])
        else:
            del self.level

    def to_input(self) -> NewArea:
        """Return what was entered."""
        level = Level(self.level.data) if self.level else None
        return NewArea(self.code.data, self.name.data, self.valid_from.data, self.evaluated.data, level)


class AreaForm(Form):
    """What can be changed about an area."""

    name = TrimmedField(_l("Name of the area"), [InputRequired(_l("Enter the name.")), at_most(80)])
    valid_from = DayField(_l("First day"), [InputRequired(_l("Enter the first day."))])
    evaluated = BooleanField(
        _l("Evaluated"), description=_l("Untick for statistical units that are not a town or village.")
    )
    version = VersionField(default=0)

    def to_input(self) -> AreaChange:
        """Return what was entered."""
        return AreaChange(self.name.data, self.valid_from.data, self.evaluated.data)


class EndForm(Form):
    """The end of an area and what follows it."""

    valid_to = DayField(_l("Last day"), [InputRequired(_l("Enter the last day."))])
    successor = PlaceField(
        _l("Successor"),
        default="",
        description=_l("The area that replaces it, if any. Existing records are not moved."),
    )
    version = VersionField(default=0)

    def offer(self, level: Level) -> None:
        """Take areas of one level only."""
        self.successor.eligible = Eligible(everywhere=True, levels=(level,))


class AreaFigureForm(Form):
    """The e-bikes registered in an area in one month."""

    month = MonthField(_l("Month"), [InputRequired(_l("Choose the month."))])
    ebikes = IntegerField(
        _l("Registered e-bikes"),
        [
            InputRequired(_l("Enter the number of e-bikes.")),
            NumberRange(0, 10_000_000, message=_l("Enter a number from %(min)d to %(max)d.")),
        ],
    )


class OutlinesForm(Form):
    """A file of outlines for maps, and the system its points are in."""

    file = FileField(
        _l("GeoJSON file"),
        [FileRequired(_l("Choose a file."))],
        description=_l(
            "A FeatureCollection of polygons. Each names its area by code (property “code” or “adcode”) or by name"
            " (“name”). Up to 20 MB."
        ),
        render_kw={"accept": ".geojson,.json"},
    )
    datum = RadioField(
        _l("Coordinate system"),
        [InputRequired(_l("Choose the coordinate system."))],
        choices=as_choices(named(Datum)),
        description=_l(
            "Outlines from Amap, DataV or Tencent are GCJ-02; the national platform (CGCS2000), GPS and OpenStreetMap"
            " are WGS-84. The wrong choice shifts the map by 300 to 600 m."
        ),
    )

    def to_input(self) -> GivenFile:
        """Return the file; of one that is too large only so much as shows that it is."""
        return GivenFile(self.file.data.filename or "", self.file.data.read(MOST_BYTES + 1), Datum(self.datum.data))
