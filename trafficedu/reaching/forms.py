"""The shape of what is typed about messages to riders."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l
from wtforms import BooleanField, RadioField
from wtforms.validators import InputRequired, Optional

from trafficedu.core.fields import (
    ChoiceFilter,
    DayField,
    FilterForm,
    Form,
    NumbersField,
    SearchField,
    VersionField,
    at_most,
    choices,
    named,
)
from trafficedu.core.web import translated
from trafficedu.reaching.queries.log import MessageFilter
from trafficedu.reaching.rules.telling import MessageChannel, MessageKind, MessageReason, MessageState
from trafficedu.reaching.services.calling import NewContact
from trafficedu.violations.queries.searching import Words


def reason_words(reason: str) -> str:
    """Put the code of a reason into words, with the code where it has one."""
    name, _, code = reason.partition(" ")
    return f"{translated(MessageReason(name).label)} {code}".strip() if name in tuple(MessageReason) else ""


class MessageFilterForm(FilterForm):
    """What the log of messages is narrowed to; lives in the address."""

    q = SearchField(_l("Task, case, plate, rider, officer"))
    state = ChoiceFilter(_l("State"), named(MessageState))
    kind = ChoiceFilter(_l("Occasion"), named(MessageKind))
    channel = ChoiceFilter(_l("Channel"), named(MessageChannel))
    since = DayField(_l("From"), [Optional()])
    until = DayField(_l("To"), [Optional()])

    def to_input(self, words: Words) -> MessageFilter:
        """Return the filter; a date that cannot be read does not narrow."""
        chosen = {name: self[name].data or "" for name in ("state", "kind", "channel")}
        return MessageFilter(words=words, since=self.since.data, until=self.until.data, **chosen)


class TestForm(Form):
    """A test message over the gateway."""

    phone = NumbersField(
        _l("Mobile number"),
        [InputRequired(_l("Enter the number the test goes to.")), at_most(30)],
        description=_l("Your own. It is kept nowhere."),
        render_kw={"type": "tel", "inputmode": "tel", "autocomplete": "off"},
    )


class ContactForm(Form):
    """How a rider wants to be told."""

    language = RadioField(_l("Language of messages"), choices=choices([("zh", _l("Chinese")), ("en", _l("English"))]))
    email = NumbersField(
        _l("E-mail"),
        [Optional(), at_most(254)],
        render_kw={"autocomplete": "off", "autocapitalize": "none", "spellcheck": "false", "inputmode": "email"},
    )
    wechat = NumbersField(
        _l("WeChat subscriber"),
        [Optional(), at_most(100)],
        description=_l("The number the rider was shown when subscribing to the district's WeChat service."),
        render_kw={"autocomplete": "off", "autocapitalize": "none", "spellcheck": "false"},
    )
    declined = BooleanField(
        _l("The rider does not want reminders"),
        description=_l("Seats given, moved, cancelled or missed are told all the same."),
    )
    version = VersionField(default=0)

    def to_input(self) -> NewContact:
        """Return what was typed."""
        return NewContact(
            self.language.data or "zh", self.email.data or "", self.wechat.data or "", bool(self.declined.data)
        )
