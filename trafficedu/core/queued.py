"""What waited on a phone, as the phone sends it: for whom, and when by its clock; and how it is told what is wrong.

Which page keeps what, and how each is taken, is the feature's (docs/adr/0037-without-a-network.md).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from flask import Response, jsonify
from flask_babel import gettext as _
from wtforms.validators import InputRequired

from trafficedu.core.fields import Form
from trafficedu.core.kept import account_mark
from trafficedu.core.phones import to_put_right
from trafficedu.core.text import message
from trafficedu.core.tokens import masked_token

NOT_OURS = message("This is not what a page kept on a phone sends.")
OTHERS = message("Another account made this on this phone. Sign in with that account to send it.")


def told_to_phone() -> Response:
    """Tell a phone whom it sends for, and give it leave to send."""
    return jsonify(account=account_mark(), token=masked_token())


@dataclass(frozen=True)
class Waited:
    """Beside the fields of a form: for whom its page was drawn, the phone's clock when it was kept, and when sent."""

    account: str
    device_utc: datetime
    recorded_utc: datetime

    def ahead(self, now: datetime) -> timedelta:
        """Return by how much the phone's clock is ahead of the server's."""
        return self.device_utc - now

    def put_right(self, moment: datetime, now: datetime) -> datetime:
        """Return a moment by the phone's clock as it was: put right where that is wrong, and never in the future."""
        return min(moment - to_put_right(self.device_utc, now), now)


def read_waited(sent: Mapping[str, Any]) -> Waited:
    """Read what is sent beside the fields; KeyError or ValueError where it is none that a page sends."""
    if not sent.get("client_reference"):
        raise ValueError("no reference")
    return Waited(str(sent["account"]), read_moment(sent["device_at"]), read_moment(sent["recorded_at"]))


def read_moment(text: Any) -> datetime:
    """Read a moment as scripts write it; ValueError where it is none, or of another century."""
    moment = datetime.fromisoformat(str(text))
    if moment.tzinfo is None or not 2000 <= moment.year <= 2999:
        raise ValueError("no moment")
    return moment.astimezone(UTC)


def needs_of(form: Form) -> dict[str, str]:
    """Return what cannot be left out, with what is said then: for a page that a phone checks by itself."""
    must = [(field.name, each) for field in form for each in field.validators if isinstance(each, InputRequired)]
    return {name: str(each.message) for name, each in must}


def refused(form: Form) -> dict[str, Any]:
    """Return what is wrong, by field and in one text: whoever reads it stands somewhere else by now."""
    wrong = {field.name: (field.label.text, [str(fault) for fault in field.errors]) for field in form if field.errors}
    said = [str(fault) for fault in form.form_errors]
    said += [
        _("%(field)s: %(fault)s", field=label, fault=fault) if label[-1:] not in {"", "?", "？"} else fault
        for label, faults in wrong.values()
        for fault in faults
    ]
    return {"fields": {name: faults for name, (_name, faults) in wrong.items()}, "message": "\n".join(said)}
