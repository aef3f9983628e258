"""The shape of a rule set as it is typed: weights in percent, windows, curves, thresholds, vetoes.

Which figures there are is said by ``analysis.colours.validity``, which dimensions by the registry; here they get their
labels and their places on the page.
"""

from __future__ import annotations

from collections.abc import Mapping
from math import isfinite
from typing import Any

from flask_babel import LazyString
from flask_babel import lazy_gettext as _l
from wtforms import FloatField, SelectField
from wtforms.validators import InputRequired

from trafficedu.analysis.colours.rule_set import (
    COMPANY,
    EBIKES,
    FIRMLY_ORANGE_OR_WORSE,
    FIRMLY_RED,
    SECOND,
    STOPS,
    VILLAGE,
)
from trafficedu.analysis.colours.validity import figures, weighted
from trafficedu.core.fields import Form, MonthField, TextField, TrimmedField, VersionField, at_most, choices
from trafficedu.core.text import Message
from trafficedu.core.web import translated
from trafficedu.evaluation.dimensions.registry import DIMENSIONS
from trafficedu.evaluation.services.rule_sets import RuleSetInput, shipped_payload

MISSING = _l("Enter a number.")
EXPOSURE_NAMES = {
    EBIKES: _l("registered e-bikes"),
    STOPS: _l("stops on patrol, where they are recorded"),
}
RESPONSIBILITY_NAMES = {
    "full": _l("full responsibility"),
    "main": _l("main responsibility or more"),
    "equal": _l("equal responsibility or more"),
    "minor": _l("minor responsibility or more"),
}
BLACK_NAMES = {
    FIRMLY_ORANGE_OR_WORSE: _l("firmly orange or worse"),
    FIRMLY_RED: _l("firmly red"),
}
CHOICE_NAMES = {**EXPOSURE_NAMES, **RESPONSIBILITY_NAMES, **BLACK_NAMES}
GROUPS = {"area": ("weights_area", VILLAGE), "company": ("weights_company", COMPANY)}
LABELS: Mapping[str, tuple[Any, Any]] = {
    "window_district": (_l("Districts"), ""),
    "window_town": (_l("Towns"), ""),
    "window_village": (_l("Villages"), _l("Little happens in a village: a longer window says more.")),
    "window_company": (_l("Companies"), ""),
    "ratio_best": (_l("Ratio for 100 points"), _l("Observed divided by expected, for violations and accidents.")),
    "score_at_one": (_l("Points for a ratio of 1"), _l("As many as expected.")),
    "ratio_worst": (_l("Ratio for 0 points"), ""),
    "on_time_score": (_l("Points for a task done on time"), _l("The quiz makes up the rest of the 100 points.")),
    "helmets_zero": (_l("Helmet rate for 0 points (%)"), ""),
    "helmets_full": (_l("Helmet rate for 100 points (%)"), ""),
    "least_tasks": (_l("Minimum tasks due"), ""),
    "least_observed": (_l("Minimum riders observed in three months"), ""),
    "least_notices": (_l("Minimum notices due"), ""),
    "least_weight": (_l("Minimum weight available (%)"), _l("Below this the result is grey.")),
    "least_information": (_l("Least that must be known (%)"), _l("Below this the result is grey.")),
    "in_use": (
        _l("In use from this share of the targets (%)"),
        _l("A dimension with something recorded of so many counts for all of the level."),
    ),
    "firm_level": (_l("Firm from this probability (%)"), _l("What is less probable is to watch.")),
    "looked_violations": (_l("Violations that show somebody looked"), _l("Firmly good needs these, or the stops.")),
    "looked_stops": (_l("Stops that show somebody looked"), ""),
    "green": (_l("Green from"), ""),
    "blue": (_l("Blue from"), ""),
    "yellow": (_l("Yellow from"), ""),
    "orange": (_l("Orange from"), ""),
    "veto_orange": (_l("Fatal accidents that cap the colour at orange"), _l("0 means no such veto.")),
    "veto_red": (_l("Fatal accidents that cap the colour at red"), _l("0 means no such veto.")),
}
"""FIGURE -> its label and hint; the figures and weights of dimensions take theirs from the registry."""


def _figure(label: Any, description: Any = "") -> FloatField:
    return FloatField(label, [InputRequired(MISSING)], description=description, render_kw={"inputmode": "decimal"})


def _said(text: Message) -> LazyString:
    return LazyString(translated, text)


