"""What several people do at the same moment, with real commits on both databases."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import date

from flask import Flask
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from tests.factories.riders import make_company, make_identity, make_rider
from trafficedu.core.actors import SYSTEM
from trafficedu.core.clock import utc_now
from trafficedu.core.database import database
from trafficedu.core.errors import Refusal
from trafficedu.core.numbers import new_number
from trafficedu.core.transactions import WRITES
from trafficedu.riders.models import Engagement, PlateUse, Rider, Vehicle
from trafficedu.riders.rules import IdType
from trafficedu.riders.services import engagements, people, plates
from trafficedu.riders.services.engagements import NewEngagement
from trafficedu.riders.services.people import NewRider
from trafficedu.riders.services.plates import Seen

PEOPLE = 12


def at_once(app: Flask, deed: Callable[[Session], str]) -> list[str]:
    """Let twelve people do ``deed`` at the same moment, each in a transaction; returns what came of it."""
    results: list[str] = []
    start = threading.Barrier(PEOPLE)

    def act() -> None:
        with app.app_context(), database().sessionmaker(info=WRITES) as own:
            start.wait()
            try:
                outcome = deed(own)
                own.commit()
            except Refusal as error:
                own.rollback()
                outcome = f"refused at {error.field}"
            results.append(outcome)

    threads = [threading.Thread(target=act) for _ in range(PEOPLE)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(results) == PEOPLE
    return results


def counted(app: Flask, model: type[Rider | Vehicle | Engagement | PlateUse]) -> int:
    with app.app_context(), database().sessionmaker(info=WRITES) as own:
        return own.scalar(select(func.count()).select_from(model)) or 0


def test_many_at_once_register_one_rider(fresh_app: Flask) -> None:
    number = make_identity()

    def register(own: Session) -> str:
        rider = people.find_or_register(
            own, NewRider(IdType.IDENTITY_CARD, number, "测试骑手", "13800138000"), SYSTEM, utc_now()
        )
        plates.note(own, Seen("杭州A12345", rider, date(2026, 3, 1)), SYSTEM)
        return rider.number

    assert len(set(at_once(fresh_app, register))) == 1
    assert [counted(fresh_app, model) for model in (Rider, Vehicle, PlateUse)] == [1, 1, 1]


def test_of_many_riders_at_once_one_becomes_the_regular_one(fresh_app: Flask) -> None:
    with fresh_app.app_context(), database().sessionmaker(info=WRITES) as own:
        waiting = [make_rider(own).id for _ in range(PEOPLE)]
        own.add(Vehicle(number=new_number("B"), plate="杭州A12345"))
        own.commit()

    def note(own: Session) -> str:
        usual = plates.note(own, Seen("杭州A12345", own.get_one(Rider, waiting.pop()), date(2026, 3, 1)), SYSTEM)
        return "began" if usual is None else usual.number

    outcomes = at_once(fresh_app, note)
    assert (outcomes.count("began"), len(set(outcomes)), counted(fresh_app, PlateUse)) == (1, 2, 1)


def test_many_at_once_engage_a_rider_with_one_company_once(fresh_app: Flask) -> None:
    with fresh_app.app_context(), database().sessionmaker(info=WRITES) as own:
        rider_id, company_id = make_rider(own).id, make_company(own).id
        own.commit()

    def engage(own: Session) -> str:
        rider = own.get_one(Rider, rider_id)
        engagements.engage(own, rider, NewEngagement(company_id, date(2026, 1, 1)), SYSTEM, utc_now())
        return "engaged"

    outcomes = at_once(fresh_app, engage)
    assert sorted(set(outcomes)) == ["engaged", "refused at engaged_from"]
    assert outcomes.count("engaged") == counted(fresh_app, Engagement) == 1
