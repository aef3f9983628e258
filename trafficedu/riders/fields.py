"""What forms of other features ask about riders too."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l
from wtforms import RadioField
from wtforms.validators import Length

from trafficedu.core.fields import Form, TrimmedField, choices, named
from trafficedu.riders.rules import Answer


class PlateAnswer(Form):
    """What it means that the e-bike is known as another rider's; asked only where that is so."""

    plate_answer = RadioField(_l("What does that mean?"), choices=choices(named(Answer)), validate_choice=False)
    plate_met = TrimmedField("", [Length(max=20)])

    def ask(self, usual: str) -> None:
        """Ask about the e-bike of the rider with the number ``usual``; borrowed, unless something else is chosen."""
        if self.plate_met.data != usual or not self.plate_answer.data:
            self.plate_met.data, self.plate_answer.data = usual, Answer.BORROWED
