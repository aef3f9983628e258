"""Look-ups at the kerb: limited, counted, audited; and whether a record followed.

What counts is an answer that shows somebody whom the user had not been shown in the last half hour: a plate typed sign
by sign, each answer among those before it, is one look-up, and an answer that shows nobody is none. What was typed is
kept nowhere.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from trafficedu.configuration.queries import figure
from trafficedu.core import audit, throttle
from trafficedu.core.actors import Actor
from trafficedu.core.clock import local_date
from trafficedu.core.tables import insert_unless_there
from trafficedu.riders import rules
from trafficedu.riders.models import Rider, RiderLookup, RiderLookupDay
from trafficedu.riders.queries.lookup import Found
from trafficedu.riders.services.people import open_rider

AGAIN = timedelta(minutes=30)
"""For how long whom somebody was shown may be shown again without counting again."""
MOST_AGAIN = 200
"""Look-ups of one person that are looked through for those: more than the limit of an hour lets pass is configured."""
TRIED = 10
"""How many answers that show nobody may come, for each look-up that the limits allow: room for typing errors."""
AT_ONCE = 1_000


@dataclass(frozen=True)
class Limited:
    """No look-up before ``until``."""

    until: datetime


def limited_until(session: Session, by: Actor, now: datetime) -> datetime | None:
    """Return until when ``by`` may look nobody up, None where they may."""
    return throttle.locked_until(session, [*_limits(session, by), *_tries(session, by)], now)


def note(session: Session, found: Found, by: Actor, now: datetime, opened: Iterable[Rider] = ()) -> Limited | None:
    """Count what a look-up found, and open to ``by`` whom the page shows by name; returns Limited beyond the limits.

    Beyond them nobody may be shown: whoever sends many at once is counted one after the other. Audited by kind of key
    and number found.
    """
    if not found.riders:
        ends = throttle.count(session, _tries(session, by), now)
        return None if ends is None else Limited(ends)
    shown = [rider.id for rider in found.riders]
    lately = _shown_lately(session, by, now)
    if not lately.issuperset(shown):
        if (ends := throttle.count(session, _limits(session, by), now)) is not None:
            return Limited(ends)
        _add(session, found, shown, by, now)
    for rider in opened:
        open_rider(session, rider, by, found.key)
    return None


def _limits(session: Session, by: Actor) -> throttle.Limits:
    return _within(session, by, "looked-up", 1)


def _tries(session: Session, by: Actor) -> throttle.Limits:
    return _within(session, by, "looked-up-nobody", TRIED)


def _within(session: Session, by: Actor, what: str, times: int) -> throttle.Limits:
    spans = {"minute": timedelta(minutes=1), "hour": timedelta(hours=1)}
    return [
        (f"{what}:{by.user_id}:{name}", throttle.Limit(times * figure(session, f"riders.lookups_{name}"), span))
        for name, span in spans.items()
    ]


def _lately(session: Session, by: Actor, since: datetime) -> Sequence[RiderLookup]:
    query = select(RiderLookup).where(RiderLookup.user_id == by.user_id, RiderLookup.at_utc > since)
    return session.scalars(query.order_by(RiderLookup.at_utc.desc(), RiderLookup.id.desc()).limit(MOST_AGAIN)).all()


def _shown_lately(session: Session, by: Actor, now: datetime) -> set[int]:
    return {rider_id for row in _lately(session, by, now - AGAIN) for rider_id in row.shown}


def _add(session: Session, found: Found, shown: list[int], by: Actor, now: datetime) -> None:
    assert by.user_id is not None
    day = local_date(now)
    count = len(shown) + found.more
    row = RiderLookup(
        user_id=by.user_id, at_utc=now, at_on=day, key=found.key, whole=found.whole, found=count, shown=shown
    )
    session.add(row)
    session.flush()
    if insert_unless_there(session, RiderLookupDay, user_id=by.user_id, on_day=day, made=1, followed=0) is None:
        _change(session, by.user_id, row, made=1)
    audit.write(session, "riders:rider:look_up", by, key=found.key, whole=found.whole, found=count)


def _change(session: Session, user_id: int, row: RiderLookup, made: int = 0, followed: int = 0) -> None:
    of_day = (RiderLookupDay.user_id == user_id, RiderLookupDay.on_day == row.at_on)
    values = {"made": RiderLookupDay.made + made, "followed": RiderLookupDay.followed + followed}
    session.execute(update(RiderLookupDay).where(*of_day).values(values))


def note_record(session: Session, rider_id: int | None, by: Actor, now: datetime) -> None:
    """Note that ``by`` recorded a rider: the look-ups of the shift that showed the rider had their reason."""
    if by.user_id is None or rider_id is None:
        return
    for row in _lately(session, by, now - rules.OPEN_FOR):
        if row.followed_utc is None and rider_id in row.shown:
            row.followed_utc = now
            session.flush()
            _change(session, by.user_id, row, followed=1)


def forget_old(session: Session, now: datetime) -> int:
    """Delete look-ups, and their counts, past the days for which they are kept; returns how many. A chore."""
    last = local_date(now) - timedelta(days=figure(session, "riders.lookups_kept_days"))
    old = select(RiderLookup.id).where(RiderLookup.at_on < last).limit(AT_ONCE)
    gone = session.scalars(delete(RiderLookup).where(RiderLookup.id.in_(old)).returning(RiderLookup.id)).all()
    session.execute(delete(RiderLookupDay).where(RiderLookupDay.on_day < last))
    return len(gone)
