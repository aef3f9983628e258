"""The door of the demo: is there one, load it: the whole history, month by month.

Everything in memory belongs to one month or is not finished yet.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import datetime
from itertools import groupby
from random import Random

from sqlalchemy import select
from sqlalchemy.orm import Session, selectinload

from trafficedu.accidents.services import pairs
from trafficedu.accounts.models import User
from trafficedu.companies.models import Company
from trafficedu.configuration.queries import DEMO_RUN, find_wording
from trafficedu.configuration.services import logged_run
from trafficedu.core import audit
from trafficedu.core.actors import SYSTEM
from trafficedu.core.clock import local_date
from trafficedu.core.errors import Refusal
from trafficedu.core.month import Month
from trafficedu.core.tabular import Progress, silent
from trafficedu.core.text import message
from trafficedu.demo import accounts, seasons
from trafficedu.demo.afterwards import enter_campaigns, enter_points, enter_pushes
from trafficedu.demo.at_work import enter_session
from trafficedu.demo.cases import LEAST, RECORDS, enter_cases
from trafficedu.demo.city import add_neighbours, draw_district
from trafficedu.demo.counts import Accidents, EBikes, Helmets, Patrols
from trafficedu.demo.films import enter_films
from trafficedu.demo.hazards import Hazards
from trafficedu.demo.names import PLATE_PLACE
from trafficedu.demo.notices import Notices
from trafficedu.demo.offences import Offence, Offences
from trafficedu.demo.people import Crowd
from trafficedu.demo.places import lay_out
from trafficedu.demo.plan import Agenda, Plan, Span, date_of, span_until, start_of
from trafficedu.demo.plates import Plates
from trafficedu.demo.policies import enter_policies
from trafficedu.demo.quizzes import enter_quizzes
from trafficedu.demo.reported import enter_reported
from trafficedu.demo.rooms import furnish
from trafficedu.demo.rows import Rows, World
from trafficedu.demo.station import enter_station
from trafficedu.demo.study import Study
from trafficedu.demo.telling import enter_earlier, enter_messages
from trafficedu.demo.timetable import Timetable
from trafficedu.education.models.courses import Course, CourseVersion
from trafficedu.education.services.feeds import make_feed
from trafficedu.riders.models import Rider
from trafficedu.riders.queries.plates import PLACE
from trafficedu.stations.models import Station
from trafficedu.violations.models.records import Violation
from trafficedu.violations.rules.states import ViolationState


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
            select(CourseVersion)
            .join(CourseVersion.course)
            .where(CourseVersion.holds_on(date_of(span.today)))
            .order_by(Course.rank)
            .options(selectinload(CourseVersion.modules))
        ).all()
        if not courses:
            raise Refusal(message("There is no course yet. Run first: trafficedu init"))
        self._plan, self._span, self._rows = plan, span, Rows(session)
        self._places = lay_out(session, chance, plan.seed)
        furnish(session, self._places.stations)
        make_feed(session, self._places.stations[0], "", SYSTEM)
        courses[0].free_order = True  # the longer ones keep theirs
        if date_of(span.first_day) < self._places.root.valid_from:
            raise Refusal(
                message(
                    "The areas have only existed since %(day)s. Ask for fewer months.",
                    day=self._places.root.valid_from.isoformat(),
                )
            )
        self._world = world = World(session, self._rows, self._places, span, plan.seed, chance)
        staff = accounts.hire(session, self._places, chance)
        self._local = staff.local
        self._agenda = Agenda()
        self._crowd = Crowd(world)
        self._plates = Plates(world)
        self._offences = Offences(world, self._crowd, self._plates)
        self._notices = Notices(world)
        self._accidents = Accidents(world)
        self._study = Study(world, courses, Timetable(world, plan, courses), self._agenda)
        self._offences.supervisor = self._plates.supervisor = self._study.task_rows.supervisor = staff.supervisor
        self._study.task_rows.signers = staff.signers

    def build(self, progress: Progress) -> dict[str, int]:
        """Write everything; returns how many rows of each table."""
        for part in (EBikes, Helmets, Patrols):
            part(self._world).write()
        per_day = seasons.per_day(self._plan, self._span, self._world.chance)
        for place, (month, days) in enumerate(groupby(sorted(per_day), lambda day: Month.of(date_of(day)))):
            self._live_through(month, list(days), per_day, place / max(1, len(self._span.months) - 1), progress)
        self._agenda.run_until(self._span.midnight)
        self._agenda.run_only(self._establish, self._span.now)
        self._study.fill_today()
        self._study.write_rest()
        self._rows.finish()
        pairs.fill(self._world.session)
        self._local.area_id = self._places.villages[self._grid_village()].id
        self._world.session.flush()
        hazards = Hazards(self._world, self._local).write()
        return {table.name: count for table, count in self._rows.written.items()} | {"hazard": hazards}

    def _live_through(
        self, month: Month, days: list[int], per_day: Counter[int], share: float, progress: Progress
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


def load_demo(session: Session, plan: Plan, now: datetime, progress: Progress = silent) -> dict[str, int]:
    """Fill an empty installation with the demo district; all or nothing, the caller commits.

    The same plan on the same day gives the same figures. Logs a run of the kind :data:`DEMO_RUN` and writes one
    audit row for the whole, as an import does.

    Returns
    -------
    Table -> rows written.

    Raises
    ------
    Refusal
        The installation holds records or users, or lacks the reference data.
    """
    _require_empty(session)
    find_wording(session, PLACE).value = PLATE_PLACE
    with logged_run(session, DEMO_RUN, SYSTEM, now) as counts:
        add_neighbours(session, plan.districts, now)
        draw_district(session, now)
        cases = RECORDS if plan.violations >= LEAST else 0
        history = replace(plan, violations=plan.violations - cases)
        written = District(session, history, span_until(now, plan.months)).build(progress)
        written["campaign"] = enter_campaigns(session, local_date(now))
        written["point_entry"] = enter_points(session, now, plan.months, plan.seed)
        written["coverage_mark"] = enter_reported(session, now)
        written["quiz_attempt"] = enter_quizzes(session, plan.seed)
        written["film_viewing"] = enter_films(session, now, plan.seed)
        counts.update(written, seed=plan.seed, months=plan.months)
        written["escalation_policy"] = enter_policies(session, now)
    # after the run: it is what makes channels send nothing here
    written["push"], written["case"] = enter_pushes(session, now), enter_cases(session, now) if cases else 0
    came = enter_session(session, now, plan.seed)
    reports = enter_station(session, now)
    written["rider_message"] = enter_messages(session, now) + enter_earlier(session, now)
    audit.write(
        session,
        "demo:district:load",
        SYSTEM,
        **counts,
        push=written["push"],
        case=written["case"],
        rider_message=written["rider_message"],
        came=came,
        reports=reports,
    )
    session.flush()
    return written


def _require_empty(session: Session) -> None:
    for model in (User, Violation, Rider, Company, Station):
        if session.scalar(select(model.id).limit(1)) is not None:
            raise Refusal(
                message(
                    "This installation already has records or accounts. The demo needs an empty one: name another "
                    "folder in TRAFFICEDU_INSTANCE."
                )
            )
