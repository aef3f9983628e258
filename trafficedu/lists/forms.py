"""Forms of saved views."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l
from wtforms import BooleanField, HiddenField
from wtforms.validators import InputRequired

from trafficedu.core.fields import Form, TrimmedField, at_most
from trafficedu.lists.models import LONGEST_NAME


class ViewForm(Form):
    """The name of a view, and whether its list begins with it."""

    name = TrimmedField(
        _l("Name of the view"),
        [InputRequired(_l("Enter a name.")), at_most(LONGEST_NAME)],
        render_kw={"autocomplete": "off"},
    )
    is_default = BooleanField(_l("Begin with it when I open the list"))


class NewViewForm(ViewForm):
    """Besides: what stands in the address of the list."""

    query = HiddenField()


class OverwriteForm(Form):
    """What stands in the address by now."""

    query = HiddenField()
