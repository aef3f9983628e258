"""The shape of what is said about the company that answers for a record."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l
from wtforms import IntegerField, RadioField, SelectField
from wtforms.validators import InputRequired, Optional

from trafficedu.core.fields import DayField, Form, TextField, VersionField, at_most, choices, named
from trafficedu.riders.rules import LegalBasis
from trafficedu.violations.rules.states import Proof


class SeenForm(Form):
    """A key: what the page that showed it had seen of the record."""

    version = VersionField(default=0)


class ChooseForm(SeenForm):
    """Which of the companies that engage the rider answers."""

    company_id = IntegerField(_l("Company"))


class ProofForm(SeenForm):
    """What proves that the named company engages the rider."""

    proof = RadioField(_l("What proves it"), [InputRequired(_l("Say what proves it."))], choices=choices(named(Proof)))
    legal_basis = SelectField(
        _l("Legal basis for notifying the company"),
        [Optional()],
        choices=choices([("", _l("not known yet")), *named(LegalBasis)]),
        description=_l("Without one, the notice is held until there is one."),
    )


class TakeBackForm(SeenForm):
    """Why a decision is taken back."""

    reason = TextField(
        _l("Reason"),
        [InputRequired(_l("Say why. This is kept with the record.")), at_most(500)],
        render_kw={"rows": "3"},
    )


class ClaimForm(SeenForm):
    """Since when a rider works for the company, and why the company may be told."""

    since = DayField(_l("Works for us since"), [InputRequired(_l("Enter the date."))])
    legal_basis = RadioField(
        _l("Why you may be told"),
        [InputRequired(_l("Choose why you may be told."))],
        choices=choices(named(LegalBasis)),
        description=_l("Personal Information Protection Law, article 23."),
    )