class RuleSetForm(Form):
    """A draft: a copy of the rules in force, changed."""

    name = TrimmedField(_l("Name of the rule set"), [InputRequired(_l("Enter the name.")), at_most(80)])
    valid_from = MonthField(
        _l("In force from the month"),
        [InputRequired(_l("Choose the month."))],
        description=_l("Months already evaluated keep their own rules."),
    )
    exposure = SelectField(_l("Violations of an area are measured against"), choices=choices(EXPOSURE_NAMES.items()))
    black_rule = SelectField(_l("On the black list of villages stands who is"), choices=choices(BLACK_NAMES.items()))
    veto_responsibility = SelectField(
        _l("Rider's responsibility for a veto"), choices=choices(RESPONSIBILITY_NAMES.items())
    )
    note = TextField(
        _l("Why"),
        [InputRequired(_l("Say why: these rules judge the whole district.")), at_most(500)],
        render_kw={"rows": "3"},
    )
    version = VersionField(default=0)

    @property
    def groups(self) -> list[tuple[Any, list[str]]]:
        """The fields under their headings, in the order of the page."""
        return groups_of(SECOND)

    def to_input(self) -> RuleSetInput:
        """Return what was typed; whole numbers stay whole."""
        payload: dict[str, Any] = {"scheme": SECOND}
        payload |= {name: _plain(self[name].data) for name in figures(SECOND)}
        for group, (key, kind) in GROUPS.items():
            payload[key] = {name: _plain(self[f"{group}_{name}"].data) for name in weighted(kind, SECOND)}
        payload |= {name: self[name].data for name in ("exposure", "black_rule", "veto_responsibility")}
        return RuleSetInput(self.name.data, self.valid_from.data, payload, (self.note.data or "").strip())


def label_of(name: str) -> tuple[Any, Any]:
    """Return label and hint of a figure or a weight."""
    if name in LABELS:
        return LABELS[name]
    group, _, dimension = name.partition("_")
    if group == "half":
        return _said(DIMENSIONS[dimension].title), _said(DIMENSIONS[dimension].half)
    return _said(DIMENSIONS[dimension].title), ""


for _name in (
    *figures(SECOND),
    *(f"{_group}_{_dimension}" for _group, (_, _kind) in GROUPS.items() for _dimension in weighted(_kind, SECOND)),
):
    setattr(RuleSetForm, _name, _figure(*label_of(_name)))


def groups_of(scheme: int) -> list[tuple[Any, list[str]]]:
    """Return the figures of a scheme under their headings, in the order of the page."""
    second = [
        (_l("Months that are judged"), [f"window_{kind}" for kind in ("district", "town", "village", "company")]),
        (_l("Half is known of a dimension from"), [f"half_{name}" for name in DIMENSIONS]),
        (_l("Grey, and what counts"), ["least_information", "in_use"]),
        (_l("What is firm"), ["firm_level", "looked_violations", "looked_stops", "black_rule"]),
    ]
    least = ["least_tasks", "least_observed", "least_notices", "least_weight"]
    first = [(_l("Least that must be recorded"), least)]
    return [
        (_l("Weights of towns and villages (%)"), [f"area_{name}" for name in weighted(VILLAGE, scheme)]),
        (_l("Weights of companies (%)"), [f"company_{name}" for name in weighted(COMPANY, scheme)]),
        *(second if scheme == SECOND else first),
        (_l("Violations and accidents"), ["ratio_best", "score_at_one", "ratio_worst", "exposure"]),
        (_l("Education and helmets"), ["on_time_score", "helmets_zero", "helmets_full"]),
        (_l("Colours"), ["green", "blue", "yellow", "orange"]),
        (_l("Vetoes"), ["veto_responsibility", "veto_orange", "veto_red"]),
    ]


CHOSEN = {
    "exposure": _l("Violations of an area are measured against"),
    "black_rule": _l("On the black list of villages stands who is"),
    "veto_responsibility": _l("Rider's responsibility for a veto"),
}


def shown(payload: Mapping[str, Any]) -> list[tuple[Any, list[tuple[Any, Any]]]]:
    """Return the figures of a rule set to read: heading -> label and value."""
    values = flat(payload)
    return [
        (
            heading,
            [
                (CHOSEN[name] if name in CHOSEN else label_of(name)[0], CHOICE_NAMES.get(values[name], values[name]))
                for name in names
            ],
        )
        for heading, names in groups_of(payload.get("scheme", 1))
    ]


def flat(payload: Mapping[str, Any]) -> dict[str, Any]:
    """Return a payload as the form's fields."""
    values = {name: value for name, value in payload.items() if not isinstance(value, dict)}
    for group, (key, _) in GROUPS.items():
        values |= {f"{group}_{name}": value for name, value in payload[key].items()}
    return values


def drafted_from(payload: Mapping[str, Any]) -> dict[str, Any]:
    """Return the fields of a draft that begins with a rule set: what it does not know is as shipped."""
    return {**flat(shipped_payload()), **flat(payload)}


def _plain(value: float) -> float:
    return int(value) if isfinite(value) and value == int(value) else value
