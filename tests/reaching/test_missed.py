"""A seat that nobody came to: rider, company and village are told by what the worker notes, as the figures say."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from tests.factories.education import District, assign, make_rider, make_session, make_violation
from tests.factories.violations import make_company
from tests.reaching.conftest import with_phone
from trafficedu.accounts.models import User
from trafficedu.core.actors import SYSTEM
from trafficedu.core.clock import utc_now
from trafficedu.education.services.absence import note_absent
from trafficedu.messages.models import Push
from trafficedu.reaching.models import RiderMessage
from trafficedu.reaching.rules.telling import MessageKind


def test_the_worker_notes_it_and_the_company_hears_of_the_first_and_the_village_of_the_second(
    session: Session, district: District, make_user: Callable[..., User]
) -> None:
    company, rider = make_company(session), with_phone(session, make_rider(session, district.a))
    contact, grid = make_user("company", company_id=company.id), make_user("grid", area_id=district.a.id)
    elsewhere = make_user("grid", area_id=district.b.id)
    now = utc_now()
    first = make_session(session, district.at_a, now + timedelta(days=2))
    second = make_session(session, district.at_a, now + timedelta(days=6))
    task = assign(session, make_violation(session, rider, district.a, now), SYSTEM, now)
    assert task is not None
    task.company_id = company.id
    heard: list[list[int]] = []
    for study in (first, second):
        assert note_absent(session, study.ends_utc + timedelta(hours=23), 10) == 0, "not before the configured hours"
        assert note_absent(session, study.ends_utc + timedelta(hours=25), 10) == 1
        heard.append(sorted(push.user_id for push in session.scalars(select(Push))))
    assert heard == [[contact.id], sorted([contact.id, contact.id, grid.id])]
    assert elsewhere.id not in heard[-1]
    assert task.is_away
    said = " ".join(str(push.body) for push in session.scalars(select(Push)))
    assert rider.name not in said
    kinds = session.scalars(select(RiderMessage.kind).where(RiderMessage.task_id == task.id)).all()
    assert kinds.count(MessageKind.MISSED) == 2
