"""What is entered once the history is there, by the live services: campaigns, colours, points, pushes.

Of the campaigns one is over, in villages of a town, and one runs in two towns. Points are what is expected a month,
activities of a year and a quarter, and what study brought by itself: studies overdue and open days are not
invented, they are entered from the demo's own studies, as the worker would have. Channels and pushes go to invented
addresses, so that the inbox and the delivery log have something to show.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from random import Random

from sqlalchemy import select
from sqlalchemy.orm import Session

from trafficedu.accounts.queries import actor_of, watchers_of
from trafficedu.accounts.rules import Role
from trafficedu.areas.models import TOWN, VILLAGE, Area
from trafficedu.areas.queries import tree as areas
from trafficedu.campaigns.services import CampaignInput, plan_campaign
from trafficedu.companies.models import Company
from trafficedu.core import bulk
from trafficedu.core.actors import SYSTEM
from trafficedu.core.clock import day_bounds, local_date
from trafficedu.core.errors import Refusal
from trafficedu.core.month import Month
from trafficedu.core.numbers import new_number
from trafficedu.core.text import message
from trafficedu.core.transactions import writing
from trafficedu.demo.accounts import list_documented
from trafficedu.demo.care import EARNING, care_of_town, care_of_village
from trafficedu.evaluation.services.runs import evaluate, publish_run
from trafficedu.messages.queries import list_kinds
from trafficedu.messages.services import channels, outbox
from trafficedu.points.models import FILE, PointActivity, PointEntry
from trafficedu.points.rules import COMPANY, Direction, signed
from trafficedu.points.services import catalogue, happenings
from trafficedu.points.services.catalogue import ExpectationInput

PARTS = 3
"""Every third village of the town took part: the others are there to compare with."""
LENGTH, BACK, RUNNING_SINCE = timedelta(days=91), timedelta(days=210), timedelta(days=40)


def enter_campaigns(session: Session, today: date) -> int:
    """Enter the campaigns, as of a fortnight before each began; returns how many."""
    root = areas.root(session)
    if root is None:
        return 0
    towns = areas.list_below(session, root.path, today, TOWN)
    villages = areas.list_below(session, towns[0].path, today, VILLAGE)
    begun, running = today - BACK, today - RUNNING_SINCE
    plans = [
        CampaignInput(
            "戴盔护航专项行动",
            begun,
            begun + LENGTH,
            tuple(village.code for village in villages[::PARTS]),
            (),
            640,
            "早晚高峰在村口设点劝导。",
        ),
        CampaignInput("路口秩序整治", running, running + LENGTH, tuple(town.code for town in towns[1:3]), (), 900),
    ]
    for new in plans:
        entered = new.first_day - timedelta(days=14)
        plan_campaign(session, new, SYSTEM, datetime(entered.year, entered.month, entered.day, 2, tzinfo=UTC))
    return len(plans)


EVALUATED_MONTHS, EVALUATED_AFTER = 3, timedelta(days=1, hours=2)
EARLIER = (12, 6)
"""So many months before the last one are evaluated, too: windows that do not overlap, to look back at."""


def evaluate_months(session: Session, now: datetime) -> int:
    """Evaluate and publish the last full months that have records, each once it was over; returns how many.

    Two earlier ones, for the page that asks what colours foretold, are not among them.
    """
    last = Month.of(local_date(now)) - 1
    done = 0
    for back in (*EARLIER, *reversed(range(EVALUATED_MONTHS))):
        then = _evaluated_at(last - back, now)
        try:
            run = evaluate(session, last - back, then)
        except Refusal:
            continue  # nothing is recorded so far back
        with writing(session):
            publish_run(session, run, SYSTEM, then)
        done += back < EVALUATED_MONTHS
    return done


def _evaluated_at(month: Month, now: datetime) -> datetime:
    return min(now, day_bounds(month.next.first)[0] + EVALUATED_AFTER)


SALT = 5113
MONTHS = 15
EXPECTED = {TOWN: 30, VILLAGE: 8, COMPANY: 15}
DILIGENCE = {TOWN: 0.95, VILLAGE: 0.9, COMPANY: 0.85}
"""How much of what is expected the usual target earns by hand; single ones differ by :data:`SPREAD`."""
SPREAD = 0.28
LOSSES = 0.03


def enter_points(session: Session, now: datetime, months: int, seed: int) -> int:
    """Enter expectations and the ledger of the last months; returns how many entries."""
    today = local_date(now)
    first = Month.of(today) - (min(MONTHS, months) - 1)
    for kind, points in EXPECTED.items():
        catalogue.expect_points(session, ExpectationInput(kind, "", first, points), SYSTEM)
    rows = _Ledger(session, today, seed).write(first)
    bulk.load(session, PointEntry.__table__, rows)
    return len(rows) + happenings.enter_happenings(session, now, since=first.first)


class _Ledger:
    """Draws the activities that people entered."""

    def __init__(self, session: Session, today: date, seed: int) -> None:
        self._today, self._chance = today, Random(seed + SALT)
        activities = session.scalars(select(PointActivity).where(~PointActivity.automatic).order_by(PointActivity.code))
        self._activities = [activity for activity in activities if activity.holds_on(today)]
        areas = (
            select(Area)
            .where(Area.level.in_((TOWN, VILLAGE)), Area.evaluated, Area.holds_on(today))
            .order_by(Area.path)
        )
        found = session.scalars(areas).all()
        towns: dict[int | None, str] = {area.id: area.code for area in found}
        self._targets: list[tuple[str, int | None, int | None]] = [(area.level, area.id, None) for area in found]
        self._care = [
            care_of_town(area.code) if area.level == TOWN else care_of_village(seed, area.code, towns[area.parent_id])
            for area in found
        ]
        companies = session.scalars(select(Company).order_by(Company.code)).all()
        self._targets += [(COMPANY, None, company.id) for company in companies]
        self._care += [0.0 for _ in companies]
        self._rows: list[dict[str, object]] = []

    def write(self, first: Month) -> list[dict[str, object]]:
        """Return the rows of every target from the month ``first`` on."""
        for target, care in zip(self._targets, self._care, strict=True):
            usual = max(0.2, self._chance.gauss(DILIGENCE[target[0]], SPREAD) + EARNING * care)
            for month in Month.range(first, Month.of(self._today)):
                self._month(target, month, usual)
        return self._rows

    def _month(self, target: tuple[str, int | None, int | None], month: Month, usual: float) -> None:
        kind, chance = target[0], self._chance
        offered = [one for one in self._activities if kind in one.kinds]
        earning = [one for one in offered if one.direction == Direction.EARNED and one.points < EXPECTED[kind]]
        wanted = EXPECTED[kind] * usual * chance.uniform(0.7, 1.3)
        while wanted > 0:
            activity = chance.choice(earning)
            wanted -= activity.points
            self._enter(target, month, activity)
        if chance.random() < LOSSES:
            self._enter(target, month, chance.choice([one for one in offered if one.direction == Direction.LOST]))

    def _enter(self, target: tuple[str, int | None, int | None], month: Month, activity: PointActivity) -> None:
        day = month.first.replace(day=self._chance.randint(1, 28))
        if day >= self._today:
            return
        self._rows.append(
            {
                "number": new_number("E"),
                "reference": f"demo-{len(self._rows) + 1:06d}",
                "reference_year": day.year,
                "area_id": target[1],
                "company_id": target[2],
                "occurred_on": day,
                "activity_id": activity.id,
                "points": signed(activity.direction, activity.points),
                "source": FILE,
                "recorded_utc": day_bounds(day)[1],
            }
        )


ADDRESSES: dict[Role, tuple[str, str]] = {
    Role.LEADER: ("email", "zhenling@example.cn"),
    Role.GRID: ("dingtalk", "https://oapi.dingtalk.com/robot/send?access_token=demo0000000000000000000000000000"),
}


def enter_pushes(session: Session, now: datetime) -> int:
    """Give two documented users a channel each, and tell everybody documented what is new; returns how many pushes."""
    users, offered = list_documented(session), list_kinds(session)
    for user in users:
        kind, address = ADDRESSES.get(Role(user.role), ("", ""))
        if kind in offered:
            channels.add_channel(session, kind, address, "", actor_of(user), now - timedelta(days=3))
    welcome = outbox.NewPush(
        "demo:welcome",
        message("You will receive messages here"),
        message("They also go to your channels once you add one: e-mail or a group robot."),
        "/messages/channels",
    )
    told = outbox.push(session, welcome, [user.id for user in users], SYSTEM, now - timedelta(days=2))
    posts = {user.area for user in users if user.role in {Role.GRID, Role.LEADER} and user.area is not None}
    return told + sum(_tell_of_month(session, area, now) for area in sorted(posts, key=lambda area: area.path))


def _tell_of_month(session: Session, area: Area, now: datetime) -> int:
    """Tell those who answer for an area that the figures of the last month are there."""
    month = Month.of(now.date()) - 1
    figures = outbox.NewPush(
        f"demo:month:{area.code}",
        message("%(area)s: the figures for %(month)s are ready", area=area.name, month=str(month)),
        message("Check the violations, study tasks and answers in your area, and what is overdue."),
        f"/overview?area={area.code}",
    )
    return outbox.push(session, figures, watchers_of(session, area.path), SYSTEM, now - timedelta(hours=5))
