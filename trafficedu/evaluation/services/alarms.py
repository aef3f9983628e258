"""Early warnings: areas whose last months brought more than was to be expected of them beforehand.

They are read off the kept trends of the watched series (``watching``), so that pages of trends, screens and bulletins
speak of the same figures, and are kept with the digest of these: once a trend is computed anew, so are the alarms.
"""

from __future__ import annotations

from datetime import datetime
from hashlib import sha256
from typing import Any

from sqlalchemy.orm import Session

from trafficedu.accounts.queries import commanders_at, watchers_of
from trafficedu.analysis.said.alarms import Alarm, alarm_sentence, alarm_title, read_alarms
from trafficedu.areas.models import VILLAGE, Area
from trafficedu.areas.queries import tree as areas
from trafficedu.core.actors import SYSTEM
from trafficedu.core.clock import local_date
from trafficedu.core.month import Month
from trafficedu.core.text import message
from trafficedu.core.transactions import writing
from trafficedu.evaluation.models import ALARMS, AnalysisResult
from trafficedu.evaluation.queries.areas import fitted_with, list_parts, list_roots
from trafficedu.evaluation.queries.results import find_fingerprints, find_result
from trafficedu.evaluation.services.results import REVISION, TrendResult, keeping, trend_holds, trend_of
from trafficedu.evaluation.services.watching import WATCHED, judge
from trafficedu.messages.services.outbox import NewPush, push


def alarms_of(session: Session, root: Area, now: datetime) -> TrendResult:
    """Return the alarms of the parts of ``root``: the kept ones where they hold, else those of the trends.

    The payload is that of :func:`trafficedu.evaluation.services.watching.judge`. Only reads; the caller stores
    :attr:`TrendResult.keep`, which keeps the trends too where they were computed.
    """
    last = Month.of(local_date(now)) - 1
    kept = find_result(session, ALARMS, root.id)
    if kept is not None and alarms_hold(session, kept, root, now):
        return TrendResult(kept.payload, kept.computed_utc)
    trends = {key: trend_of(session, key, root, now) for key in WATCHED}
    parts = list_parts(session, root, last.first)
    payload = judge({key: answer.payload for key, answer in trends.items()}, parts, str(last))
    payload["revision"] = REVISION

    def keep(own: Session) -> None:
        for answer in trends.values():
            if answer.keep is not None:
                answer.keep(own)
        mark = mark_of(find_fingerprints(own, root.id))
        keeping(ALARMS, root.id, last.first, mark, payload, now)(own)

    return TrendResult(payload, now, keep)


def alarms_hold(session: Session, kept: AnalysisResult, root: Area, now: datetime) -> bool:
    """Tell whether kept alarms are those of the last full month, and of the trends that are kept now."""
    return trend_holds(kept, now) and kept.fingerprint == mark_of(find_fingerprints(session, root.id))


def mark_of(fingerprints: dict[str, str]) -> str:
    """Return the digest of the trends that alarms are read off, ``fingerprints`` by series."""
    return sha256("".join(fingerprints.get(key, "") + ";" for key in WATCHED).encode()).hexdigest()


def found_with(area: Area) -> Area:
    """Return the area among whose parts the alarms of ``area`` are: a village has no parts, it is one of its town's."""
    return fitted_with(area) if area.level == VILLAGE else area


def own_alarms(session: Session, area: Area, now: datetime) -> list[Alarm]:
    """Return the kept alarms of the area itself, found among the parts of the area above it."""
    if area.parent_id is None:
        return []
    kept = find_result(session, ALARMS, area.parent_id)
    if kept is None or kept.upto != (Month.of(local_date(now)) - 1).first or "tests" not in kept.payload:
        return []
    return [alarm for alarm in read_alarms(kept.payload) if alarm.code == area.code]


def alarms_in(session: Session, area: Area, payload: dict[str, Any] | None, now: datetime) -> list[Alarm]:
    """Return the alarms that whoever looks at ``area`` is shown: its own before those of its parts.

    ``payload`` is what is kept of :func:`found_with`, None where nothing is; of a village only its own are in it. That
    of an earlier month brings no alarm of the area itself: those are kept of the last full month alone.
    """
    found = read_alarms(payload) if payload is not None else []
    if area.id != found_with(area).id:
        return [alarm for alarm in found if alarm.code == area.code]
    last = str(Month.of(local_date(now)) - 1)
    of_last = payload is None or payload["month"] == last
    return [*(own_alarms(session, area, now) if of_last else []), *found]


def raise_alarms(session: Session, now: datetime) -> int:
    """Look at every area with parts once a day, and tell who answers for an area of a new alarm; how many it told.

    The worker's chore, one area a round. Whoever was told of an alarm of the month is not told again.
    """
    for root in list_roots(session, local_date(now)):
        answer = alarms_of(session, root, now)
        if answer.keep is not None:
            with writing(session):
                return keep_and_tell(session, root, answer, now)
    return 0


def keep_and_tell(session: Session, root: Area, answer: TrendResult, now: datetime) -> int:
    """Keep alarms that were computed and tell of the new ones, whoever computed them; returns how many it told."""
    if answer.keep is None:
        return 0
    answer.keep(session)
    return sum(_tell(session, root, alarm, answer.payload, now) for alarm in read_alarms(answer.payload))


def _tell(session: Session, root: Area, alarm: Alarm, payload: dict[str, Any], now: datetime) -> int:
    """Tell the leaders and grid officers of the area, and the supervisors and analysts of the one it is a part of.

    These get what one promise covers: about one false alarm a year, not one for each town.
    """
    month = payload["month"]
    title = alarm_title(alarm, month)
    body = message(
        "%(said)s. It is one of %(tests)s tests of this month, which together raise about one false alarm a year.",
        said=alarm_sentence(alarm, month),
        tests=payload["tests"],
    )
    area = areas.find_area(session, alarm.code)
    new = NewPush(f"alarm:{month}:{alarm.series}:{alarm.code}", title, body, f"/screen?area={alarm.code}")
    users = {*watchers_of(session, area.path), *commanders_at(session, root.id)}
    return push(session, new, users, SYSTEM, now)
