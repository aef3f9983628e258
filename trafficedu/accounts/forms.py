"""The shape of what is typed about accounts."""

from __future__ import annotations

from collections.abc import Sequence

from flask_babel import lazy_gettext as _l
from wtforms import BooleanField, HiddenField, PasswordField, SelectField
from wtforms.validators import InputRequired, Optional, Regexp

from trafficedu.accounts.queries import AuditFilter, UserFilter
from trafficedu.accounts.rules import MINIMUM_PASSWORD_LENGTH, Role
from trafficedu.accounts.services import UserInput
from trafficedu.areas.fields import PlaceIdField
from trafficedu.areas.queries.choices import Eligible
from trafficedu.core.audit import AuditResult
from trafficedu.core.fields import (
    ChoiceFilter,
    DayField,
    FilterForm,
    Form,
    NumbersField,
    TrimmedField,
    VersionField,
    at_most,
    choices,
    named,
)

Choices = Sequence[tuple[int, str]]


class SignInForm(Form):
    """User name and password."""

    username = NumbersField(
        _l("User name"),
        [InputRequired(_l("Enter your user name."))],
        render_kw={"autocomplete": "username", "autocapitalize": "none", "spellcheck": "false"},
    )
    password = PasswordField(
        _l("Password"),
        [InputRequired(_l("Enter your password."))],
        render_kw={"autocomplete": "current-password"},
    )
    kept = HiddenField()


class PasswordForm(Form):
    """The old and the new password of one's own."""

    old = PasswordField(
        _l("Current password"),
        [InputRequired(_l("Enter your current password."))],
        render_kw={"autocomplete": "current-password"},
    )
    new = PasswordField(
        _l("New password"),
        [InputRequired(_l("Enter a new password."))],
        description=_l(
            "At least %(length)d characters. A sentence is easier to remember than random characters.",
            length=MINIMUM_PASSWORD_LENGTH,
        ),
        render_kw={"autocomplete": "new-password"},
    )


class UserForm(Form):
    """An account and its post."""

    username = NumbersField(
        _l("User name"),
        [
            InputRequired(_l("Enter a user name.")),
            at_most(40),
            Regexp(
                r"^[A-Za-z0-9._-]+$", message=_l("Use only letters (A to Z), numbers, dots, hyphens and underscores.")
            ),
        ],
        render_kw={"autocomplete": "off", "autocapitalize": "none", "spellcheck": "false"},
    )
    display_name = TrimmedField(
        _l("Name"),
        [InputRequired(_l("Enter the name.")), at_most(60)],
    )
    badge = TrimmedField(
        _l("Badge number"),
        [Optional(), at_most(20)],
        description=_l("Printed on the rider's receipt."),
    )
    role = SelectField(_l("Role"), choices=choices(named(Role)))
    area_id = PlaceIdField(
        _l("Area of the post"),
        eligible=Eligible(everywhere=True),
        description=_l(
            "For officers, supervisors, grid officers, leaders and analysts. They see this area and everything "
            "below it."
        ),
    )
    station_id = SelectField(_l("Station"), coerce=int, description=_l("For station staff."))
    company_id = SelectField(_l("Company"), coerce=int, description=_l("For company contacts."))
    active = BooleanField(_l("Can sign in"), default=True)
    version = VersionField(default=0)

    def offer(self, stations: Choices, companies: Choices) -> None:
        """Fill the lists of posts; the first entry of each means none."""
        none = (0, _l("none"))
        self.station_id.choices = choices([none, *stations])
        self.company_id.choices = choices([none, *companies])

    def to_input(self) -> UserInput:
        """Return what was entered."""
        return UserInput(
            username=self.username.data,
            display_name=self.display_name.data,
            role=self.role.data,
            badge=self.badge.data or "",
            area_id=self.area_id.data,
            station_id=self.station_id.data or None,
            company_id=self.company_id.data or None,
            active=self.active.data,
        )


class UserFilterForm(FilterForm):
    """What the list of users is narrowed to; lives in the address."""

    q = TrimmedField(_l("Name or user name"), render_kw={"type": "search"})
    role = ChoiceFilter(_l("Role"), named(Role))
    active = ChoiceFilter(_l("State"), [("yes", _l("active")), ("no", _l("deactivated"))])

    def to_input(self) -> UserFilter:
        """Return the filter."""
        active = {"yes": True, "no": False}.get(self.active.data or "")
        return UserFilter(self.q.data or "", self.role.data or "", active)


class AuditFilterForm(FilterForm):
    """What the audit trail is narrowed to; lives in the address."""

    action = TrimmedField(_l("Event starts with"), render_kw={"placeholder": "violations:", "type": "search"})
    result = ChoiceFilter(_l("Result"), named(AuditResult))
    since = DayField(_l("From"), [Optional()])
    until = DayField(_l("To"), [Optional()])

    def to_input(self) -> AuditFilter:
        """Return the filter; a date that cannot be read does not narrow."""
        return AuditFilter(
            action=self.action.data or "",
            result=self.result.data or "",
            since=self.since.data,
            until=self.until.data,
        )
