"""The open cases of a district at work, entered by the live services on the evening before: no list begins empty.

Records whose company is named but not confirmed, or open among two; persons without papers; an objection; a camera that
saw somebody on another rider's e-bike; a file of which some rows
were refused, and which contradicts a correction; a waiver that waits for a second person; a rider somebody was
reminded of. What else is open (reviews, notices to answer) comes from the history.
"""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from trafficedu.accounts.models import User
from trafficedu.accounts.queries import actor_of
from trafficedu.accounts.rules import Role
from trafficedu.areas.models import VILLAGE, Area
from trafficedu.areas.queries import tree as areas
from trafficedu.companies.models import Company
from trafficedu.core.actors import Actor, at_or_below
from trafficedu.core.clock import day_bounds, local, local_date
from trafficedu.demo.accounts import USERNAMES, list_documented
from trafficedu.demo.names import INVENTED
from trafficedu.education.models.tasks import StudyTask
from trafficedu.education.queries.tasks import list_away
from trafficedu.education.services.exceptions import propose_waiver
from trafficedu.education.services.reminding import remind
from trafficedu.riders.models import Engagement, PlateUse, Rider, Vehicle
from trafficedu.riders.rules import EngagementSource, LegalBasis, Relation
from trafficedu.riders.services.engagements import NewEngagement, engage
from trafficedu.transfers.services.importing import Choices, File, import_file
from trafficedu.violations.imports import files as violations
from trafficedu.violations.models.records import Violation, ViolationKind
from trafficedu.violations.rules.states import MissingPapers, Penalty, Source
from trafficedu.violations.services.correcting import CorrectedFacts, correct
from trafficedu.violations.services.objections import raise_objection
from trafficedu.violations.services.recording import NewViolation, record
from trafficedu.violations.services.unnamed import Described

EVENING = timedelta(hours=3)
"""How long before the midnight at which today begins."""
NAMED, AMBIGUOUS = 3, 2
READ, REFUSED = 3, 2
"""Rows of the file that are taken in, and that are refused."""
RECORDS = NAMED + AMBIGUOUS + 1 + READ + len(INVENTED["without_papers"])
"""How many violations the cases are."""
LEAST = 100
"""A smaller district has no cases beside its history: it is made to be counted."""
LET_OFF_AFTER = 2
"""The rider whose waiver is proposed is not the first of the list: that one is reminded of."""
SYSTEM_OF_CAMERAS = "卡口系统"


def enter_cases(session: Session, now: datetime) -> int:
    """Enter what is open since yesterday evening; returns how many cases."""
    return _Evening(session, day_bounds(local_date(now))[0] - EVENING).enter()


