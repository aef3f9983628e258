"""Acts drawn by chance on a few plates and riders: in any order, what is said of plates rests on records that stand."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from random import Random
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from tests.factories import people, violations
from tests.factories.violations import new_rider
from trafficedu.accounts.queries import actor_of
from trafficedu.core.clock import local_date, utc_now
from trafficedu.core.errors import DomainError
from trafficedu.core.times import Moment
from trafficedu.riders.models import PlateUse, Rider
from trafficedu.riders.queries.plates import rider_of
from trafficedu.riders.rules import USUAL, Relation
from trafficedu.riders.services import plates as uses
from trafficedu.riders.services.people import find_or_register
from trafficedu.riders.services.plates import NewUse, PlateMet, UseChange
from trafficedu.violations.models.decisions import PlateQuestion
from trafficedu.violations.models.records import Violation
from trafficedu.violations.rules.states import NOT_ENDED, Offender
from trafficedu.violations.services import correcting, plates, reviewing
from trafficedu.violations.services.correcting import CorrectedFacts

SEEDS, STEPS, PLATES = 2, 60, ("杭州A10001", "杭州A10002")


class Walk:
    def __init__(self, session: Session, seed: int) -> None:
        self.session, self.chance, self.now = session, Random(seed), utc_now()
        self.district = violations.make_district(session)
        self.staff = actor_of(people.make_user(session, "supervisor", area_id=self.district.town.id))
        self.riders = [find_or_register(session, new_rider(), self.staff, self.now) for _ in range(4)]
        self.taken: Counter[str] = Counter()
        self.acts: list[Callable[[], Any]] = [*[self.record] * 5, *[self.camera] * 3, self.void, self.void, self.decide]
        self.acts += [self.decide, self.reject, self.correct, self.say, self.end]

    def step(self) -> None:
        act = self.chance.choice(self.acts)
        try:
            with self.session.begin_nested():
                if act() is not None:
                    self.taken[act.__name__] += 1
        except DomainError:
            pass
        self.session.expire_all()

    def _any(self, model: type[Any], *where: Any) -> Any:
        rows = self.session.scalars(select(model).where(*where).order_by(model.id)).all()
        return self.chance.choice(rows) if rows else None

    def _made(self, **values: Any) -> Violation:
        given: dict[str, Any] = {
            "rider_number": self.chance.choice(self.riders).number,
            "plate": self.chance.choice(PLATES),
            "offender": self.chance.choices(list(Offender), (4, 1))[0],
            "occurred_utc": self.now - timedelta(days=self.chance.randrange(12), minutes=5),
        }
        return violations.make_violation(self.session, self.district.village, self.staff, self.now, **given | values)

    def record(self) -> Any:
        given = {"rider_number": self.chance.choice(self.riders).number, "plate": self.chance.choice(PLATES)}
        try:
            with self.session.begin_nested():
                return self._made(**given)
        except PlateMet as met:
            answer = self.chance.choice(["borrowed", "transferred"])
            return self._made(**given, plate_answer=answer, plate_met=met.usual.number)

    def camera(self) -> Any:
        return self._made(source="camera")

    def void(self) -> Any:
        violation = self._any(Violation, Violation.state.in_(NOT_ENDED))
        if violation is not None:
            reviewing.void(self.session, violation, "记录有误", self.staff, self.now)
        return violation

    def reject(self) -> Any:
        violation = self._any(Violation, Violation.state == "pending")
        if violation is not None:
            reviewing.reject(self.session, violation, "号牌不清", self.staff, self.now)
        return violation

    def decide(self) -> Any:
        question = self._any(PlateQuestion, PlateQuestion.state == "open")
        if question is not None:
            answer = self.chance.choice(["borrowed", "transferred", "mistyped"])
            plates.decide(self.session, question, answer, self.chance.choice(["", *PLATES]), self.staff, self.now)
        return question

    def correct(self) -> Any:
        violation = self._any(Violation, Violation.state == "confirmed")
        if violation is None:
            return None
        facts = CorrectedFacts(
            violation.kind.code,
            Moment(violation.occurred_utc - timedelta(days=self.chance.randrange(1, 4))),
            violation.area.code,
            violation.place,
            violation.penalty,
            violation.fine_yuan,
            violation.note,
        )
        return correcting.correct(self.session, violation, facts, "日期有误", violation.version, self.staff, self.now)

    def say(self) -> Any:
        day = local_date(self.now) - timedelta(days=self.chance.randrange(5))
        new = NewUse(
            self.chance.choice(PLATES),
            self.chance.choice(list(Relation)),
            day,
            None,
            "看过行驶证",
            takes_over=self.chance.random() < 0.5,
        )
        uses.add_use(self.session, self.chance.choice(self.riders), new, self.staff, local_date(self.now))
        return new

    def end(self) -> Any:
        use = self._any(PlateUse)
        if use is not None:
            day = self.chance.choice([None, local_date(self.now)])
            change = UseChange(day, self.chance.random() < 0.7, "已核实")
            uses.change_use(self.session, use, change, use.version, self.staff, local_date(self.now))
        return use


def holds(walk: Walk) -> None:
    session = walk.session
    records = {row.number: row for row in session.scalars(select(Violation))}
    going_on: Counter[tuple[int, str]] = Counter()
    for use in session.scalars(select(PlateUse)):
        if use.used_to is None and use.relation in USUAL:
            going_on[use.vehicle_id, use.relation] += 1
        if use.record is None or use.confirmed_by_id is not None:
            continue
        record = records[use.record]
        assert record.state in NOT_ENDED, "what a record began goes with it"
        assert (record.rider_id, record.offender, record.plate) == (use.rider_id, "rider", use.vehicle.plate)
        assert use.used_from == record.occurred_on
    assert set(going_on.values()) <= {1}
    for question in session.scalars(select(PlateQuestion).where(PlateQuestion.state == "open")):
        record = question.violation
        assert (record.state in NOT_ENDED, record.offender) == (True, "rider")
        assert (question.plate, question.occurred_on) == (record.plate, record.occurred_on)
    for plate in PLATES:
        usual = rider_of(session, plate, local_date(walk.now))
        assert usual is None or isinstance(usual, Rider)


def test_what_is_said_of_plates_rests_on_records_that_stand(session: Session) -> None:
    taken: set[str] = set()
    for seed in range(SEEDS):
        walk = Walk(session, seed)
        for _ in range(STEPS):
            walk.step()
            holds(walk)
        taken |= set(walk.taken)
    assert taken == {act.__name__ for act in walk.acts}, "every act was taken"
