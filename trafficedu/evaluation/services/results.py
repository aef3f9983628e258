"""Keeping of results: when a kept one holds, when it is computed anew, and the worker's nightly round."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from trafficedu.areas.models import Area
from trafficedu.campaigns.models import Campaign
from trafficedu.core.clock import local_date
from trafficedu.core.month import Month
from trafficedu.core.transactions import writing
from trafficedu.evaluation.models import EFFECT, AnalysisResult
from trafficedu.evaluation.queries.areas import list_roots
from trafficedu.evaluation.queries.effects import load_campaign_data
from trafficedu.evaluation.queries.results import checked_since, find_result
from trafficedu.evaluation.queries.series import load_series
from trafficedu.evaluation.rules.calendar import night_of
from trafficedu.evaluation.rules.measures import ACCIDENTS, CASUALTY, SERIES, VIOLATIONS
from trafficedu.evaluation.services.effects import TOO_FEW, compute_effect
from trafficedu.evaluation.services.trends import compute_trend

FRESH = timedelta(hours=26)
"""A result looked at within this time is shown as it is: the worker looks every night."""
CHECKS_A_ROUND = 20
REVISION = 4
"""Of what is kept, in shape and in method: a result of an older one does not hold."""


@dataclass(frozen=True)
class TrendResult:
    """A result to show, and ``keep``: what stores it where it was computed or looked at just now, else None."""

    payload: dict[str, Any]
    computed_utc: datetime
    keep: Callable[[Session], None] | None = None

    @property
    def fitted(self) -> bool:
        """Whether it took a fit just now."""
        return self.keep is not None


def trend_of(session: Session, key: str, root: Area, now: datetime, *, anew: bool = False) -> TrendResult:
    """Return the trends of a series in the parts of ``root``: the kept ones where they hold, else computed.

    Only reads; the caller stores :attr:`TrendResult.keep` in a transaction that may write, so that nobody waits for
    a fit at a lock. ``anew`` looks at the records even where the kept result is fresh.
    """
    last = Month.of(local_date(now)) - 1
    kept = find_result(session, key, root.id)
    if kept is not None and not anew and trend_holds(kept, now):
        return TrendResult(kept.payload, kept.computed_utc)
    loaded = load_series(session, key, root, last, now)
    fingerprint = loaded.fingerprint if loaded else ""
    if kept is not None and kept.upto == last.first and kept.fingerprint == fingerprint and is_current(kept):
        return TrendResult(kept.payload, kept.computed_utc, _checked(key, root.id, now))
    payload = compute_trend(key, loaded) | {"revision": REVISION}
    return TrendResult(payload, now, keeping(key, root.id, last.first, fingerprint, payload, now))


def effect_of(session: Session, campaign: Campaign, last_day: date, now: datetime) -> TrendResult:
    """Return the effect of a campaign up to ``last_day``.

    By casualty accidents, as everywhere; by all accidents where these are too few, by violations where all are.
    """
    kept = find_result(session, EFFECT, campaign.id)
    if kept is not None and is_same(kept, campaign) and effect_holds(kept, last_day, now):
        return TrendResult(kept.payload, kept.computed_utc)
    too_few: dict[str, Any] = {}
    for measure in (CASUALTY, ACCIDENTS, VIOLATIONS):
        data = load_campaign_data(session, campaign, measure, last_day, now)
        payload = compute_effect(measure, data) | {"too_few": dict(too_few)}
        if payload.get("expected", 0.0) >= TOO_FEW:
            break
        too_few[measure] = payload.get("expected")
    payload |= {"version": campaign.version, "revision": REVISION}
    fingerprint = data.fingerprint if data else ""
    return TrendResult(payload, now, keeping(EFFECT, campaign.id, last_day, fingerprint, payload, now))


def trend_holds(kept: AnalysisResult, now: datetime) -> bool:
    """Tell whether a kept trend is that of the last full month, and was looked at lately."""
    last = (Month.of(local_date(now)) - 1).first
    return kept.upto == last and kept.checked_utc > now - FRESH and is_current(kept)


def is_current(kept: AnalysisResult) -> bool:
    """Tell whether a kept result has the shape and the method of now."""
    return bool(kept.payload.get("revision") == REVISION)


def effect_holds(kept: AnalysisResult, last_day: date, now: datetime) -> bool:
    """Tell whether a kept effect is that up to a day, and was computed lately."""
    return kept.upto == last_day and kept.checked_utc > now - FRESH


def is_same(kept: AnalysisResult, campaign: Campaign) -> bool:
    """Tell whether a kept effect is that of the campaign as it is now."""
    return is_current(kept) and bool(kept.payload.get("version") == campaign.version)


def refresh_one(session: Session, now: datetime) -> int:
    """Look at the trends at night, one fit a round so that other chores are not kept waiting; returns how many.

    The worker's chore. Outside of the night it does nothing: pages ask for what is missing.
    """
    begun = night_of(now)
    if begun is None:
        return 0
    checked, fits = checked_since(session, begun), 0
    waiting = [
        (key, root) for root in list_roots(session, local_date(now)) for key in SERIES if (key, root.id) not in checked
    ]
    for key, root in waiting[:CHECKS_A_ROUND]:
        answer = trend_of(session, key, root, now, anew=True)
        if answer.keep is not None:
            with writing(session):
                answer.keep(session)
        if answer.computed_utc == now:
            fits += 1
            break
    return fits


def _checked(kind: str, subject: int, now: datetime) -> Callable[[Session], None]:
    def keep(session: Session) -> None:
        of = (AnalysisResult.kind == kind) & (AnalysisResult.subject_id == subject)
        session.execute(update(AnalysisResult).where(of).values(checked_utc=now))

    return keep


def keeping(
    kind: str, subject: int, upto: date, fingerprint: str, payload: dict[str, Any], now: datetime
) -> Callable[[Session], None]:
    """Return what stores a result, in place of the one there is of the same kind and subject."""
    values = {
        "upto": upto,
        "fingerprint": fingerprint,
        "payload": payload,
        "computed_utc": now,
        "checked_utc": now,
    }

    def keep(session: Session) -> None:
        of = (AnalysisResult.kind == kind) & (AnalysisResult.subject_id == subject)
        if session.execute(update(AnalysisResult).where(of).values(**values)).rowcount:  # type: ignore[attr-defined]
            return
        try:
            with session.begin_nested():
                session.add(AnalysisResult(kind=kind, subject_id=subject, **values))
        except IntegrityError:
            pass  # somebody else computed the same and was quicker

    return keep
