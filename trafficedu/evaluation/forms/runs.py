"""The shape of what is said when a month's pools are estimated anew."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l
from wtforms.validators import InputRequired

from trafficedu.core.fields import Form, TextField, at_most


class PoolsForm(Form):
    """Why everybody is compared anew."""

    reason = TextField(
        _l("Why"),
        [InputRequired(_l("Say why: everybody's results may move.")), at_most(500)],
        render_kw={"rows": "2"},
    )
