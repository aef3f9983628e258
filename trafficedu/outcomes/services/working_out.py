"""What is said of outcomes, worked out of those who studied: plain data, without persons."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Any

import numpy as np
from sqlalchemy.orm import Session

from trafficedu.analysis.arrays import BoolArray, FloatArray
from trafficedu.analysis.proportions import wilson
from trafficedu.analysis.survival.cox import CoxFit, NoFitError, fit_cox, proportionality
from trafficedu.analysis.survival.curves import kaplan_meier, log_rank
from trafficedu.analysis.survival.factors import Design, design_of
from trafficedu.analysis.survival.risk import RiskDifference, number_needed, risk_difference
from trafficedu.analysis.unusual import standings
from trafficedu.areas.models import Area
from trafficedu.configuration.queries import figure
from trafficedu.core.clock import local_date
from trafficedu.core.month import Month, Period
from trafficedu.coverage.queries.coverage import coverage_of
from trafficedu.coverage.rules import FigureKind
from trafficedu.outcomes import rules
from trafficedu.outcomes.queries.cohort import Asked, Cohort, Subject, educated, studied

STEP_DAYS = 10
RESAMPLES = 300
DIGITS = 5
Tell = Callable[..., Any]


def outcome_of(
    session: Session, area: Area, period: Period, now: datetime, tell: Tell = lambda *_: None
) -> dict[str, Any]:
    """Return what became of those who studied in some months of an area.

    Records count up to yesterday. Changes nothing.
    """
    days, due = figure(session, "education.reoffence_days"), figure(session, "education.due_days")
    asked = Asked(area.path, period, days, local_date(now) - timedelta(days=1))
    cohort, other = studied(session, asked, tell), educated(session, asked, due, tell)
    subjects = cohort.subjects
    watched = [one for one in subjects if one.observed]
    return {
        "revision": rules.REVISION,
        "days": days,
        "landmark": due,
        "through": asked.through.isoformat(),
        "riders": cohort.total,
        "taken": len(subjects),
        "step": cohort.step,
        "too_late": cohort.too_late,
        "observed": len(watched),
        "again": sum(one.watched.again for one in watched),
        "curves": _curves(subjects, days),
        "groups": groups_of(subjects),
        "model": _model(subjects),
        "longer": contrast_of(cohort, days, by_rule=True),
        "educated": contrast_of(other, days),
        "coverage": _coverage(session, area, period, asked, now),
    }


def _rounded(value: Any) -> Any:
    """Return plain data with so many digits as anybody reads."""
    if isinstance(value, dict):
        return {key: _rounded(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [_rounded(one) for one in value]
    return round(float(value), DIGITS) if isinstance(value, float | np.floating) else value


def _arrays(subjects: Sequence[Subject]) -> tuple[FloatArray, BoolArray]:
    time = np.array([one.watched.days for one in subjects], dtype=np.float64)
    return time, np.array([one.watched.again for one in subjects], dtype=bool)


def _curves(subjects: Sequence[Subject], days: int) -> dict[str, Any]:
    """Return by course the share who offended again so many days on, with limits, and the log-rank test."""
    by_course: dict[str, list[Subject]] = defaultdict(list)
    for one in subjects:
        by_course[one.of[rules.COURSE]].append(one)
    shown = {course: of for course, of in sorted(by_course.items()) if len(of) >= rules.LEAST_SHOWN}
    marks = [*range(0, days, STEP_DAYS), days]
    lines = {}
    for course, of in shown.items():
        curve = kaplan_meier(*_arrays(of))
        points = [curve.at(mark) for mark in marks]
        lines[course] = [
            [1 - point.share, 1 - point.high, 1 - point.low, point.at_risk] if point else None for point in points
        ]
    tested = None
    if len(shown) > 1:
        known = [one for of in shown.values() for one in of]
        tested = log_rank(*_arrays(known), [one.of[rules.COURSE] for one in known]).p_value
    plain: dict[str, Any] = _rounded({"days": marks, "lines": lines, "p": tested})
    return plain


def groups_of(subjects: Sequence[Subject]) -> dict[str, Any]:
    """Return by course, station, instructor and score: riders, the plain rate, and offences beside what was expected.

    Expected of riders of the same age, former offences, kind and work, from a model that knows nothing of the groups.
    """
    expected = _expected(subjects)
    found: dict[str, Any] = {}
    for dimension in rules.DIMENSIONS:
        rows: dict[str, dict[str, Any]] = {}
        for place, one in enumerate(subjects):
            row = rows.setdefault(one.of[dimension], Counter())
            row["riders"] += 1
            row["events"] += one.watched.again
            row["observed"] += one.observed
            row["again"] += one.observed and one.watched.again
            if expected is not None:
                row["expected"] += float(expected[place])
        judged = [name for name, row in rows.items() if row["riders"] >= rules.LEAST_SHOWN and row["expected"] > 0]
        stood = standings([rows[name]["events"] for name in judged], [rows[name]["expected"] for name in judged])
        found[dimension] = [
            _row(name, row, next((asdict(s) for n, s in zip(judged, stood, strict=True) if n == name), None))
            for name, row in sorted(rows.items())
        ]
    plain: dict[str, Any] = _rounded(found)
    return plain


def _row(name: str, row: dict[str, Any], standing: dict[str, Any] | None) -> dict[str, Any]:
    body: dict[str, Any] = {"name": name, "riders": row["riders"]}
    if row["riders"] < rules.LEAST_SHOWN:
        return body
    limits = wilson(row["again"], row["observed"]) if row["observed"] >= rules.LEAST_SHOWN else None
    return body | {"observed": row["observed"], "again": row["again"], "limits": limits, "standing": standing}


def _alike(subjects: Sequence[Subject], *, with_course: bool = False) -> dict[str, list[str]]:
    factors = {name: [one.alike[name] for one in subjects] for name in rules.FACTORS}
    return {rules.COURSE: [one.of[rules.COURSE] for one in subjects], **factors} if with_course else factors


def _fitted(subjects: Sequence[Subject], *, with_course: bool = False) -> tuple[CoxFit, Design] | None:
    if not subjects:
        return None
    time, again = _arrays(subjects)
    design = design_of(_alike(subjects, with_course=with_course), again)
    try:
        return fit_cox(time, again, design.matrix), design
    except NoFitError:
        return None


def _expected(subjects: Sequence[Subject]) -> FloatArray | None:
    fitted = _fitted(subjects)
    if fitted is None:
        return None
    return fitted[0].expected(_arrays(subjects)[0], fitted[1].matrix)


def _model(subjects: Sequence[Subject]) -> dict[str, Any] | None:
    """Return the ratios of hazards of everything together; None where nothing can be fitted."""
    fitted = _fitted(subjects, with_course=True)
    if fitted is None or not fitted[1].columns:
        return None
    fit, design = fitted
    gain, degrees, p = fit.likelihood_ratio
    rows = [asdict(column) | asdict(effect) for column, effect in zip(design.columns, fit.effects(), strict=True)]
    plain: dict[str, Any] = _rounded(
        {
            "rows": rows,
            "references": [asdict(column) for column in design.references],
            "left_out": list(design.left_out),
            "riders": fit.number,
            "events": fit.events,
            "gain": gain,
            "degrees": degrees,
            "p": p,
            "proportional_p": proportionality(fit).p_value,
        }
    )
    return plain


def contrast_of(cohort: Cohort, days: int, *, by_rule: bool = False) -> dict[str, Any]:
    """Return what one of two treatments changes among riders alike.

    Only strata of former offences are compared in which ``LEAST_ARM`` riders had each treatment: who has no counterpart
    would be compared with a guess. Where there are too few and a rule gives the treatment by former offences
    (``by_rule``), all are compared at the line of the rule, as if each further offence raised the hazard by the same
    factor: ``assumed`` then.
    """
    sizes: Counter[tuple[str, bool]] = Counter((one.alike[rules.FORMER], one.treated) for one in cohort.subjects)
    both = {former for former, _ in sizes if min(sizes[former, True], sizes[former, False]) >= rules.LEAST_ARM}
    inside = [one for one in cohort.subjects if one.alike[rules.FORMER] in both]
    arms = {"with": _arm(cohort.subjects, inside, True), "without": _arm(cohort.subjects, inside, False)}
    body: dict[str, Any] = {"arms": arms, "before": cohort.before, "risk": None, "assumed": False}
    if min(arm["compared"] for arm in arms.values()) < rules.LEAST_COMPARED:
        if not by_rule or min(arm["riders"] for arm in arms.values()) < rules.LEAST_COMPARED:
            return body
        inside, body["assumed"] = list(cohort.subjects), True
    try:
        risk = _difference(inside, days, numbered=body["assumed"])
    except NoFitError:
        return body
    needed = number_needed(risk.difference, min(risk.low, risk.difference), max(risk.high, risk.difference))
    plain: dict[str, Any] = _rounded(body | {"risk": asdict(risk), "needed": asdict(needed)})
    return plain


def _arm(everybody: Sequence[Subject], inside: Sequence[Subject], treated: bool) -> dict[str, int]:
    compared = [one for one in inside if one.treated is treated]
    return {
        "riders": sum(one.treated is treated for one in everybody),
        "compared": len(compared),
        "events": sum(one.watched.again for one in compared),
    }


def _difference(subjects: Sequence[Subject], days: int, *, numbered: bool) -> RiskDifference:
    """Return the standardised difference; former offences are a number where ``numbered``, else groups."""
    time, again = _arrays(subjects)
    factors = _alike(subjects)
    former = factors.pop(rules.FORMER) if numbered else []
    design = design_of(factors, again, reserved=2 if numbered else 1).matrix
    if numbered:
        design = np.column_stack([[float(one) for one in former], design])
    return risk_difference(time, again, [one.treated for one in subjects], design, days, resamples=RESAMPLES)


def _coverage(session: Session, area: Area, period: Period, asked: Asked, now: datetime) -> dict[str, int]:
    """Return of how many of the months of how many units violations were reported while riders were watched."""
    last = min(Month.of(asked.through), Month.of(period.last_day + timedelta(days=asked.days)))
    found = coverage_of(session, FigureKind.VIOLATIONS, area, Period(period.first, max(period.last, last)), now)
    closed = [place for place, month in enumerate(found.months) if month <= found.closed]
    states = [of[place] for of in found.states for place in closed if of[place] is not None]
    return {"known": sum(state is not None and state.is_known for state in states), "of": len(states)}
