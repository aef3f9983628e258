"""The shape of what is typed about courses and their modules."""

from __future__ import annotations

from datetime import date
from typing import Any

from flask_babel import lazy_gettext as _l
from wtforms import (
    BooleanField,
    FieldList,
    FormField,
    IntegerField,
    SelectField,
)
from wtforms.validators import InputRequired, Length, NumberRange, Optional, ValidationError

from trafficedu.core.fields import (
    DayField,
    Form,
    FormPart,
    TrimmedField,
    VersionField,
    choices,
    named,
)
from trafficedu.core.lines import rearrange
from trafficedu.education.models.courses import CourseVersion
from trafficedu.education.rules.states import ModuleKind
from trafficedu.education.services.courses import CourseInput, ModuleInput

NEW_MODULES = 4
"""Lines for modules that the form of a new course offers."""
MOST_MODULES = 20


def _minutes(label: Any) -> IntegerField:
    return IntegerField(
        label, [Optional(), NumberRange(0, 600, _l("The minutes must be between %(min)s and %(max)s."))]
    )


def _number(label: Any, required: Any, least: int, most: int) -> IntegerField:
    bounds = NumberRange(least, most, _l("The number must be between %(min)s and %(max)s."))
    return IntegerField(label, [InputRequired(required), bounds])


class ModuleForm(FormPart):
    """One module of a course; a line without a kind is none."""

    kind = SelectField(_l("Kind of module"), choices=choices([("", _l("none")), *named(ModuleKind)]))
    name_zh = TrimmedField(_l("Name (Chinese)"), [Optional(), Length(max=80)])
    name_en = TrimmedField(_l("Name (English)"), [Optional(), Length(max=80)])
    minimum_minutes = _minutes(_l("Minimum minutes"))
    maximum_minutes = _minutes(_l("Minutes that count at most"))
    online = BooleanField(
        _l("May be watched at home"),
        description=_l("What riders saw of the district's films on their own phone counts. For films only."),
    )

    def validate_kind(self, field: SelectField) -> None:
        """Refuse a module that is said by half, or that may last longer than it counts."""
        if not field.data:
            return
        least, most = self.minimum_minutes.data, self.maximum_minutes.data
        if not (self.name_zh.data and self.name_en.data) or least is None or most is None:
            raise ValidationError(str(_l("Enter both names and the minutes of this module.")))
        if most < least:
            raise ValidationError(str(_l("The minutes that count must not be fewer than the minimum.")))
        if self.online.data and field.data != ModuleKind.FILM:
            raise ValidationError(str(_l("Only a film can be watched at home.")))

    def to_input(self) -> ModuleInput:
        """Return what was entered."""
        least, most = self.minimum_minutes.data or 0, self.maximum_minutes.data or 0
        names = self.name_zh.data or "", self.name_en.data or ""
        return ModuleInput(ModuleKind(self.kind.data), *names, least, most, bool(self.online.data))


class CourseForm(Form):
    """A version of a course, with its modules."""

    name_zh = TrimmedField(_l("Name (Chinese)"), [InputRequired(_l("Enter the name.")), Length(max=80)])
    name_en = TrimmedField(_l("Name (English)"), [InputRequired(_l("Enter the name.")), Length(max=80)])
    from_violations = IntegerField(
        _l("From this many violations"),
        [
            InputRequired(_l("Enter the number of violations.")),
            NumberRange(1, 100, _l("The number must be between %(min)s and %(max)s.")),
        ],
        description=_l("Riders with at least this many violations in the counting period take this course."),
    )
    pass_mark = _number(_l("Quiz pass mark"), _l("Enter the pass mark."), 0, 100)
    valid_from = DayField(_l("Valid from"), [InputRequired(_l("Enter the first day."))])
    free_order = BooleanField(
        _l("Modules in any order"),
        description=_l(
            "Riders take them one at a time, in any order: while some ride, others see the film or sit the quiz. "
            "Otherwise each module comes after the one before it."
        ),
    )
    modules = FieldList(FormField(ModuleForm), _l("Modules"), max_entries=MOST_MODULES)
    version = VersionField(default=0)

    def begin(self, present: CourseVersion | None, first_day: date) -> None:
        """Offer the first day of the new version, and lines for the modules of a new course."""
        if not self.is_submitted():
            self.valid_from.data = first_day
            for _ in range(0 if present is not None else NEW_MODULES):
                self.modules.append_entry()

    def rearrange(self, button: str) -> bool:
        """Add, remove or move a line as the ``button`` says that was pressed; False where it says nothing of lines."""
        return rearrange(self.modules, button, MOST_MODULES)

    def to_input(self) -> CourseInput:
        """Return what was entered."""
        lines = [entry.form for entry in self.modules]
        return CourseInput(
            name_zh=self.name_zh.data,
            name_en=self.name_en.data,
            from_violations=self.from_violations.data,
            pass_mark=self.pass_mark.data,
            valid_from=self.valid_from.data,
            free_order=self.free_order.data,
            modules=[line.to_input() for line in lines if line.kind.data],
        )


class NewCourseForm(CourseForm):
    """A new course."""

    code = TrimmedField(_l("Code"), [InputRequired(_l("Enter a code.")), Length(max=20)])
    rank = _number(_l("Place in the order from short to long"), _l("Enter the place."), 1, 99)


class CourseEndForm(Form):
    """The last day of a course."""

    last_day = DayField(_l("Last day"), [InputRequired(_l("Enter the last day."))])
    version = VersionField(default=0)
