"""The shape of what is typed about companies."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l
from wtforms import BooleanField
from wtforms.validators import InputRequired, Length, Optional, Regexp

from trafficedu.companies.queries import CompanyFilter
from trafficedu.companies.services import CompanyInput
from trafficedu.core.fields import ActiveFilter, FilterForm, Form, TrimmedField, VersionField

TOO_LONG = _l("At most %(max)d characters.")


class CompanyForm(Form):
    """A company; its code is chosen once."""

    code = TrimmedField(
        _l("Code"),
        [
            InputRequired(_l("Enter a code.")),
            Length(max=20, message=TOO_LONG),
            Regexp(r"^[A-Za-z0-9-]+$", message=_l("Use Latin letters, digits and dashes.")),
        ],
        description=_l("Imports name the company by it; it cannot be changed later."),
        render_kw={"autocapitalize": "characters", "autocomplete": "off", "spellcheck": "false"},
    )
    name = TrimmedField(
        _l("Name of the company"), [InputRequired(_l("Enter the name.")), Length(max=120, message=TOO_LONG)]
    )
    contact_name = TrimmedField(_l("Safety contact"), [Optional(), Length(max=60, message=TOO_LONG)])
    contact_phone = TrimmedField(
        _l("Telephone"),
        [
            Optional(),
            Length(max=30, message=TOO_LONG),
            Regexp(r"^[0-9+() -]+$", message=_l("Use digits, spaces, dashes and brackets.")),
        ],
        description=_l("The business number of the safety contact."),
        render_kw={"type": "tel", "inputmode": "tel", "autocomplete": "off"},
    )
    active = BooleanField(
        _l("Active"),
        default=True,
        description=_l("An inactive company is not offered any more; its records and notices stay."),
    )
    version = VersionField(default=0)

    def to_input(self) -> CompanyInput:
        """Return what was entered."""
        return CompanyInput(
            name=self.name.data,
            contact_name=self.contact_name.data or "",
            contact_phone=self.contact_phone.data or "",
            active=self.active.data,
        )


class CompanyFilterForm(FilterForm):
    """What the list of companies is narrowed to; lives in the address."""

    q = TrimmedField(_l("Name or code"))
    state = ActiveFilter()

    def to_input(self) -> CompanyFilter:
        """Return the filter."""
        return CompanyFilter(self.q.data or "", self.state.active)
