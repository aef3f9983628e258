"""Road hazards in every state, with small drawn pictures, and towns under rolling check.

Unlike the rest of the history these go through the services of the live system, step by step: they are few, and every
rule holds by itself. What would happen after the last midnight has not happened yet.
"""

from __future__ import annotations

import io
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from random import Random

from PIL import Image, ImageDraw
from sqlalchemy import select

from trafficedu.accounts.models import User
from trafficedu.accounts.queries import actor_of
from trafficedu.accounts.rules import Role
from trafficedu.areas.models import Area
from trafficedu.core.actors import Actor
from trafficedu.core.clock import local_date
from trafficedu.core.loading import loaded
from trafficedu.demo.names import INVENTED, phrase
from trafficedu.demo.places import Village
from trafficedu.demo.plan import HOUR, moment, start_of
from trafficedu.demo.rows import Teller, World
from trafficedu.hazards.models import Hazard
from trafficedu.hazards.services import checks, deciding, planning, reporting
from trafficedu.hazards.services.checks import NewWatch
from trafficedu.hazards.services.deciding import FixDecision
from trafficedu.hazards.services.planning import RemedyPlan
from trafficedu.hazards.services.reporting import NewHazard

HAZARDS, IN_THE_GRID_VILLAGE, IN_THE_LEADERS_TOWN = 120, 8, 26
LONGEST_DAYS, RECENT_DAYS, RECENT = 240, 35, 0.45
ROADS = 12
DAYS = {"high": 7, "medium": 30, "low": 90}
RISKS = {"high": 20, "medium": 50, "low": 30}
SIZE = (480, 320)
SKY, FIELD, ROAD, LINE, HOLE, WATER = "#c9dbe6", "#8fa97e", "#6f757a", "#e8e6dc", "#2f2a26", "#587a94"
HORIZON = 120
CLOSED, VOIDED, SENT_BACK, LATE, STUCK = 0.05, 0.03, 0.10, 0.2, 0.08
TOWNS_UNDER_CHECK = ((0, 7, 9), (1, 14, 3), (2, 7, 16), (3, 30, 40))
"""Place of the town, period in days, days since the last look."""


@dataclass(frozen=True)
class _People:
    """Who takes part at one place."""

    officer: Actor
    other: Actor
    leader: Actor


