"""Changing the data key: what lies under an older key, or has no tail yet, is brought under the current one."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from trafficedu.core import audit
from trafficedu.core.actors import SYSTEM
from trafficedu.core.services import services_of
from trafficedu.riders import rules
from trafficedu.riders.models import Rider
from trafficedu.riders.queries import people as queries
from trafficedu.riders.queries.people import ID_NUMBER, ID_TAIL
from trafficedu.riders.services.people import set_phone


def reencrypt(session: Session, _now: datetime, batch: int) -> int:
    """Bring up to ``batch`` riders whose data lies under another than the current key under it; returns how many.

    For the worker, a part of it in each round until it returns 0; then the old key can be taken out of the setting.
    Rows that others hold are passed over and come next time.
    """
    keyring = services_of(session).keyring
    mark = f"{keyring.current}."
    stale = or_(
        ~Rider.id_number_cipher.startswith(mark, autoescape=True),
        ~Rider.id_number_hash.startswith(mark, autoescape=True),
        ~Rider.phone_cipher.startswith(mark, autoescape=True),
        ~Rider.phone_hash.startswith(mark, autoescape=True),
        ~Rider.id_tail_hash.startswith(mark, autoescape=True),
        Rider.id_tail_hash.is_(None),  # from before tails were kept
    )
    rows = session.scalars(select(Rider).where(stale).limit(batch).with_for_update(skip_locked=True)).all()
    for rider in rows:
        number = queries.id_number_of(session, rider)
        rider.id_number_cipher = keyring.encrypt(number, ID_NUMBER)
        rider.id_number_hash = keyring.lookup_hash(rules.identity_key(rider.id_type, number), ID_NUMBER)
        rider.id_tail_hash = keyring.lookup_hash(rules.tail(number), ID_TAIL)
        set_phone(session, rider, queries.phone_of(session, rider))
    session.flush()
    if rows:
        audit.write(session, "riders:identity:reencrypt", SYSTEM, riders=len(rows))
    return len(rows)
