"""Nouns in addresses: a view is handed the month itself, and what is no month leads nowhere."""

from __future__ import annotations

from werkzeug.exceptions import NotFound
from werkzeug.routing import BaseConverter

from trafficedu.core.month import Month


class NoSuchMonth(NotFound):
    """Where an address should name a month, something else is written."""


class MonthConverter(BaseConverter):
    """``<month:month>`` in a route: ``2026-10`` in the address, a :class:`Month` in the view."""

    def to_python(self, value: str) -> Month:
        """Read the month; it has one address only."""
        try:
            month = Month.parse(value)
        except ValueError as error:
            raise NoSuchMonth from error
        if str(month) != value:
            raise NoSuchMonth
        return month

    def to_url(self, value: object) -> str:
        """Write the month."""
        return str(value)
