"""How a rider is reached: on which channel, at which address, in which language."""

from __future__ import annotations

from dataclasses import dataclass, field

from sqlalchemy.orm import Session

from trafficedu.core.keys import field_of
from trafficedu.core.services import services_of
from trafficedu.messages.queries import is_dry
from trafficedu.reaching.models import RiderContact
from trafficedu.reaching.rules.telling import MessageChannel
from trafficedu.riders.models import Rider
from trafficedu.riders.queries.people import phone_of

EMAIL, WECHAT = field_of(RiderContact.email_cipher), field_of(RiderContact.wechat_cipher)
"""Names under which a rider's addresses are encrypted."""


@dataclass(frozen=True)
class Reached:
    """How a rider is told: ``channel`` is None where there is neither a number nor an address for a channel set up."""

    language: str
    declined: bool
    channel: MessageChannel | None
    address: str = field(default="", repr=False)


@dataclass(frozen=True)
class Addresses:
    """A rider's addresses in clear, for the page on which they are changed."""

    email: str = field(default="", repr=False)
    wechat: str = field(default="", repr=False)


def contact_row(session: Session, rider: Rider) -> RiderContact | None:
    """Return how a rider wants to be told, None where nobody has asked."""
    return session.get(RiderContact, rider.id)


def has_declined(session: Session, rider: Rider) -> bool:
    """Tell whether a rider does without what may be declined."""
    row = contact_row(session, rider)
    return row is not None and row.declined


def addresses_of(session: Session, contact: RiderContact | None) -> Addresses:
    """Return the addresses of a rider in clear."""
    if contact is None:
        return Addresses()
    keyring = services_of(session).keyring
    email, wechat = contact.email_cipher, contact.wechat_cipher
    return Addresses(
        "" if email is None else keyring.decrypt(email, EMAIL),
        "" if wechat is None else keyring.decrypt(wechat, WECHAT),
    )


def set_up_channels(session: Session) -> dict[MessageChannel, bool]:
    """Return by channel whether this installation is set up for it."""
    settings = services_of(session).settings
    return {
        MessageChannel.SMS: bool(settings.sms_url),
        MessageChannel.WECHAT: bool(settings.wechat_url),
        MessageChannel.EMAIL: bool(settings.mail_url),
    }


def open_channels(session: Session) -> dict[MessageChannel, bool]:
    """Return by channel whether a rider is told on it: on all of them where nothing is sent anyhow."""
    dry = is_dry(session)
    return {channel: dry or known for channel, known in set_up_channels(session).items()}


def contact_of(session: Session, rider: Rider, but: MessageChannel | None = None) -> Reached:
    """Return how a rider is told: by the first channel, ``but`` one, that is set up and has an address for it."""
    row = contact_row(session, rider)
    known = addresses_of(session, row)
    language, declined = ("zh", False) if row is None else (row.language, row.declined)
    addresses = {
        MessageChannel.SMS: phone_of(session, rider),
        MessageChannel.WECHAT: known.wechat,
        MessageChannel.EMAIL: known.email,
    }
    is_open = open_channels(session)
    for channel in MessageChannel:
        if channel != but and is_open[channel] and addresses[channel]:
            return Reached(language, declined, channel, addresses[channel])
    return Reached(language, declined, None)
