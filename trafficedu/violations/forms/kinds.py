"""The shape of what is typed about kinds of violation."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l
from wtforms import Field, IntegerField
from wtforms.validators import InputRequired, NumberRange, Optional, Regexp, ValidationError

from trafficedu.core.fields import TrimmedField, VersionForm, at_most
from trafficedu.violations.services.kinds import KindInput


class KindForm(VersionForm):
    """A kind of violation, or a new version of one."""

    code = TrimmedField(
        _l("Code"),
        [
            at_most(20),
            Regexp(r"^[A-Za-z0-9-]*$", message=_l("Use Latin letters, digits or dash.")),
        ],
        description=_l("The national code where there is one."),
    )
    name_zh = TrimmedField(_l("Chinese name"), [InputRequired(_l("Enter the name.")), at_most(60)])
    name_en = TrimmedField(_l("English name"), [InputRequired(_l("Enter the name.")), at_most(60)])
    position = IntegerField(
        _l("Position among the quick keys"),
        [Optional(), NumberRange(1, 99, message=_l("Enter a number from 1 to 99."))],
        description=_l("Leave empty to show it in the list below the keys."),
    )
    fine_min_yuan = IntegerField(_l("Lowest fine in yuan"), [InputRequired(_l("Enter the amount."))])
    fine_max_yuan = IntegerField(_l("Highest fine in yuan"), [InputRequired(_l("Enter the amount."))])
    law_zh = TrimmedField(_l("Legal basis (Chinese)"), [InputRequired(_l("Name the article.")), at_most(200)])
    law_en = TrimmedField(_l("Legal basis (English)"), [InputRequired(_l("Name the article.")), at_most(200)])

    def validate_fine_min_yuan(self, field: Field) -> None:
        """Refuse an impossible amount."""
        if field.data is not None and not 0 <= field.data <= 100_000:
            raise ValidationError(str(_l("Enter an amount from 0 to 100,000.")))

    validate_fine_max_yuan = validate_fine_min_yuan

    def to_input(self) -> KindInput:
        """Return what was entered."""
        return KindInput(
            self.name_zh.data,
            self.name_en.data,
            self.position.data,
            self.fine_min_yuan.data,
            self.fine_max_yuan.data,
            self.law_zh.data,
            self.law_en.data,
            self.valid_from.data,
        )
