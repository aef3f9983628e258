"""Files of what happened at a moment, or on a day of which nobody knows the hour. Must not know any feature."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from trafficedu.core.keyed_import import Candidate, Known, Ready, ReferencedImport
from trafficedu.core.orm import OCCURRED, OCCURRED_COLUMNS, occurred_columns
from trafficedu.core.times import Moment


class HappenedImport(ReferencedImport[Ready]):
    """A file of what happened at a moment, or on a day of which nobody knows the hour (``core.orm.Happened``).

    When it happened is one field of what a row says, and compared, corrected and undone as a whole. A day alone says
    nothing of the hour: it takes none away that is known of that day.
    """

    def as_known(self, values: Sequence[Any]) -> Known:
        """Return a known record, and when it happened."""
        known = super().as_known(values)
        return known | {OCCURRED: Moment(known["occurred_utc"], known["hour_known"])}

    def with_moment(self, facts: Mapping[str, Any], said: Mapping[str, Any], known: Known) -> dict[str, Any]:
        """Return ``facts`` with when it happened as a row ``said`` it, by column of the table."""
        occurred = Moment(said["occurred_utc"], said["hour_known"])
        rest = {name: value for name, value in facts.items() if name not in OCCURRED_COLUMNS}
        if not occurred.hour_known and occurred.day == known["occurred_on"]:
            return rest
        return rest | {OCCURRED: occurred, "occurred_on": occurred.day}

    def _below_corrections(
        self, candidate: Candidate[Ready], facts: Mapping[str, Any], change: dict[str, Any], known: Known
    ) -> dict[str, Any]:
        if OCCURRED in self._corrections.fields(known["id"]):  # the day is corrected with the hour
            change.pop("occurred_on", None)
        return super()._below_corrections(candidate, facts, change, known)

    def change(self, changed: Sequence[tuple[Ready, Known]]) -> None:
        """Write known records as they are now."""
        for _, known in changed:
            known |= occurred_columns(known[OCCURRED])
        super().change(changed)
