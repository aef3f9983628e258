"""The shape of what is typed about companies."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l
from wtforms import BooleanField
from wtforms.validators import InputRequired, Optional

from trafficedu.companies.queries import CompanyFilter
from trafficedu.companies.services import CompanyInput
from trafficedu.core.fields import (
    ActiveFilter,
    FilterForm,
    Form,
    TrimmedField,
    VersionField,
    at_most,
    code_field,
    telephone_field,
)


class CompanyForm(Form):
    """A company; its code is chosen once."""

    code = code_field(_l("Imports use this code to identify the company. It cannot be changed later."))
    name = TrimmedField(_l("Name of the company"), [InputRequired(_l("Enter the name.")), at_most(120)])
    contact_name = TrimmedField(_l("Safety contact"), [Optional(), at_most(60)])
    contact_phone = telephone_field(_l("The safety contact's work number."))
    active = BooleanField(
        _l("Active"),
        default=True,
        description=_l("An inactive company can no longer be chosen. Its records and notices are kept."),
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