class _Evening:
    """Enters the cases of one evening, each by whoever does such things."""

    def __init__(self, session: Session, at: datetime) -> None:
        self._session, self._at = session, at
        self._users: Mapping[str, User] = {user.username: user for user in list_documented(session)}
        town = self._users[USERNAMES[Role.OFFICER]].area
        assert town is not None  # hired before
        within = areas.list_below(session, town.path, local_date(at), VILLAGE) or [town]
        self._town, self._villages = town, within
        kinds = session.scalars(select(ViolationKind).order_by(ViolationKind.code))
        self._kinds = [
            kind.code for kind in kinds if kind.holds_on(local_date(at)) and kind.code in INVENTED["shares_of_kinds"]
        ]
        self._companies = session.scalars(select(Company).where(Company.active).order_by(Company.code)).all()
        self._count = 0

    def _by(self, role: Role) -> Actor:
        return actor_of(self._users[USERNAMES[role]])

    def enter(self) -> int:
        """Enter all of them; returns how many."""
        riders, made = self._riders(NAMED + AMBIGUOUS + 1), []
        for rider, company in riders[:NAMED]:
            other = next(one for one in self._companies if one.id != company)
            made.append(self._record(rider_number=rider.number, company_code=other.code))
        for rider, company in riders[NAMED : NAMED + AMBIGUOUS]:
            self._engage_elsewhere(rider, company)
            made.append(self._record(rider_number=rider.number))
        for contested in made[-1:]:
            raise_objection(self._session, contested, INVENTED["statements"][0], "", self._at + timedelta(hours=2))
        for rider, _ in riders[-1:]:
            self._record(rider_number=rider.number, plate=self._plate_beside(rider), source=Source.CAMERA)
        for papers, said in zip(MissingPapers, INVENTED["without_papers"], strict=False):
            self._record(papers=papers, described=Described(**said))
        self._take_file_in()
        self._see_to_study()
        return self._count

    def _riders(self, count: int) -> Sequence[tuple[Rider, int]]:
        """Return riders of the town whom exactly one company engages, each with it; the latest known first."""
        day = local_date(self._at)
        engaged = (
            select(Engagement.rider_id, func.min(Engagement.company_id).label("company_id"))
            .where(Engagement.engaged_from <= day, func.coalesce(Engagement.engaged_to, day) >= day)
            .group_by(Engagement.rider_id)
            .having(func.count() == 1)
            .subquery()
        )
        query = select(Rider, engaged.c.company_id).join(engaged, engaged.c.rider_id == Rider.id)
        query = query.join(Area, Area.id == Rider.home_area_id).where(at_or_below(Area.path, self._town.path))
        return self._session.execute(query.order_by(Rider.id.desc()).limit(count)).tuples().all()

    def _engage_elsewhere(self, rider: Rider, company: int) -> None:
        """Let a second company engage the rider from that day on."""
        other = next(one for one in self._companies if one.id != company)
        new = NewEngagement(other.id, local_date(self._at), None, LegalBasis.CONTRACT, EngagementSource.FILE)
        engage(self._session, rider, new, self._by(Role.SUPERVISOR), self._at)

    def _plate_beside(self, rider: Rider) -> str:
        """Return the plate of somebody else's e-bike."""
        uses = select(Vehicle.plate).join(PlateUse, PlateUse.vehicle_id == Vehicle.id)
        by_others = PlateUse.rider_id != rider.id, PlateUse.relation == Relation.REGULAR
        since = PlateUse.used_from < local_date(self._at), PlateUse.used_to.is_(None)
        return self._session.scalars(uses.where(*by_others, *since).order_by(PlateUse.id.desc()).limit(1)).one()

    def _record(self, **known: object) -> Violation:
        """Let the officer record what somebody did, some minutes after the last one."""
        place = self._count % len(self._villages)
        at = self._at + timedelta(minutes=9 * self._count)
        new = NewViolation(
            self._kinds[self._count % len(self._kinds)],
            at - timedelta(minutes=4),
            self._villages[place].code,
            Penalty.WARNING,
            place=INVENTED["spots_of_cases"][self._count % len(INVENTED["spots_of_cases"])],
            **known,  # type: ignore[arg-type]
        )
        made = record(self._session, new, self._by(Role.OFFICER), at)
        self._count += 1
        return made

    def _take_file_in(self) -> None:
        """Take in a file of cameras with rows that were refused, correct a record of it, and take in the next file."""
        by, day = self._by(Role.SUPERVISOR), local(self._at - timedelta(days=1))
        with TemporaryDirectory() as folder:
            path = Path(folder) / "卡口违法.csv"
            for corrected in (False, True):
                _write_csv(path, self._rows(day, later=corrected))
                file = File("violations", violations.IMPORTER, path, by, self._at, path.name)
                import_file(self._session, file, Choices(skip_errors=True, source=SYSTEM_OF_CAMERAS))
                if not corrected:
                    self._correct(by)
        self._count += 1

    def _rows(self, day: datetime, *, later: bool) -> list[dict[str, str]]:
        """Return the rows of a file of cameras; the ``later`` one says of the first record that it was elsewhere."""
        rows = [
            {
                "reference": f"KK-{day:%m%d}-{place + 1:03d}",
                "occurred_at": f"{day:%Y-%m-%d} {7 + place}:{10 + place}",
                "area_code": self._villages[place % len(self._villages)].code,
                "place": INVENTED["spots_of_cases"][place],
                "kind": self._kinds[0],
                "plate": f"演示K{90001 + place}",
                "source": Source.CAMERA.value,
                "penalty": Penalty.EDUCATION.value,
            }
            for place in range(READ + REFUSED)
        ]
        rows[-2]["kind"], rows[-1]["occurred_at"] = "9Z99", "0001-01-01 08:00"
        if later:
            rows[0]["place"] = INVENTED["spots_of_cases"][-1]
        return rows

    def _correct(self, by: Actor) -> None:
        """Correct where the first record of the file was."""
        query = select(Violation).where(Violation.reference_source == SYSTEM_OF_CAMERAS).order_by(Violation.id).limit(1)
        one = self._session.scalars(query).one()
        facts = CorrectedFacts(
            one.kind.code,
            one.occurred,
            one.area.code,
            f"{one.place}北侧",
            one.penalty,
            one.fine_yuan,
            one.note,
        )
        correct(self._session, one, facts, INVENTED["correction"], one.version, by, self._at)

    def _see_to_study(self) -> None:
        """Have one rider who does not come reminded, and propose to let another one off."""
        by = self._by(Role.SUPERVISOR)
        away = list_away(self._session, by, local_date(self._at), limit=20)
        looked_after = [task for task in away if task.rider.home_area_id is not None]
        for task in looked_after[:1]:
            remind(self._session, task, by, self._at)
            self._count += 1
        for task in away[LET_OFF_AFTER : LET_OFF_AFTER + 1]:
            self._propose(task)

    def _propose(self, task: StudyTask) -> None:
        propose_waiver(self._session, task, INVENTED["waivers"][0], self._by(Role.STATION), self._at)
        self._count += 1


def _write_csv(path: Path, rows: Sequence[Mapping[str, str]]) -> None:
    with path.open("w", encoding="utf-8-sig", newline="") as out:
        writer = csv.DictWriter(out, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
