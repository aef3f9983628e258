"""A record that waited on a phone, as its page sends it: the fields of the record form, and the phone's clock."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from werkzeug.datastructures import MultiDict

from trafficedu.core.phones import to_put_right
from trafficedu.core.queued import read_moment
from trafficedu.evidence.rules import MOST_PHOTOS
from trafficedu.violations.forms.records import RecordForm
from trafficedu.violations.services.recording import Phone

BESIDE = frozenset({"account", "device_at", "recorded_at", "photos_announced"})
"""What is sent beside the fields of the form."""
MOST_FIELDS = 60


@dataclass(frozen=True)
class Sent:
    """What a phone sent: for whom its page was drawn, the fields by their names, and the phone's clock twice."""

    account: str
    fields: MultiDict[str, str]
    device_utc: datetime
    recorded_utc: datetime
    photos_announced: int

    def phone(self, now: datetime) -> Phone:
        """Return what is kept of the phone beside the record; its clock is held against the server's at ``now``."""
        return Phone(self.recorded_utc, self.device_utc - now, self.photos_announced)

    def form(self, now: datetime) -> RecordForm:
        """Return the form as if it had been sent when it was filled in.

        A time that somebody typed, or that a page drawn by the server filled in, stands as it is. One that only the
        phone's clock knows is put right by as much as that is wrong, and never lies in the future.
        """
        form = RecordForm(formdata=self.fields, meta={"csrf": False})
        if form.occurred_at.is_now or not self.fields.get("occurred_at", "").strip():
            right = min(self.recorded_utc - to_put_right(self.device_utc, now), now)
            form.occurred_at.data, form.occurred_at.is_now = right.replace(second=0, microsecond=0), True
        return form


def read_sent(body: Any) -> Sent:
    """Read the JSON of a page; ValueError, KeyError or TypeError where it is none that the page sends."""
    given = {name: value for name, value in dict(body).items() if name not in BESIDE}
    photos = int(body.get("photos_announced", 0))
    if len(given) > MOST_FIELDS or not 0 <= photos <= MOST_PHOTOS or not given.get("client_reference"):
        raise ValueError("no record")
    fields: MultiDict[str, str] = MultiDict()
    for name, value in given.items():
        for text in value if isinstance(value, list) else [value]:
            if not isinstance(text, str) or "\0" in text:
                raise ValueError(f"{name} is no text")
            fields.add(str(name), text)
    return Sent(str(body["account"]), fields, read_moment(body["device_at"]), read_moment(body["recorded_at"]), photos)
