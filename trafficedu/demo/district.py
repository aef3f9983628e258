"""The whole history, month by month: everything in memory belongs to one month or is not finished yet."""

from __future__ import annotations

from collections import Counter
from datetime import date
from itertools import groupby
from random import Random

from sqlalchemy import select
from sqlalchemy.orm import Session, selectinload

from trafficedu.core.errors import Refusal
from trafficedu.core.tabular import Progress
from trafficedu.core.text import message
from trafficedu.demo import accounts, seasons
from trafficedu.demo.counts import Accidents, EBikes, Helmets, Patrols
from trafficedu.demo.hazards import Hazards
from trafficedu.demo.notices import Notices
from trafficedu.demo.offences import Offence, Offences
from trafficedu.demo.people import Crowd
from trafficedu.demo.places import lay_out
from trafficedu.demo.plan import Agenda, Plan, Span, date_of, start_of
from trafficedu.demo.rows import Rows, World
from trafficedu.demo.study import Study
from trafficedu.demo.timetable import Timetable
from trafficedu.education.models import Course
from trafficedu.violations.rules import ViolationState


class District:
    """Builds the demo district in one transaction.

    Raises
    ------
    Refusal
        Areas or courses are missing, or the history would begin before the areas did.
    """

    def __init__(self, session: Session, plan: Plan, span: Span) -> None:
        chance = Random(plan.seed)
        courses = session.scalars(
            select(Course).where(Course.active).order_by(Course.rank).options(selectinload(Course.modules))
        ).all()
        if not courses:
            raise Refusal(message("There is no course yet. Run first: trafficedu init"))
        self._plan, self._span, self._rows = plan, span, Rows(session)
        self._places = lay_out(session, chance)
        if date_of(span.first_day) < self._places.root.valid_from:
            raise Refusal(
                message(
                    "The areas exist since %(day)s only. Ask for fewer months.",
                    day=self._places.root.valid_from.isoformat(),
                )
            )
        self._world = world = World(session, self._rows, self._places, span, plan.seed, chance)
        staff = accounts.hire(session, self._places, chance)
        self._local = staff.local
        self._agenda = Agenda()
        self._crowd = Crowd(world)
        self._offences = Offences(world, self._crowd)
        self._notices = Notices(world)
        self._accidents = Accidents(world)
        self._study = Study(world, courses, Timetable(world, plan, courses), self._agenda)
        self._offences.supervisor = self._study.task_rows.supervisor = staff.supervisor
        self._study.task_rows.signers = staff.signers

    def build(self, progress: Progress) -> dict[str, int]:
        """Write everything; returns how many rows of each table."""
        for part in (EBikes, Helmets, Patrols):
            part(self._world).write()
        per_day = seasons.per_day(self._plan, self._span, self._world.chance)
        for place, (month, days) in enumerate(groupby(sorted(per_day), lambda day: date_of(day).replace(day=1))):
            self._live_through(month, list(days), per_day, place / max(1, len(self._span.months) - 1), progress)
        self._agenda.run_until(self._span.midnight)
        self._agenda.run_only(self._establish, self._span.now)
        self._study.fill_today()
        self._study.write_rest()
        self._rows.finish()
        self._local.area_id = self._places.villages[self._grid_village()].id
        self._world.session.flush()
        hazards = Hazards(self._world, self._local).write()
        return {model.__tablename__: count for model, count in self._rows.written.items()} | {"hazard": hazards}

    def _live_through(
        self, month: date, days: list[int], per_day: Counter[int], share: float, progress: Progress
    ) -> None:
        self._crowd.begin_month(days[0], sum(per_day[day] for day in days))
        self._offences.begin_month(share)
        for day in days:
            for place in range(per_day[day]):
                self._schedule(self._offences.draw(day, place))
            self._agenda.run_until(min(start_of(day + 1), self._span.midnight))
            progress(per_day[day])
        self._accidents.write_month(month, self._crowd.known())
        self._study.write_until(min(start_of(days[-1] + 1), self._span.midnight))
        self._rows.flush()

    def _schedule(self, offence: Offence) -> None:
        """Put down when the record counts and when it is found wrong, if it ever does."""
        if offence.state not in {ViolationState.CONFIRMED, ViolationState.VOIDED} or offence.person is None:
            return
        self._agenda.at(offence.counts_from, self._establish, offence)
        if offence.voided_at:
            self._agenda.at(offence.voided_at, self._void, offence)

    def _establish(self, now: int, offence: Offence) -> None:
        person = offence.person
        assert person is not None
        self._study.assign(now, offence, person)
        self._notices.queue(offence, person, person.days, now)

    def _void(self, now: int, offence: Offence) -> None:
        assert offence.person is not None
        self._study.withdraw(now, offence, offence.person)

    def _grid_village(self) -> int:
        """Return the village whose grid officer has most to do now: notices to answer, riders overdue."""
        candidates = sorted(self._notices.unanswered, key=lambda v: (-self._notices.unanswered[v], v))[:12]
        return max(candidates, key=lambda v: (self._notices.unanswered[v] + self._study.overdue_at(v), -v), default=0)
