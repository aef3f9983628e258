"""The shape of a rule set as it is typed: weights in percent, curves, thresholds, vetoes."""

from __future__ import annotations

from collections.abc import Mapping
from math import isfinite
from typing import Any

from flask_babel import lazy_gettext as _l
from wtforms import FloatField, SelectField
from wtforms.validators import InputRequired

from trafficedu.analysis.colours.rule_set import EBIKES, FIGURES, OF_AREAS, OF_COMPANIES, STOPS
from trafficedu.core.fields import Form, MonthField, TextField, TrimmedField, VersionField, at_most, choices
from trafficedu.evaluation.services.rule_sets import RuleSetInput

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


def _figure(label: Any, description: Any = "") -> FloatField:
    return FloatField(label, [InputRequired(MISSING)], description=description, render_kw={"inputmode": "decimal"})


class RuleSetForm(Form):
    """A draft: a copy of the rules in force, changed."""

    name = TrimmedField(_l("Name of the rule set"), [InputRequired(_l("Enter the name.")), at_most(80)])
    valid_from = MonthField(
        _l("In force from the month"),
        [InputRequired(_l("Choose the month."))],
        description=_l("Months already evaluated keep their own rules."),
    )
    area_points = _figure(_l("Towns and villages: safety-management points (%)"))
    area_violations = _figure(_l("Towns and villages: violations (%)"))
    area_education = _figure(_l("Towns and villages: safety education (%)"))
    area_helmets = _figure(_l("Towns and villages: helmet wearing (%)"))
    area_trend = _figure(_l("Towns and villages: accident trend (%)"))
    company_points = _figure(_l("Companies: safety-management points (%)"))
    company_violations = _figure(_l("Companies: violations (%)"))
    company_education = _figure(_l("Companies: safety education (%)"))
    company_feedback = _figure(_l("Companies: on-time answers (%)"))
    ratio_best = _figure(_l("Ratio for 100 points"), _l("Observed divided by expected, for violations and accidents."))
    score_at_one = _figure(_l("Points for a ratio of 1"), _l("As many as expected."))
    ratio_worst = _figure(_l("Ratio for 0 points"))
    exposure = SelectField(_l("Violations of an area are measured against"), choices=choices(EXPOSURE_NAMES.items()))
    on_time_score = _figure(_l("Points for a task done on time"), _l("The quiz makes up the rest of the 100 points."))
    least_tasks = _figure(_l("Minimum tasks due"))
    helmets_zero = _figure(_l("Helmet rate for 0 points (%)"))
    helmets_full = _figure(_l("Helmet rate for 100 points (%)"))
    least_observed = _figure(_l("Minimum riders observed in three months"))
    least_notices = _figure(_l("Minimum notices due"))
    least_weight = _figure(_l("Minimum weight available (%)"), _l("Below this the result is grey."))
    green = _figure(_l("Green from"))
    blue = _figure(_l("Blue from"))
    yellow = _figure(_l("Yellow from"))
    orange = _figure(_l("Orange from"))
    veto_responsibility = SelectField(
        _l("Rider's responsibility for a veto"), choices=choices(RESPONSIBILITY_NAMES.items())
    )
    veto_orange = _figure(_l("Fatal accidents that cap the colour at orange"), _l("0 means no such veto."))
    veto_red = _figure(_l("Fatal accidents that cap the colour at red"), _l("0 means no such veto."))
    note = TextField(_l("Why"), [at_most(500)], render_kw={"rows": "3"})
    version = VersionField(default=0)

    @property
    def groups(self) -> list[tuple[Any, list[str]]]:
        """The fields under their headings, in the order of the page."""
        return [
            (_l("Weights of towns and villages"), [f"area_{name}" for name in OF_AREAS]),
            (_l("Weights of companies"), [f"company_{name}" for name in OF_COMPANIES]),
            (_l("Violations and accidents"), ["ratio_best", "score_at_one", "ratio_worst", "exposure"]),
            (_l("Education, helmets, answers"), GROUPED),
            (_l("Colours"), ["least_weight", "green", "blue", "yellow", "orange"]),
            (_l("Vetoes"), ["veto_responsibility", "veto_orange", "veto_red"]),
        ]

    def to_input(self) -> RuleSetInput:
        """Return what was typed; whole numbers stay whole."""
        payload: dict[str, Any] = {name: _plain(self[name].data) for name in FIGURES}
        payload["weights_area"] = {name: _plain(self[f"area_{name}"].data) for name in OF_AREAS}
        payload["weights_company"] = {name: _plain(self[f"company_{name}"].data) for name in OF_COMPANIES}
        payload["exposure"] = self.exposure.data
        payload["veto_responsibility"] = self.veto_responsibility.data
        return RuleSetInput(self.name.data, self.valid_from.data, payload, (self.note.data or "").strip())


GROUPED = ["on_time_score", "least_tasks", "helmets_zero", "helmets_full", "least_observed", "least_notices"]


def flat(payload: Mapping[str, Any]) -> dict[str, Any]:
    """Return a payload as the form's fields."""
    values = {name: value for name, value in payload.items() if not isinstance(value, dict)}
    for group in ("area", "company"):
        values |= {f"{group}_{name}": value for name, value in payload[f"weights_{group}"].items()}
    return values


def _plain(value: float) -> float:
    return int(value) if isfinite(value) and value == int(value) else value
