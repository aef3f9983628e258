"""The shape of what is typed about patrols."""

from __future__ import annotations

from datetime import datetime

from flask_babel import lazy_gettext as _l
from werkzeug.datastructures import MultiDict
from wtforms import IntegerField
from wtforms.validators import InputRequired, NumberRange, Optional

from trafficedu.areas.fields import ANY, PlaceField
from trafficedu.core.clock import local
from trafficedu.core.fields import (
    ChoiceFilter,
    DayField,
    FilterForm,
    Form,
    OnceForm,
    SearchedFilter,
    TextField,
    TrimmedField,
    VersionField,
    at_most,
    named,
)
from trafficedu.core.queued import Waited, read_moment
from trafficedu.core.time_fields import LocalTimeField, NowField, not_in_future
from trafficedu.patrols.queries.records import PatrolFilter
from trafficedu.patrols.rules import MOST_STOPS, PatrolState
from trafficedu.patrols.services import Ending, PastPatrol

TIME_MISSING = _l("Enter the date and time.")
AREA_MISSING = _l("Choose the area.")
STOPS = NumberRange(0, MOST_STOPS, message=_l("Enter a number from %(min)s to %(max)s."))


class BeginForm(OnceForm):
    """Where a patrol begins now."""

    record_page = "patrols.show"

    area_code = PlaceField(_l("Area"), [InputRequired(AREA_MISSING)], ANY)


class EndForm(Form):
    """When a patrol ended, and what came of it."""

    ended_at: LocalTimeField = NowField(
        _l("End"), [not_in_future], description=_l("Leave empty for now; enter the time if it ended earlier.")
    )
    stops = IntegerField(
        _l("Riders stopped"),
        [Optional(), STOPS],
        description=_l("Leave empty if nobody counted. That is not the same as zero."),
    )
    note = TextField(_l("Note"), [Optional(), at_most(500)], render_kw={"rows": "2"})

    def to_input(self) -> Ending:
        """Return what was entered."""
        assert self.ended_at.data is not None
        return Ending(self.ended_at.data, self.stops.data, (self.note.data or "").strip())


class PastForm(EndForm, OnceForm):
    """A patrol that is over and was written down elsewhere."""

    record_page = "patrols.show"

    area_code = PlaceField(_l("Area"), [InputRequired(AREA_MISSING)], ANY)
    ended_at = LocalTimeField(_l("End"), [InputRequired(TIME_MISSING), not_in_future])
    started_at = LocalTimeField(_l("Start of the patrol"), [InputRequired(TIME_MISSING), not_in_future])

    @classmethod
    def of_phone(
        cls, sent: Waited, fields: MultiDict[str, str], prefix: str, now: datetime
    ) -> tuple[PastForm, int | None]:
        """Return the form as a phone filled it in, and how many stops the server had when the phone went on alone.

        A moment that somebody typed stands; of one that only the phone's clock knows the clock is put right. Raises
        ValueError where it is none that a page sends.
        """
        said = MultiDict(fields)
        said[f"{prefix}client_reference"] = fields["client_reference"]
        for name in ("started_at", "ended_at"):
            if moment := fields.get(f"phone_{name}"):
                right = sent.put_right(read_moment(moment), now)
                said[f"{prefix}{name}"] = local(right).strftime("%Y-%m-%dT%H:%M")
        counted = fields.get("seen_stops")
        return cls(formdata=said, prefix=prefix, meta={"csrf": False}), int(counted) if counted else None

    def to_past(self) -> PastPatrol:
        """Return what was entered."""
        ending = self.to_input()
        assert self.started_at.data is not None
        return PastPatrol(
            self.area_code.data,
            self.started_at.data,
            ending.ended_utc,
            ending.stops,
            ending.note,
            self.client_reference.data or "",
        )


class VoidForm(Form):
    """Why a patrol does not count."""

    reason = TrimmedField(_l("Reason"), [InputRequired(_l("Say why the patrol is being voided.")), at_most(200)])
    version = VersionField(default=0)


class PatrolFilterForm(FilterForm):
    """What the list of patrols is narrowed to; lives in the address."""

    q = TrimmedField(_l("Officer or number"))
    since = DayField(_l("From"), [Optional()], render_kw={"data-keep-empty": "y"})
    until = DayField(_l("To"), [Optional()])
    area = SearchedFilter(_l("Area"), "areas.names")
    state = ChoiceFilter(_l("State"), named(PatrolState))

    def to_input(self, area_path: str) -> PatrolFilter:
        """Return the filter; what cannot be read does not narrow."""
        return PatrolFilter(
            since=self.since.data,
            until=self.until.data,
            area_path=area_path,
            state=self.state.data or "",
            words=self.q.data or "",
        )
