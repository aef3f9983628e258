"""The shape of a decision in the queue, and of what the queue is narrowed to."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum, auto
from typing import Any

from flask_babel import LazyString
from flask_babel import lazy_gettext as _l
from wtforms import RadioField
from wtforms.validators import Optional

from trafficedu.core.fields import FilterForm, Form, SearchField, TextField, at_most, choices
from trafficedu.violations.queries.inbox import Waiting

MOST_REASON = 500


class InboxAct(StrEnum):
    """What is done with an item."""

    ACCEPT = auto()
    REFUSE = auto()
    USUAL = auto()


REFUSED: dict[Waiting, Sequence[LazyString]] = {
    Waiting.REVIEW: (
        _l("The plate cannot be read"),
        _l("No offence can be seen"),
        _l("It is another vehicle"),
        _l("The picture is missing or broken"),
    ),
    Waiting.OBJECTION: (
        _l("The evidence is clear"),
        _l("The objection does not concern this record"),
        _l("Nothing new was said"),
    ),
    Waiting.CORRECTION: (_l("The evidence shows what the record says"), _l("The reason does not bear the correction")),
    Waiting.PERSON: (_l("Nothing is known that leads to the person"), _l("The person could not be reached")),
}
"""Reasons prepared for refusing, one key each; anything else is typed."""
ACCEPTED: dict[Waiting, Sequence[LazyString]] = {
    Waiting.REVIEW: (
        _l("The pictures were handed over late"),
        _l("The rider had to be found first"),
        _l("The system was out of order"),
    ),
    Waiting.OBJECTION: (
        _l("It was another person"),
        _l("It was another vehicle"),
        _l("No offence can be proved"),
    ),
}
"""Reasons prepared for accepting, where one is asked for: a review that is late, an objection that is right."""


class InboxForm(Form):
    """Why something is decided on an item: a prepared reason, typed words, or both; what it is, its button says."""

    prepared = RadioField(_l("Reason"), [Optional()], choices=[], validate_choice=False)
    reason = TextField(_l("In your own words"), [at_most(MOST_REASON - 60)], render_kw={"rows": "2"})

    def offer(self, reasons: Sequence[Any]) -> None:
        """Offer the prepared reasons; the reader's words are what is kept."""
        self.prepared.choices = choices([(str(reason), reason) for reason in reasons])

    @property
    def why(self) -> str:
        """What was said, "" for nothing."""
        said = [text for text in (self.prepared.data, (self.reason.data or "").strip()) if text]
        return "。".join(said)[:MOST_REASON]


class InboxFilterForm(FilterForm):
    """What is looked for in the queue; lives in the address, as the kind does."""

    q = SearchField(_l("Case number, plate, rider, officer"))
