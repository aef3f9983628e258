"""The shape of what is typed about channels, and the words for the reason of a delivery."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from flask_babel import lazy_gettext as _l
from wtforms import SelectField
from wtforms.validators import InputRequired, Optional

from trafficedu.core.fields import (
    ChoiceFilter,
    DayField,
    FilterForm,
    Form,
    NumbersField,
    TrimmedField,
    at_most,
    choices,
    named,
)
from trafficedu.core.web import translated
from trafficedu.messages.queries import DeliveryFilter
from trafficedu.messages.rules import ChannelKind, DeliveryReason, DeliveryState


def reason_words(reason: str) -> str:
    """Put the code of a reason into words, with the number where it has one."""
    name, _, number = reason.partition(" ")
    return f"{translated(DeliveryReason(name).label)} {number}".strip() if name in tuple(DeliveryReason) else ""


class ChannelForm(Form):
    """A new channel of one's own."""

    kind = SelectField(_l("Channel"), [InputRequired(_l("Choose the channel."))])
    address = NumbersField(
        _l("Address"),
        [InputRequired(_l("Enter the address.")), at_most(300)],
        description=_l(
            "Your e-mail address, or the webhook address shown by your group's robot. Everyone in that group can "
            "read the messages."
        ),
        render_kw={"autocomplete": "off", "autocapitalize": "none", "spellcheck": "false", "inputmode": "url"},
    )
    secret = NumbersField(
        _l("Signing secret"),
        [Optional(), at_most(128)],
        description=_l(
            "Only for a DingTalk robot that signs its messages; it begins with SEC. If the robot needs a keyword, "
            "set it to 交治通."
        ),
        render_kw={"autocomplete": "off", "autocapitalize": "none", "spellcheck": "false"},
    )

    def offer(self, kinds: Sequence[ChannelKind]) -> None:
        """Fill the list of channels."""
        self.kind.choices = choices(named(kinds))


class InboxFilterForm(FilterForm):
    """What the inbox is narrowed to; lives in the address."""

    state = ChoiceFilter(_l("State"), [("unread", _l("unread"))])


class DeliveryFilterForm(FilterForm):
    """What the delivery log is narrowed to; lives in the address."""

    q = TrimmedField(_l("Who"))
    state = ChoiceFilter(_l("State"), named(DeliveryState))
    kind = ChoiceFilter(_l("Channel"), named(ChannelKind))
    since = DayField(_l("From"), [Optional()])
    until = DayField(_l("To"), [Optional()])

    def to_input(self) -> DeliveryFilter:
        """Return the filter; a date that cannot be read does not narrow."""
        words: Any = self.q.data or ""
        return DeliveryFilter(self.state.data or "", self.kind.data or "", words[:60], self.since.data, self.until.data)
