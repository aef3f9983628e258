"""A test message over the district's gateway, for whoever sets it up."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from trafficedu.core import audit
from trafficedu.core.actors import Actor
from trafficedu.core.audit import AuditEntry
from trafficedu.core.errors import Refusal
from trafficedu.core.numbers import new_number
from trafficedu.core.services import services_of
from trafficedu.core.text import message, translate
from trafficedu.core.transactions import writing
from trafficedu.messages.queries import is_dry
from trafficedu.reaching.queries.gateway import gateway_of
from trafficedu.reaching.rules.gateway import Gateway, Said
from trafficedu.reaching.rules.telling import Outcome
from trafficedu.riders.rules import normalise_phone

TEST = "reaching:gateway:test"
MOST_TESTS, WINDOW = 5, timedelta(minutes=10)


def prepare_test(session: Session, phone: str, by: Actor, now: datetime) -> tuple[Gateway, Said]:
    """Return what a test would send, and audit that it is sent; the number is kept nowhere.

    Raises
    ------
    Refusal
        There is no gateway, nothing is to be sent here, the number is none (field ``phone``), or there were five tests
        in ten minutes.
    """
    by.require(TEST)
    gateway = gateway_of(services_of(session).settings)
    if gateway is None:
        raise Refusal(message("No gateway is set. The settings are named in docs/operations.md."))
    if is_dry(session):
        raise Refusal(message("This installation does not send messages."))
    number = normalise_phone(phone)
    if not number:
        raise Refusal(message("Enter the number the test goes to."), field="phone")
    own = (AuditEntry.actor_id == by.user_id, AuditEntry.at_utc > now - WINDOW)
    recent = select(func.count()).where(*own, AuditEntry.action == TEST)
    if (session.scalar(recent) or 0) >= MOST_TESTS:
        raise Refusal(message("You have sent too many tests. Wait ten minutes."))
    audit.write(session, TEST, by, host=gateway.host)
    text = translate(message("Test message of the traffic safety study. No answer is needed."), by.locale)
    return gateway, Said(number, text, new_number("X"))


def send_test(session: Session, phone: str, by: Actor, now: datetime) -> Outcome:
    """Send a test message; the network is asked after the transaction. Commits."""
    with writing(session):
        gateway, said = prepare_test(session, phone, by, now)
    from trafficedu.reaching.services import gateway as network  # noqa: PLC0415 - apprise loads only where it is used

    return network.send_text(gateway, said, now)
