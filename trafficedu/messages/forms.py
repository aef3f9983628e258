"""The shape of what is typed about channels, and the words for states."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from flask_babel import lazy_gettext as _l
from wtforms import DateField, SelectField
from wtforms.validators import InputRequired, Length, Optional

from trafficedu.core.fields import FilterForm, Form, TrimmedField, choices
from trafficedu.messages import rules
from trafficedu.messages.queries import DeliveryFilter

KIND_NAMES = {
    rules.EMAIL: _l("e-mail"),
    rules.DINGTALK: _l("DingTalk robot"),
    rules.WECOM: _l("WeCom robot"),
    rules.FEISHU: _l("Feishu robot"),
}
STATE_NAMES = {
    rules.WAITING: _l("waits to be sent"),
    rules.SENDING: _l("being sent"),
    rules.SENT: _l("sent"),
    rules.DRY: _l("trial, not sent"),
    rules.FAILED: _l("not delivered"),
    rules.UNCLEAR: _l("arrival unknown"),
}
STATE_TONES = {rules.WAITING: "open", rules.SENT: "done", rules.FAILED: "problem", rules.UNCLEAR: "problem"}
REASON_NAMES = {
    rules.NETWORK: _l("the server cannot be reached"),
    rules.REFUSED: _l("the robot refused it, code"),
    rules.REMOVED: _l("the channel was removed"),
    rules.INACTIVE: _l("the account is not active"),
    rules.SETUP: _l("the mail server is not set up rightly"),
    rules.SILENT: _l("no answer; not repeated, it may have arrived"),
    rules.CUT: _l("the worker was stopped; not repeated, it may have arrived"),
    "http": _l("the server answered with status"),
    "smtp": _l("the mail server answered with code"),
}
TOO_LONG = _l("At most %(max)d characters.")


def reason_words(reason: str) -> str:
    """Put the code of a reason into words, with the number where it has one."""
    name, _, number = reason.partition(" ")
    return f"{REASON_NAMES[name]} {number}".strip() if name in REASON_NAMES else ""


class ChannelForm(Form):
    """A new channel of one's own."""

    kind = SelectField(_l("Channel"), [InputRequired(_l("Choose the channel."))])
    address = TrimmedField(
        _l("Address"),
        [InputRequired(_l("Enter the address.")), Length(max=300, message=TOO_LONG)],
        description=_l(
            "Your mail address; or the webhook address that your group's robot shows. Anyone in that group reads it."
        ),
        render_kw={"autocomplete": "off", "autocapitalize": "none", "spellcheck": "false", "inputmode": "url"},
    )
    secret = TrimmedField(
        _l("Signing secret"),
        [Optional(), Length(max=128, message=TOO_LONG)],
        description=_l(
            "Only where a DingTalk robot is set to sign; it begins with SEC. The keyword to admit is 交治通."
        ),
        render_kw={"autocomplete": "off", "autocapitalize": "none", "spellcheck": "false"},
    )

    def offer(self, kinds: Sequence[str]) -> None:
        """Fill the list of channels."""
        self.kind.choices = choices([(kind, KIND_NAMES[kind]) for kind in kinds])


class InboxFilterForm(FilterForm):
    """What the inbox is narrowed to; lives in the address."""

    state = SelectField(_l("State"), choices=choices([("", _l("all")), ("unread", _l("unread"))]), default="")


class DeliveryFilterForm(FilterForm):
    """What the delivery log is narrowed to; lives in the address."""

    q = TrimmedField(_l("Who"))
    state = SelectField(_l("State"), choices=choices([("", _l("all")), *STATE_NAMES.items()]), default="")
    kind = SelectField(_l("Channel"), choices=choices([("", _l("all")), *KIND_NAMES.items()]), default="")
    since = DateField(_l("From"), [Optional()])
    until = DateField(_l("To"), [Optional()])

    def to_input(self) -> DeliveryFilter:
        """Return the filter; a date that cannot be read does not narrow."""
        words: Any = self.q.data or ""
        return DeliveryFilter(self.state.data or "", self.kind.data or "", words[:60], self.since.data, self.until.data)
