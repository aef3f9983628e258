"""The shape of what is typed about a document."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l
from wtforms.validators import InputRequired

from trafficedu.core.fields import Form, TextField, at_most


class RevokeForm(Form):
    """Why a document is taken back."""

    reason = TextField(
        _l("Why is it revoked?"),
        [InputRequired(_l("Say why. This is kept with the document.")), at_most(300)],
        description=_l("Everybody who checks the document reads this. Name nobody."),
        render_kw={"rows": "3"},
    )
