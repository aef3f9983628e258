"""Fields in which a moment, or a day of which the hour is not known, is typed on the district's clock."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from flask_babel import lazy_gettext as _l
from wtforms import BooleanField, DateTimeLocalField, Field
from wtforms.validators import ValidationError

from trafficedu.core import clock
from trafficedu.core.fields import DayField, Form, within_calendar
from trafficedu.core.times import Moment

ACCEPTED_TIMES = ["%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M", "%Y-%m-%d %H:%M:%S"]


class LocalTimeField(DateTimeLocalField):
    """A moment typed on the district's clock; ``data`` is aware and in UTC."""

    data: datetime | None

    def __init__(self, label: Any = None, validators: Sequence[Any] = (), **kwargs: Any) -> None:
        super().__init__(label, validators, format=ACCEPTED_TIMES, **kwargs)

    def process_formdata(self, valuelist: list[str]) -> None:
        """Read the typed text."""
        if not any(text.strip() for text in valuelist):
            self.data = None
            return
        try:
            super().process_formdata(valuelist)
        except ValueError as error:
            raise ValueError(str(_l("Write the date and time like 2026-11-23 21:05."))) from error
        typed_time, self.data = self.data, None
        if typed_time is not None:
            within_calendar(typed_time.date())
            self.data = clock.from_local(typed_time)

    def _value(self) -> str:
        if self.raw_data:
            return " ".join(self.raw_data)
        return clock.local(self.data).strftime("%Y-%m-%dT%H:%M") if self.data is not None else ""


def when_fields() -> tuple[LocalTimeField, BooleanField, DayField]:
    """Return the fields of :class:`WhenFields`, at the place among the fields of a form where they are asked for."""
    return (
        LocalTimeField(_l("When")),
        BooleanField(_l("The time of day is not known")),
        DayField(_l("Day"), description=_l("The record then counts for the day, and for no hour.")),
    )


class WhenFields(Form):
    """When something happened: a moment, or, with a tick, a day of which nobody knows the hour.

    A form says where: ``occurred_at, hour_unknown, occurred_on = when_fields()``.
    """

    occurred_at: LocalTimeField
    hour_unknown: BooleanField
    occurred_on: DayField

    def validate(self, extra_validators: Any = None) -> bool:
        """Check what the page shows: the day below its tick alone, else the moment."""
        if self.hour_unknown.data and self.occurred_on.data is None and self.occurred_at.data is not None:
            self.occurred_on.data = clock.local_date(self.occurred_at.data)
        self.leave_out("occurred_at" if self.hour_unknown.data else "occurred_on")
        return bool(super().validate(extra_validators))

    def validate_occurred_at(self, field: Field) -> None:
        """Ask for the moment, unless the hour is not known."""
        if self.hour_unknown.data or field.process_errors:
            return
        if field.data is None:
            raise ValidationError(str(_l("Enter the date and time, or tick that the time of day is not known.")))
        not_in_future(self, field)

    def validate_occurred_on(self, field: Field) -> None:
        """Ask for the day where the hour is not known."""
        if not self.hour_unknown.data or field.process_errors:
            return
        if field.data is None:
            raise ValidationError(str(_l("Choose the day.")))
        if field.data > clock.today():
            raise ValidationError(str(_l("This day is in the future. Check the date.")))

    @property
    def occurred(self) -> Moment | None:
        """What was entered; None where nothing was that can be read."""
        if self.hour_unknown.data:
            return Moment.of_day(self.occurred_on.data) if self.occurred_on.data is not None else None
        return Moment(self.occurred_at.data) if self.occurred_at.data is not None else None

    def show_occurred(self, occurred: Moment) -> None:
        """Show when it happened."""
        self.hour_unknown.data = not occurred.hour_known
        self.occurred_at.data = occurred.utc if occurred.hour_known else None
        self.occurred_on.data = None if occurred.hour_known else occurred.day


class NowField(LocalTimeField):
    """A moment that is now unless somebody says otherwise: what is left empty becomes the minute it is sent in.

    Nothing is filled in when the page is drawn: it may stay open for long before somebody uses it. ``first_tap`` names
    fields of the form; the page's script fills in the minute in which one of them is first touched.
    """

    def __init__(self, label: Any, validators: Sequence[Any] = (), first_tap: str = "", **kwargs: Any) -> None:
        super().__init__(label, validators, **kwargs)
        self.first_tap = first_tap
        self.is_now = False

    def process_formdata(self, valuelist: list[str]) -> None:
        """Read the typed text, or take the present minute, which the form keeps if it is shown again."""
        if any(text.strip() for text in valuelist):
            super().process_formdata(valuelist)
        elif valuelist:
            self.data, self.raw_data = clock.utc_now().replace(second=0, microsecond=0), None
            self.is_now = True

    def __call__(self, **kwargs: Any) -> Any:
        """Draw the field, with what the script needs to fill it in by the server's clock."""
        tap = {"data-first-tap": self.first_tap, "data-now": clock.utc_now().timestamp()} if self.first_tap else {}
        return super().__call__(**{**tap, **kwargs})


def not_in_future(_form: Any, field: Field) -> None:
    """Refuse a moment later than now."""
    if field.data is not None and field.data > clock.utc_now():
        raise ValidationError(str(_l("This time is in the future. Check the date and time.")))
