"""The inputs of all targets of a month under rule set 2, and what lies before: a constant number of statements."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from trafficedu.core.month import Month
from trafficedu.evaluation.dimensions.reading import BEFORE, WINDOW, Asked, Key
from trafficedu.evaluation.dimensions.registry import DIMENSIONS
from trafficedu.evaluation.queries.facts import fatal_of
from trafficedu.evaluation.queries.targets import Targets


@dataclass(frozen=True, eq=False)
class Loaded:
    """Inputs of every target (``analysis.colours``), and the same of the 24 months before its window.

    ``window`` and ``months_before`` name the months by kind; ``recorded``: events found in the month judged.
    """

    inputs: Mapping[Key, dict[str, Any]]
    before: Mapping[Key, dict[str, Any]]
    window: Mapping[str, list[str]]
    months_before: Mapping[str, list[str]]
    recorded: int = 0

    def of_kind(self, kind: str) -> dict[str, dict[str, Any]]:
        """Return code -> inputs of the targets of a kind."""
        return {code: inputs for (each, code), inputs in self.inputs.items() if each == kind}

    def before_of_kind(self, kind: str) -> dict[str, dict[str, Any]]:
        """Return code -> inputs of the months before, of the targets of a kind."""
        return {code: inputs for (each, code), inputs in self.before.items() if each == kind}


def load_inputs(
    session: Session, targets: Targets, month: Month, windows: Mapping[str, int], as_of: datetime
) -> Loaded:
    """Return the inputs of all targets for the windows that end with ``month``, as known at ``as_of``.

    Parameters
    ----------
    windows
        Kind -> months.
    """
    asked = Asked(session, targets, month, windows, as_of)
    keys = [(target.kind, target.code) for target in targets.all()]
    named = {
        part: {kind: [str(month) for month in asked.months[dict(asked.parts(kind))[part]]] for kind in windows}
        for part in (WINDOW, BEFORE)
    }
    inputs = {key: dict[str, Any](window=[named[WINDOW][key[0]][0], str(month)]) for key in keys}
    before = {key: dict[str, Any]() for key in keys}
    recorded = 0
    for name, dimension in DIMENSIONS.items():
        reading = dimension.read(asked)
        recorded += reading.recorded
        for key in keys:
            if key in reading.window:
                inputs[key][name] = reading.window[key]
            if key in reading.before:
                before[key][name] = reading.before[key]
            if key in reading.looked:
                inputs[key]["looked"] = reading.looked[key]
    for key, fatal in fatal_of(session, targets, month).items():
        if key in inputs:
            inputs[key]["fatal"] = fatal
    return Loaded(inputs, before, named[WINDOW], named[BEFORE], recorded)
