"""Four districts as command meets them: full, young, one whose source stopped, and one of a single village."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta

from flask import Flask
from sqlalchemy import delete
from sqlalchemy.orm import Session
from werkzeug.routing import Rule

from tests.conftest import Browser, run_jobs
from tests.factories import people, places
from tests.factories.education import make_kind, make_rider
from tests.factories.evaluation import add_accidents, noon, spread
from tests.factories.helmets import make_site, make_survey
from tests.walking import Answer, Walk
from trafficedu.accounts.models import User
from trafficedu.accounts.queries import actor_of
from trafficedu.accounts.rules import Role
from trafficedu.areas.models import Area
from trafficedu.areas.queries.tree import list_children
from trafficedu.campaigns.services import CampaignInput, plan_campaign
from trafficedu.companies.models import Company
from trafficedu.core.actors import SYSTEM
from trafficedu.core.clock import today, utc_now
from trafficedu.core.database import database
from trafficedu.core.month import Month
from trafficedu.core.numbers import new_number
from trafficedu.core.transactions import WRITES
from trafficedu.evaluation.services.runs import evaluate, publish_run
from trafficedu.overview.services import freeze_list
from trafficedu.riders.services.engagements import NewEngagement, engage
from trafficedu.violations.models.records import Violation

SMALL = "small"
DISTRICTS: Mapping[str, tuple[int, int]] = {"full": (26, 1), "young": (9, 1), "stopped": (26, 5), SMALL: (26, 1)}
"""NAME -> records of so many months before this one to so many."""
QUIET = 4
"""In the small district nothing at all was recorded so many months ago."""
POSTS: Mapping[Role, str] = {
    Role.ANALYST: places.DISTRICT,
    Role.SUPERVISOR: places.DISTRICT,
    Role.LEADER: places.TOWN,
    Role.GRID: places.VILLAGE,
    Role.COMPANY: "",
}
FEATURES = {"overview", "campaigns", "bulletin", "helmets", "evaluation", "coverage"}
"""Blueprints whose pages speak of figures to command."""
NOT_SHOWN = {"evaluation.effect", "helmets.facts", "helmets.kept_page", "helmets.worker", "bulletin.indicators"}
"""What is no page: parts that are fetched, a script, figures for other programs."""
FILES = (".pdf", ".xlsx", ".json", ".js")


def running() -> Month:
    return Month.of(today())


@dataclass
class Place:
    """A district on a database of its own, and who signs in."""

    name: str
    app: Flask
    users: dict[Role, int] = field(default_factory=dict)
    campaign: str = ""

    def session(self) -> Session:
        with self.app.app_context():
            return database().sessionmaker()

    def browser(self, role: Role, locale: str = "zh") -> Browser:
        """Return a browser in which somebody of a role is signed in, who reads a language."""
        self.app.test_client_class = Browser
        browser = self.app.test_client()
        assert isinstance(browser, Browser)
        with self.app.app_context(), database().sessionmaker(info=WRITES) as session:
            user = session.get_one(User, self.users[role])
            user.locale = locale
            session.commit()
            return browser.sign_in(user)


def build(name: str, app: Flask) -> Place:
    """Fill a database with a district of :data:`DISTRICTS`: records, surveys, a campaign, evaluations, a list."""
    place, (first, last) = Place(name, app), DISTRICTS[name]
    with app.app_context(), database().sessionmaker(info=WRITES) as session:
        keep(session, *((1, 1) if name == SMALL else (4, 3)))
        company = places.add_company(session)
        rider = make_rider(session, places.area(session, places.VILLAGE))
        work = NewEngagement(company.id, today() - timedelta(days=900), None, "contract")
        engage(session, rider, work, SYSTEM, utc_now())
        quiet = running() - QUIET if name == SMALL else None
        record(session, running() - first, running() - last, rider.id, quiet)
        survey(session, running() - min(first, 8), running() - last)
        command(session, place, company, running() - last)
        session.commit()
    analyst = place.browser(Role.ANALYST)
    for address in (place.campaign, *addresses(places.DISTRICT)):
        analyst.get(address)  # what takes long is asked for by its page
    run_jobs(app)
    return place


def keep(session: Session, towns: int, villages: int) -> None:
    """Leave so many towns with so many villages each of the shipped tree: every page costs what it shows."""
    shown = list_children(session, places.area(session, places.DISTRICT), today())
    first = [town for town in shown if town.evaluated and town.code != places.TOWN]
    left = [places.area(session, places.TOWN), *first[: towns - 1]]
    kept = {village.id for town in left for village in list_children(session, town, today())[:villages]}
    session.execute(delete(Area).where(Area.level == "village", Area.id.not_in(kept)))
    session.execute(delete(Area).where(Area.level == "town", Area.id.not_in([town.id for town in left])))
    session.expire_all()


def record(session: Session, first: Month, last: Month, rider: int, skip: Month | None = None) -> None:
    """Add violations and accidents of every town of the district, month by month, the same in every year."""
    towns = list_children(session, places.area(session, places.DISTRICT), last.first)
    kind = make_kind(session).id
    months = Month.range(first, last)
    for number, town in enumerate(towns):
        for month in months:
            days = spread(month, 0 if month == skip else 2 + number % 3)
            session.add_all(violation(town, kind, rider, day) for day in days if day < today())
    add_accidents(session, {town: [int(month != skip) for month in months] for town in towns}, first)


def violation(town: Area, kind: int, rider: int, day: date) -> Violation:
    at = noon(day)
    return Violation(
        number=new_number("V"),
        occurred_utc=at,
        occurred_on=day,
        area_id=town.id,
        kind_id=kind,
        rider_id=rider,
        place="路口",
        source="field",
        penalty="warning",
        recorded_utc=at,
    )


def survey(session: Session, first: Month, last: Month) -> None:
    """Count helmets at three sites of a town in every month."""
    sites = [make_site(session, places.area(session, places.TOWN)) for _ in range(3)]
    for month in Month.range(first, last):
        for number, site in enumerate(sites):
            make_survey(session, site, 50 + 5 * number, 10, when=noon(month.first))


def command(session: Session, place: Place, company: Company, last: Month) -> None:
    """Open the accounts of command, and let it do what it does: a campaign, and of the last months on record a list."""
    now, area = utc_now(), {code: places.area(session, code) for code in filter(None, POSTS.values())}
    for role, code in POSTS.items():
        post = {"area_id": area[code].id} if code else {"company_id": company.id}
        place.users[role] = people.make_user(session, role, **post).id
    begun, ended = (running() - 6).first, (running() - 2).last
    campaign = plan_campaign(session, CampaignInput("整治", begun, ended, (places.TOWN,)), SYSTEM, now)
    place.campaign = f"/campaigns/{campaign.number}"
    for month in (last - 1, last):
        publish_run(session, evaluate(session, month, now), SYSTEM, now)
    analyst = session.get_one(User, place.users[Role.ANALYST])
    freeze_list(session, last, actor_of(analyst), now)


class Pages(Walk):
    """A walk over the pages of :data:`FEATURES`, without sorts and filters; ``seen`` by who sees the same."""

    def _rules(self) -> Iterator[Rule]:
        for rule in super()._rules():
            feature = rule.endpoint.partition(".")[0]
            if feature in FEATURES and rule.endpoint not in NOT_SHOWN | self.chosen:
                yield rule

    def _variants(self, page: object, path: str) -> Mapping[str, Mapping[str, str]]:  # type: ignore[override]
        return {}


def addresses(code: str) -> Sequence[str]:
    """Return pages with periods chosen: the last month, the one that runs, and two years compared."""
    month, year = running() - 1, running()
    area = f"&area={code}" if code else ""
    return [
        f"/overview?first={month}&last={month}{area}",
        f"/overview?first={year}&last={year}{area}",
        f"/screen?month={month}{area}",
        f"/screen/wall?month={month}{area}",
        f"/evaluation/trends?measure=violations{area}",
        f"/evaluation/trends?measure=casualty&before_first={year - 24}&before_last={year - 13}"
        f"&after_first={year - 12}&after_last={year + 5}{area}",
    ]


def read_pages(place: Place, locale: str, known: dict[str, str]) -> Iterator[tuple[Role, str, str]]:
    """Yield role, address and text of the pages: all of the analyst's, and those of others that are theirs alone.

    ``known``: what the walks in one language led to. The first screens, the overview, the screen and the wall are read
    by everybody who has them.
    """
    seen: set[str] = set()
    for role, code in POSTS.items():
        browser = place.browser(role, locale)
        read: list[tuple[str, str]] = []

        def get(address: str, browser: Browser = browser, read: list[tuple[str, str]] = read) -> Answer:
            if address.endswith(FILES):
                return 404, ""
            answer = browser.get(address)
            assert answer.status_code < 500, address
            text = answer.text if answer.status_code == 200 else ""
            read.append((address, text))
            return answer.status_code, text

        walk = Pages(place.app, role, get, known, chosen=seen - {"overview.home"})
        for _ in walk.pages():
            pass
        for address in addresses(code) if code else ():
            get(address)
        seen |= set(walk.visited)
        yield from ((role, address, text) for address, text in read if text)