class Hazards(Teller):
    """Tells the life of each hazard up to midnight."""

    SALT = 2025

    def __init__(self, world: World, grid: User) -> None:
        super().__init__(world)
        self._grid, session = grid, world.session
        users = session.scalars(select(User).where(User.area_id.is_not(None)).options(loaded(User.area)))
        self._actors = {user.id: actor_of(user) for user in users}
        self._supervisor = next(one for one in self._actors.values() if one.role == Role.SUPERVISOR)
        self._codes = dict(session.execute(select(Area.id, Area.code)).tuples().all())

    def write(self) -> int:
        """Write the hazards and the rolling checks; returns how many hazards."""
        own = next(village for village in self._places.villages if village.id == self._grid.area_id)
        main = next(one.town for one in self._places.villages if one.id == self._places.stations[0].area_id)
        leaders = [village for village in self._places.villages if village.town == main]
        for number in range(HAZARDS):
            if number < IN_THE_GRID_VILLAGE:
                village = own
            elif number < IN_THE_GRID_VILLAGE + IN_THE_LEADERS_TOWN:
                village = self._chance.choice(leaders)
            else:
                village = self._places.villages[self._places.any_village(self._chance)]
            self._live(number, village)
        for place, period, since in TOWNS_UNDER_CHECK:
            self._check(place, period, since)
        self._session.flush()
        return HAZARDS

    def _live(self, number: int, village: Village) -> None:
        chance, town = self._chance, self._places.towns[village.town]
        officer, other = chance.sample(town.officers, 2)
        assert town.leader is not None  # hired before
        people = _People(self._actors[officer], self._actors[other], self._actors[town.leader])
        longest = max(2, min(LONGEST_DAYS, self._span.today - self._span.first_day))
        recent = chance.random() < RECENT
        age = chance.randint(1, min(RECENT_DAYS, longest)) if recent else chance.randint(1, longest)
        at = moment(start_of(self._span.today - age) + chance.randint(8, 18) * HOUR + chance.randrange(3600))
        kind = chance.choice(list(INVENTED["hazards"]))
        risk = chance.choices(list(RISKS), list(RISKS.values()))[0]
        spot = chance.choice(village.spots)
        new = NewHazard(
            area_code=self._codes[village.id],
            place=spot.name,
            kind_code=kind,
            risk=risk,
            description=INVENTED["hazards"][kind]["seen"],
            latitude=round(spot.latitude, 6),
            longitude=round(spot.longitude, 6),
            photos=(road(number % ROADS, False),),
        )
        hazard = reporting.report(self._session, new, people.officer, at)
        self._work(number, hazard, people, at)

    def _work(self, number: int, hazard: Hazard, people: _People, at: datetime) -> None:
        """Plan and fix it, as far as the time has come."""
        chance, session = self._chance, self._session
        at += self._days(1, 4)
        if not self._past(at):
            return
        if chance.random() < VOIDED:
            deciding.void(session, hazard, "与另一条上报重复", hazard.version, self._supervisor, at)
            return
        if chance.random() < CLOSED:
            deciding.close(session, hazard, "现场核查，属正常施工已按期恢复", hazard.version, people.leader, at)
            return
        days = max(3, round(DAYS[hazard.risk] * chance.uniform(0.6, 1.0)))
        script = INVENTED["hazards"][hazard.kind.code]
        deadline = local_date(at) + timedelta(days=days)
        responsible = f"{hazard.area.name}{phrase(chance, 'offices')}"
        plan = RemedyPlan(script["goal"], script["measures"], responsible, deadline)
        planning.plan(session, hazard, plan, hazard.version, people.leader, at)
        begun, stuck = at + self._days(1, 3), chance.random() < STUCK
        late = chance.random() < LATE
        share = chance.uniform(1.05, 1.6) if late else chance.uniform(0.3, 0.95)
        fixed = max(begun + timedelta(hours=5), at + timedelta(days=days * share))
        if self._past(begun):
            planning.begin(session, hazard, hazard.version, people.leader, begun)
        if self._past(fixed) and not stuck:
            self._finish(number, hazard, people, fixed)

    def _finish(self, number: int, hazard: Hazard, people: _People, at: datetime) -> None:
        """Report it as fixed; have it verified, or sent back once."""
        session, mended = self._session, [road(number % ROADS, True)]
        planning.mark_fixed(session, hazard, "已按方案完成。", mended, hazard.version, people.leader, at)
        at += self._days(1, 4)
        if not self._past(at):
            return
        if self._chance.random() < SENT_BACK:
            deciding.reject(session, hazard, "边缘未处理到位", [], hazard.version, people.other, at)
            at += self._days(2, 6)
            if not self._past(at):
                return
            again = [road(number % ROADS + ROADS, True)]
            planning.mark_fixed(session, hazard, "已补齐。", again, hazard.version, people.leader, at)
            at += self._days(1, 3)
        if self._past(at):
            deciding.verify(session, hazard, FixDecision(True, "现场核实，已消除。"), hazard.version, people.other, at)

    def _check(self, place: int, period: int, since: int) -> None:
        """Put a town on the list three periods ago; its officer looked each time, the last time ``since`` days ago."""
        town = self._places.towns[place]
        checker = self._session.get_one(User, town.officers[0])
        first = self._span.today - since - 3 * period
        listed = moment(start_of(first) + 9 * HOUR)
        new = NewWatch(town.area.code, "近期事故多发，纳入滚动排查", period, checker.username, local_date(listed))
        watch = checks.list_area(self._session, new, self._supervisor, listed)
        for turn in range(4):
            at = listed + timedelta(days=turn * period, hours=1)
            found = self._chance.choice((0, 0, 1, 2))
            checks.note_look(self._session, watch, found, "", watch.version, self._actors[checker.id], at)

    def _days(self, least: int, most: int) -> timedelta:
        return timedelta(days=self._chance.randint(least, most), minutes=self._chance.randrange(90))

    def _past(self, at: datetime) -> bool:
        return at < moment(self._span.midnight)


@cache
def road(number: int, mended: bool) -> bytes:
    """Draw a small picture, no photograph, of a road with something wrong, or of the same road mended.

    Returns the JPEG of road ``number``; the same number draws the same road, before and after.
    """
    chance = Random(number)
    picture = Image.new("RGB", SIZE, SKY)
    draw = ImageDraw.Draw(picture)
    width, height = SIZE
    draw.rectangle((0, HORIZON, width, height), fill=FIELD)
    middle = width // 2 + chance.randint(-60, 60)
    draw.polygon(((middle - 18, HORIZON), (middle + 18, HORIZON), (width - 20, height), (20, height)), fill=ROAD)
    for step in range(6):
        top = HORIZON + 8 + step * 34
        half = 1 + step
        x = middle + (width // 2 - middle) * (top - HORIZON) / (height - HORIZON)
        if mended or step % 3:
            draw.polygon(
                ((x - half, top), (x + half, top), (x + half + 1, top + 18), (x - half - 1, top + 18)), fill=LINE
            )
    for _ in range(chance.randint(1, 3)):
        x, y = chance.randint(150, 330), chance.randint(190, 270)
        long, wide = chance.randint(28, 60), chance.randint(10, 22)
        if not mended:
            draw.ellipse((x - long, y - wide, x + long, y + wide), fill=HOLE)
            draw.ellipse((x - long // 2, y - wide // 2, x + long // 2, y + wide // 2), fill=WATER)
        else:
            draw.rectangle((x - long, y - wide, x + long, y + wide), fill="#5c6166")
    written = io.BytesIO()
    picture.save(written, "JPEG", quality=70)
    return written.getvalue()
