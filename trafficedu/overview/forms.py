"""The shape of what the overview is asked."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import MonthField, SelectField
from wtforms.validators import Optional

from trafficedu.core.fields import choices


class PictureForm(FlaskForm):  # type: ignore[misc]
    """Period and area of the overview; lives in the address."""

    class Meta:
        """A GET form needs no token."""

        csrf = False

    first = MonthField(_l("From month"), [Optional()])
    last = MonthField(_l("To month"), [Optional()])
    area = SelectField(_l("Area"), validate_choice=False)

    def offer(self, areas: list[tuple[str, str]]) -> None:
        """Fill the list of areas."""
        self.area.choices = choices(areas)
