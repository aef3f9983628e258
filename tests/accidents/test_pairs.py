"""Pairs of records that may be of one accident are stored: after any acts they are what a comparison of all gives."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from random import Random
from typing import Any

from flask import Flask
from sqlalchemy import select, text
from sqlalchemy.orm import Session

from tests.accidents.test_imports import row, run
from tests.factories.accidents import NOW, make_accident, make_unasked, new_accident
from tests.factories.violations import District, make_district
from trafficedu.accidents import rules
from trafficedu.accidents.models import Accident, AccidentPair
from trafficedu.accidents.queries.duplicates import DUPLICATES
from trafficedu.accidents.rules import AccidentState, PairState
from trafficedu.accidents.services import closing, pairs, recording
from trafficedu.areas.models import Area
from trafficedu.core import schema
from trafficedu.core.actors import SYSTEM
from trafficedu.core.clock import local
from trafficedu.core.database import database
from trafficedu.core.errors import DomainError
from trafficedu.core.transactions import WRITES

STEPS = 60


class Walk:
    """Acts drawn by chance on the accidents of two villages within ten hours."""

    def __init__(self, session: Session, district: District, seed: int) -> None:
        self.session, self.chance, self.files = session, Random(seed), 0
        self.villages = [district.village, district.other_village]
        self.waiting: list[Callable[[], Any]] = []
        self.acts: list[Callable[[], Any]] = [self.record, self.tell_apart, self.merge, self.void, *[self.correct] * 3]
        self.acts += [*[self.take_in] * 2, *[self.take_in_again] * 2]
        self.taken: Counter[str] = Counter()

    def step(self) -> None:
        """Take one act; one that is refused changes nothing."""
        if not self.waiting:
            self.waiting = self.chance.sample(self.acts, len(self.acts))
        act = self.waiting.pop()
        try:
            with self.session.begin_nested():
                if act():
                    self.taken[act.__name__] += 1
        except DomainError:
            pass
        self.session.expire_all()

    def _facts(self) -> dict[str, Any]:
        occurred = NOW - timedelta(minutes=10 * self.chance.randrange(60))
        severity = self.chance.choice(["slight", "slight", "serious"])
        hour_known = self.chance.random() < 0.7
        return {"occurred_utc": occurred, "hour_known": hour_known, "severity": severity, "kinds": ()}

    def _any(self) -> Accident | None:
        standing = select(Accident).where(Accident.state == AccidentState.RECORDED).order_by(Accident.id)
        rows = self.session.scalars(standing).all()
        return self.chance.choice(rows) if rows else None

    def _two(self) -> tuple[Accident, Accident] | None:
        """Return two records: often a pair that waits for a decision, else any."""
        open_pairs = select(AccidentPair).where(AccidentPair.state == PairState.OPEN).order_by(AccidentPair.id)
        waiting = self.session.scalars(open_pairs).all()
        if waiting and self.chance.random() < 0.7:
            one, other = self.chance.sample(self.chance.choice(waiting).records, 2)
            return one, other
        any_one, another = self._any(), self._any()
        return None if any_one is None or another is None or any_one is another else (any_one, another)

    def record(self) -> Any:
        told_apart = self.chance.random() < 0.5
        return make_accident(self.session, self.chance.choice(self.villages), told_apart=told_apart, **self._facts())

    def correct(self) -> Any:
        accident = self._any()
        if accident is None:
            return None
        same = {name: getattr(accident, name) for name in ("hour_known", "occurred_utc", "severity")}
        kept = self.chance.sample(sorted(same), self.chance.randrange(4))
        facts = self._facts() | {name: same[name] for name in kept} | {"place": str(self.chance.random())}
        new = new_accident(self.chance.choice([accident.area, *self.villages]), **facts)
        recording.correct(self.session, accident, new, accident.version, SYSTEM, NOW)
        return accident

    def void(self) -> Any:
        accident = self._any()
        if accident is not None:
            closing.void(self.session, accident, "误录", SYSTEM, NOW)
        return accident

    def merge(self) -> Any:
        two = self._two()
        if two:
            closing.mark_duplicate(self.session, *two, SYSTEM, NOW)
        return two

    def tell_apart(self) -> Any:
        two = self._two()
        if two:
            closing.tell_apart(self.session, *two, SYSTEM)
        return two

    def take_in(self) -> Any:
        self.files += 1
        return run(self.session, [self._row(f"W-{self.files}-{place}") for place in range(3)]).added

    def take_in_again(self) -> Any:
        known = self.session.scalars(select(Accident.reference).where(Accident.reference.is_not(None))).all()
        some = self.chance.sample(sorted(str(one) for one in known), min(4, len(known)))
        return run(self.session, [self._row(reference) for reference in some], skip_errors=True).updated

    def _row(self, reference: str) -> dict[str, str]:
        facts = self._facts()
        when = local(facts["occurred_utc"]).strftime("%Y-%m-%d %H:%M" if facts["hour_known"] else "%Y-%m-%d")
        people = {"killed": "0", "killed_30_days": "", "injured": "1", "kinds": ""}
        area = self.chance.choice(self.villages)
        return row(area, reference, occurred_at=when, severity=facts["severity"], **people)


def agrees(session: Session) -> int:
    """Compare what is stored with a comparison of all records; returns how many pairs wait."""
    kept = {(pair.first_id, pair.second_id): pair for pair in session.scalars(select(AccidentPair))}
    decided = {key for key, pair in kept.items() if pair.state != PairState.OPEN}
    standing = session.scalars(select(Accident).where(Accident.state == AccidentState.RECORDED)).all()
    wanted = {}
    for earlier, later in rules.close_pairs(standing):
        first, second = sorted((earlier.id, later.id))
        minutes: int | None = int((later.occurred_utc - earlier.occurred_utc).total_seconds() // 60)
        if not (earlier.hour_known and later.hour_known):
            minutes = None
        wanted[first, second] = (later.area_id, minutes, later.occurred_utc)
    stored = {
        key: (pair.area_id, pair.minutes_apart, pair.last_utc) for key, pair in kept.items() if key not in decided
    }
    assert stored == {key: why for key, why in wanted.items() if key not in decided}
    assert DUPLICATES.page(session, SYSTEM, None).total == len(stored)
    for key, pair in kept.items():
        merged = {record.duplicate_of_id for record in pair.records} & set(key)
        assert bool(merged) is (pair.state == PairState.MERGED)
    return len(stored)


def test_pairs_are_those_of_a_comparison_of_all_records(session: Session, district: District) -> None:
    taken: Counter[str] = Counter()
    most = 0
    for seed in (1, 2, 3):
        walk = Walk(session, district, seed)
        for _ in range(STEPS):
            walk.step()
            most = max(most, agrees(session))
        taken += walk.taken
    assert set(taken) == {act.__name__ for act in walk.acts}, "every act was taken at least once"
    assert most > 5


def test_one_between_two_takes_them_apart_and_gives_them_back(session: Session, district: District) -> None:
    def minutes() -> list[int | None]:
        return [pair.minutes_apart for pair in DUPLICATES.page(session, SYSTEM, None).items]

    for before in (100, 0):
        make_unasked(session, district.village, occurred_utc=NOW - timedelta(minutes=before))
    assert minutes() == [100]
    between = make_unasked(session, district.village, occurred_utc=NOW - timedelta(minutes=40))
    assert minutes() == [40, 60]
    closing.void(session, between, "误录", SYSTEM, NOW)
    assert minutes() == [100]


def test_a_file_of_one_moment_makes_fewer_pairs_than_records(session: Session, district: District) -> None:
    run(session, [row(district.village, f"S-{number}") for number in range(30)])
    assert agrees(session) == 29


def test_filling_writes_what_the_acts_kept(session: Session, district: District) -> None:
    def stored() -> list[tuple[int, int, str, int | None]]:
        columns = (AccidentPair.first_id, AccidentPair.second_id, AccidentPair.state, AccidentPair.minutes_apart)
        return list(session.execute(select(*columns).order_by(*columns[:2])).tuples())

    one, two, three = (
        make_unasked(session, district.village, occurred_utc=NOW - timedelta(minutes=minutes))
        for minutes in (300, 200, 100)
    )
    closing.mark_duplicate(session, two, three, SYSTEM, NOW)
    make_unasked(session, district.village, occurred_utc=NOW)
    before = stored()
    assert [state for _, _, state, _ in before] == ["merged", "open"]
    assert one.id not in {first for first, *_ in before}
    session.execute(text("DELETE FROM accident_pair"))
    pairs.fill(session)
    assert stored() == before


def test_the_migration_brings_what_was_open_told_apart_and_merged(fresh_app: Flask) -> None:
    def stored(own: Session) -> list[tuple[int, int, str, int | None]]:
        columns = (AccidentPair.first_id, AccidentPair.second_id, AccidentPair.state, AccidentPair.minutes_apart)
        return list(own.execute(select(*columns).order_by(*columns[:2])).tuples())

    def make(own: Session, area: Area, minutes: int) -> Accident:
        return make_unasked(own, area, occurred_utc=NOW - timedelta(minutes=minutes))

    with fresh_app.app_context():
        engine, sessions = database().engine, database().sessionmaker
        with sessions(info=WRITES) as own:
            village = make_district(own).village
            one, two, three, last, twice = (make(own, village, minutes) for minutes in (400, 300, 200, 0, 10))
            closing.tell_apart(own, two, three, SYSTEM)
            closing.mark_duplicate(own, twice, last, SYSTEM, NOW)
            apart = three.id
            wanted = [(one.id, two.id, "open", 100), (two.id, apart, "apart", 100), (last.id, twice.id, "merged", 10)]
            own.commit()
            assert stored(own) == wanted
        schema.downgrade(engine, "0026")
        with sessions() as own:
            assert own.scalars(text("SELECT id FROM accident WHERE told_apart")).all() == [apart]
        schema.upgrade(engine)
        with sessions() as own:
            assert stored(own) == wanted
