"""What people do about messages: send one again, ring a rider up, keep how a rider wants to be told."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from trafficedu.core import audit
from trafficedu.core.actors import SYSTEM, Actor
from trafficedu.core.errors import Refusal, Stale
from trafficedu.core.keys import field_of
from trafficedu.core.orm import expect_version
from trafficedu.core.services import services_of
from trafficedu.core.text import message
from trafficedu.core.transactions import PART
from trafficedu.messages.rules import ChannelKind, read_address
from trafficedu.reaching.models import RiderContact, RiderMessage
from trafficedu.reaching.queries.choosing import Chooser, list_choosers
from trafficedu.reaching.queries.contacts import EMAIL, WECHAT, contact_row
from trafficedu.reaching.queries.log import Call, list_calls, list_untold
from trafficedu.reaching.rules.telling import MESSAGE_LIFE, MessageAct
from trafficedu.riders.models import Rider

CHANGED = message("This message has been sent or changed meanwhile. Look at it again.")


def _hold(session: Session, row: RiderMessage) -> None:
    """Hold a message, and read how it stands now; what was loaded with it is not held."""
    session.refresh(row, ["state", "told_utc", "version"], with_for_update=True)


def resend(session: Session, row: RiderMessage, by: Actor, now: datetime) -> None:
    """Have a message that did not arrive sent again, with words and address as they are then.

    Raises
    ------
    Stale
        It is under way, arrived, or is no longer needed.
    """
    _hold(session, row)
    row.state = MESSAGE_LIFE.after(MessageAct.RESEND, row.state)
    row.text, row.reason, row.attempts, row.next_utc, row.ended_utc = "", "", 0, now, None
    row.refused_on, row.refused_why = None, ""
    session.flush()
    audit.write(session, "reaching:message:resend", by, subject=row)


def open_calls(session: Session, by: Actor, session_number: str = "") -> list[Call]:
    """Return whom to ring up, with the numbers; that they were shown is audited."""
    calls = list_calls(session, by, session_number)
    if calls:
        audit.write(session, "reaching:call:read", by, riders=sorted({call.message.rider_id for call in calls}))
    return calls


def open_choosers(session: Session, by: Actor, session_number: str, now: datetime) -> list[Chooser]:
    """Return who has not chosen yet after a session was moved, with the numbers; that they were shown is audited."""
    choosers = list_choosers(session, by, session_number, now)
    if choosers:
        audit.write(session, "reaching:call:read", by, riders=sorted({one.booking.task.rider_id for one in choosers}))
    return choosers


def note_told(session: Session, row: RiderMessage, by: Actor, now: datetime) -> None:
    """Note that a rider was told by phone what the message, and others of the study, were to say; the first one counts.

    Raises
    ------
    Stale
        The message arrived, or is being sent again.
    """
    by.require("reaching:call:make")
    _hold(session, row)
    if not row.needs_call:
        raise Stale(CHANGED)
    if row.told_utc is None:
        for one in {row, *list_untold(session, row.task_id)}:
            one.told_utc, one.told_by_id = now, by.user_id
        session.flush()
        audit.write(session, "reaching:call:make", by, subject=row, told=True)


def take_back_told(session: Session, row: RiderMessage, by: Actor, _now: datetime) -> None:
    """Take back that a rider was told by phone: the rider is on the list again."""
    by.require("reaching:call:make")
    _hold(session, row)
    if row.told_utc is not None:
        row.told_utc = row.told_by_id = None
        session.flush()
        audit.write(session, "reaching:call:make", by, subject=row, told=False)


@dataclass(frozen=True)
class NewContact:
    """How a rider wants to be told; empty addresses are forgotten."""

    language: str = "zh"
    email: str = field(default="", repr=False)
    wechat: str = field(default="", repr=False)
    declined: bool = False


def keep_contact(session: Session, rider: Rider, new: NewContact, version: int, by: Actor, now: datetime) -> None:
    """Keep how a rider wants to be told from now on.

    Raises
    ------
    Refusal
        The e-mail address (field ``email``) is none, or the WeChat subscriber (``wechat``).
    Stale
        Somebody else changed it meanwhile.
    """
    by.require("reaching:contact:manage")
    if new.email:
        try:
            read_address(ChannelKind.EMAIL, new.email, "", frozenset())
        except Refusal as refusal:
            raise Refusal(refusal.text, field="email") from None
    if new.wechat and not (new.wechat.isascii() and new.wechat.replace("_", "").replace("-", "").isalnum()):
        text = message("A WeChat subscriber's number has letters and digits only, as the service shows it.")
        raise Refusal(text, field="wechat")
    keyring, row = services_of(session).keyring, contact_row(session, rider)
    if row is None:
        row = RiderContact(rider_id=rider.id, changed_utc=now)
        session.add(row)
    else:
        expect_version(row, version)
    row.language, row.declined = new.language, new.declined
    row.email_cipher = keyring.encrypt(new.email, EMAIL) if new.email else None
    row.wechat_cipher = keyring.encrypt(new.wechat, WECHAT) if new.wechat else None
    row.changed_utc, row.changed_by_id = now, by.user_id
    session.flush()
    audit.write(session, "reaching:contact:manage", by, subject=(RiderContact, rider.id), declined=new.declined)


def choose_reminders(session: Session, rider: Rider, declined: bool, by: Actor, now: datetime) -> None:
    """Let a rider, who opened the own receipt, do without what may be declined (``rules.telling.DECLINABLE``), or not.

    Language and addresses stay as the station keeps them.
    """
    row = contact_row(session, rider)
    if row is None:
        row = RiderContact(rider_id=rider.id, changed_utc=now)
        session.add(row)
    row.declined, row.changed_utc, row.changed_by_id = declined, now, by.user_id
    session.flush()
    audit.write(session, "reaching:contact:own", by, subject=(RiderContact, rider.id), declined=declined)


def reencrypt(session: Session, _now: datetime, batch: int = PART) -> int:
    """Bring up to ``batch`` riders' addresses that lie under another than the current key under it: a chore."""
    keyring = services_of(session).keyring
    current = f"{keyring.current}."
    columns = (RiderContact.email_cipher, RiderContact.wechat_cipher)
    stale = or_(*(column.is_not(None) & ~column.startswith(current, autoescape=True) for column in columns))
    found = session.scalars(select(RiderContact).where(stale).limit(batch).with_for_update(skip_locked=True)).all()
    for row in found:
        for column in columns:
            kept = getattr(row, column.key)
            if kept is not None:
                name = field_of(column)
                setattr(row, column.key, keyring.encrypt(keyring.decrypt(kept, name), name))
    session.flush()
    if found:
        audit.write(session, "reaching:contact:reencrypt", SYSTEM, contacts=len(found))
    return len(found)
