"""What several people do at the same moment, with real commits on both databases."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from datetime import timedelta

from flask import Flask
from sqlalchemy import func, select
from sqlalchemy.orm import Session
from sqlalchemy.orm.exc import StaleDataError

from tests.accidents.test_imports import row, run
from tests.accidents.test_pairs import agrees
from tests.factories.accidents import NOW, make_accident, new_accident
from tests.factories.violations import District, make_district
from trafficedu.accidents.models import Accident
from trafficedu.accidents.services import closing, recording
from trafficedu.core.actors import SYSTEM
from trafficedu.core.database import database
from trafficedu.core.errors import DomainError
from trafficedu.core.transactions import WRITES

Deed = Callable[[Session], str]


def at_once(app: Flask, deeds: Sequence[Deed]) -> list[str]:
    """Let several people act at the same moment, each in a transaction; returns what came of it."""
    results: list[str] = []
    start = threading.Barrier(len(deeds))

    def act(deed: Deed) -> None:
        with app.app_context(), database().sessionmaker(info=WRITES) as own:
            start.wait()
            try:
                outcome = deed(own)
                own.commit()
            except (DomainError, StaleDataError):
                own.rollback()
                outcome = "refused"
            results.append(outcome)

    threads = [threading.Thread(target=act, args=(deed,)) for deed in deeds]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(results) == len(deeds)
    return results


def prepared(app: Flask, accidents: int = 0) -> tuple[District, list[int]]:
    with app.app_context(), database().sessionmaker(info=WRITES, expire_on_commit=False) as own:
        district = make_district(own)
        made = [make_accident(own, district.village, occurred_utc=NOW - timedelta(days=1)) for _ in range(accidents)]
        own.commit()
        return district, [accident.id for accident in made]


def test_a_form_sent_many_times_at_once_makes_one_record(fresh_app: Flask) -> None:
    district, _ = prepared(fresh_app)
    new = new_accident(district.village, client_reference="same")
    outcomes = at_once(fresh_app, [lambda own: recording.record(own, new, SYSTEM, NOW).number] * 8)
    assert len(set(outcomes)) == 1
    with fresh_app.app_context(), database().sessionmaker(info=WRITES) as own:
        assert own.scalar(select(func.count()).select_from(Accident)) == 1


def test_two_who_void_each_the_others_record_keep_one(fresh_app: Flask) -> None:
    _, (one, other) = prepared(fresh_app, accidents=2)

    def void(voided: int, kept: int) -> Deed:
        def act(own: Session) -> str:
            closing.mark_duplicate(own, own.get_one(Accident, voided), own.get_one(Accident, kept), SYSTEM, NOW)
            return "voided"

        return act

    assert sorted(at_once(fresh_app, [void(one, other), void(other, one)])) == ["refused", "voided"]
    with fresh_app.app_context(), database().sessionmaker(info=WRITES) as own:
        states = own.scalars(select(Accident.state).order_by(Accident.state)).all()
        assert list(states) == ["recorded", "voided"]


def test_records_that_arrive_at_once_are_compared_with_each_other(fresh_app: Flask) -> None:
    district, _ = prepared(fresh_app)

    def take_in(name: str) -> Deed:
        rows = [row(district.village, f"{name}-{number}") for number in range(5)]
        return lambda own: str(run(own, rows).added)

    assert at_once(fresh_app, [take_in(name) for name in "ABCDEF"]) == ["5"] * 6
    with fresh_app.app_context(), database().sessionmaker() as own:
        assert agrees(own) == 29
