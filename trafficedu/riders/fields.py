"""What forms of other features ask about riders and their e-bikes too. Knows the web, and no feature above riders."""

from __future__ import annotations

from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from wtforms import RadioField
from wtforms.validators import Length

from trafficedu.configuration.queries import wording
from trafficedu.core.database import session
from trafficedu.core.fields import Form, TrimmedField, choices, named
from trafficedu.riders.queries.plates import PLACE
from trafficedu.riders.rules import Answer, searched_plate, with_place

CODE_KEYS = {"autocomplete": "off", "autocapitalize": "characters", "spellcheck": "false"}


class PlateField(TrimmedField):
    """A plate; ``data`` is as it is stored, or what was typed where that is none.

    One without a place name is a plate of this district, whose configured name is put before it: by the page's script
    while the field is left, so that it is seen before it is sent, and here.
    """

    def __init__(self, label: Any, validators: Any = (), description: Any = "", **kwargs: Any) -> None:
        self._place = wording(session(), PLACE)
        if self._place:
            hint = _("Letters and digits alone: %(place)s is put before them.", place=self._place)
            description = f"{hint} {description}".strip()
        super().__init__(label, validators, description=description, render_kw=CODE_KEYS, **kwargs)

    def process_formdata(self, valuelist: list[str]) -> None:
        """Bring a plate into the form in which it is stored; what is none is left to the rule that refuses it."""
        super().process_formdata(valuelist)
        self.data = with_place(searched_plate(self.data or ""), self._place) or self.data

    def __call__(self, **kwargs: Any) -> Any:
        """Render it, with the name that the script puts before a plate."""
        place = {"data_plate_place": self._place} if self._place else {}
        return super().__call__(**place, **kwargs)


class PlateAnswer(Form):
    """What it means that the e-bike is known as another rider's; asked only where that is so."""

    plate_answer = RadioField(_l("What does that mean?"), choices=choices(named(Answer)), validate_choice=False)
    plate_met = TrimmedField("", [Length(max=20)])

    def ask(self, usual: str) -> None:
        """Ask about the e-bike of the rider with the number ``usual``; borrowed, unless something else is chosen."""
        if self.plate_met.data != usual or not self.plate_answer.data:
            self.plate_met.data, self.plate_answer.data = usual, Answer.BORROWED
