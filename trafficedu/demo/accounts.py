"""Who works in the demo district, and who of them can sign in: one account a role, with a documented password.

The others are the names behind the history (who recorded, signed off, answered): nobody knows their passwords.
These accounts exist in the demo only: ``trafficedu serve`` refuses any address but loopback while they do.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from random import Random
from unicodedata import east_asian_width

from sqlalchemy import select
from sqlalchemy.orm import Session

from trafficedu.accounts.models import User
from trafficedu.accounts.rules import POST_OF, Role
from trafficedu.core import passwords
from trafficedu.core.loading import loaded
from trafficedu.core.text import LOCALES, translate
from trafficedu.demo import names
from trafficedu.demo.places import Places
from trafficedu.demo.plan import MOST_DISTRICTS

OFFICERS_OF_A_TOWN = 3
PASSWORD = "xiaoshan-demo"  # noqa: S105 - documented, and of no use outside a demo
ROLES = (Role.OFFICER, Role.SUPERVISOR, Role.STATION, Role.COMPANY, Role.GRID, Role.LEADER, Role.ANALYST)
USERNAMES = {**{role: role.value for role in ROLES}, Role.ADMINISTRATOR: "admin"}
OF_A_DISTRICT = (Role.OFFICER, Role.SUPERVISOR, Role.STATION, Role.GRID, Role.LEADER, Role.ANALYST)
"""Roles of which each further district of a city has an account, with its number at the end (``officer2``)."""
OF_THE_CITY = {Role.ANALYST: "city-analyst", Role.SUPERVISOR: "city-supervisor"}
HEADER = ("角色", "Role", "用户名 User", "密码 Password", "岗位 Post")


@dataclass(frozen=True)
class Account:
    """One line of the table of demo accounts."""

    role: str
    username: str
    password: str
    name: str
    post: str


@dataclass(frozen=True)
class Staff:
    """Users that the history refers to; ``local`` is the grid officer, whose village is chosen at the end."""

    supervisor: int
    signers: Sequence[int]
    local: User


class _Registry:
    """Makes users. All documented accounts share one hash, all others the hash of a password thrown away."""

    def __init__(self, session: Session, chance: Random) -> None:
        self._session, self._chance = session, chance
        self._documented = passwords.hashed(PASSWORD)
        self._thrown_away = passwords.hashed(secrets.token_urlsafe(32))
        self._badges = 99_000

    def known(self, role: Role, username: str = "", **post: int | None) -> User:
        """Open a documented account: the role's own, or another."""
        user = self._add(username or USERNAMES[role], role, self._documented, post)
        self._session.flush()
        return user

    def unknown(self, username: str, role: Role, **post: int | None) -> User:
        """Add somebody who has done things but cannot sign in."""
        return self._add(username, role, self._thrown_away, post)

    def _add(self, username: str, role: Role, password_hash: str, post: Mapping[str, int | None]) -> User:
        assert POST_OF[role] == "".join(name.removesuffix("_id") for name in post)
        user = User(
            username=username,
            display_name=names.person(self._chance),
            badge=self._badge(role),
            role=role,
            password_hash=password_hash,
            session_stamp=secrets.token_hex(16),
            **post,
        )
        self._session.add(user)
        return user

    def _badge(self, role: Role) -> str:
        self._badges += 1
        return f"{self._badges:06d}" if role in {Role.OFFICER, Role.SUPERVISOR} else ""


def hire(session: Session, places: Places, chance: Random) -> Staff:
    """Add officers and a leader to each town, staff to each station, a contact to each company, the district's people.

    The documented accounts sit where most happens: officer and leader in the first station's town, the contact
    in the largest company.
    """
    registry = _Registry(session, chance)
    home = places.villages
    main = next(village.town for village in home if village.id == places.stations[0].area_id)
    district = places.towns[main].area.parent_id
    supervisor = registry.known(Role.SUPERVISOR, area_id=district).id
    registry.known(Role.ANALYST, area_id=district)
    registry.known(Role.ADMINISTRATOR)
    local = registry.known(Role.GRID, area_id=places.villages[0].id)
    signers = [registry.known(Role.STATION, station_id=places.stations[0].id).id]
    others = [
        registry.unknown(f"demo-station{place + 2}", Role.STATION, station_id=station.id)
        for place, station in enumerate(places.stations[1:])
    ]
    places.firms[0].contact = registry.known(Role.COMPANY, company_id=places.firms[0].company.id).id
    contacts = [
        (firm, registry.unknown(f"demo-company{place + 2}", Role.COMPANY, company_id=firm.company.id))
        for place, firm in enumerate(places.firms[1:])
    ]
    towns = []
    for place, town in enumerate(places.towns):
        if place == main:
            town.officers.append(registry.known(Role.OFFICER, area_id=town.area.id).id)
            town.leader = registry.known(Role.LEADER, area_id=town.area.id).id
        people = [
            registry.unknown(f"demo-officer{place + 1}{letter}", Role.OFFICER, area_id=town.area.id)
            for letter in "abc"[: OFFICERS_OF_A_TOWN - len(town.officers)]
        ]
        if town.leader is None:
            towns.append((town, registry.unknown(f"demo-leader{place + 1}", Role.LEADER, area_id=town.area.id)))
        session.flush()
        town.officers += [user.id for user in people]
    for firm, user in contacts:
        firm.contact = user.id
    for town, user in towns:
        town.leader = user.id
    if district != places.root.id:
        _hire_elsewhere(registry, places, district)
    return Staff(supervisor, signers + [user.id for user in others], local)


def _hire_elsewhere(registry: _Registry, places: Places, main: int | None) -> None:
    """Open the documented accounts of a city: its own, and one of most roles in each of the other districts."""
    for role, username in OF_THE_CITY.items():
        registry.known(role, username, area_id=places.root.id)
    others = dict.fromkeys(town.area.parent_id for town in places.towns if town.area.parent_id != main)
    for number, district in enumerate(others, start=2):
        towns = {place for place, town in enumerate(places.towns) if town.area.parent_id == district}
        inside = {village.id: village for village in places.villages if village.town in towns}
        station = next(station for station in places.stations if station.area_id in inside)
        village = inside[station.area_id]
        town = places.towns[village.town].area.id
        posts: dict[Role, dict[str, int | None]] = {
            Role.OFFICER: {"area_id": town},
            Role.SUPERVISOR: {"area_id": district},
            Role.STATION: {"station_id": station.id},
            Role.GRID: {"area_id": village.id},
            Role.LEADER: {"area_id": town},
            Role.ANALYST: {"area_id": district},
        }
        for role, post in posts.items():
            registry.known(role, f"{USERNAMES[role]}{number}", **post)


def list_documented(session: Session) -> Sequence[User]:
    """Return the documented accounts with their posts, in the order of the roles."""
    further = [f"{USERNAMES[role]}{number}" for number in range(2, MOST_DISTRICTS + 1) for role in OF_A_DISTRICT]
    documented = [*USERNAMES.values(), *OF_THE_CITY.values(), *further]
    users = session.scalars(
        select(User)
        .where(User.username.in_(documented))
        .options(loaded(User.area), loaded(User.station), loaded(User.company))
    ).all()
    return sorted(users, key=lambda user: documented.index(user.username))


def list_accounts(session: Session) -> Sequence[Account]:
    """Return the documented accounts: one a role, in a city one of most roles in each district."""
    return [
        Account(user.role, user.username, PASSWORD, user.display_name, _post(user)) for user in list_documented(session)
    ]


def _post(user: User) -> str:
    post = user.area or user.station or user.company
    return post.name if post is not None else ""


def table_of(accounts: Sequence[Account], address: str) -> str:
    """Return the address and one line for each account; a Chinese character is two columns wide."""
    rows: list[tuple[str, ...]] = [HEADER]
    rows += [
        (*(translate(Role(a.role).label, locale) for locale in LOCALES), a.username, a.password, a.post or "-")
        for a in accounts
    ]
    widths = [max(_width(row[place]) for row in rows) for place in range(len(HEADER))]
    lines = ["  ".join(_padded(cell, width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]
    rule = "-" * (sum(widths) + 2 * (len(widths) - 1))
    return "\n".join(["", f"地址 Address: {address}", "", lines[0], rule, *lines[1:], ""])


def _width(text: str) -> int:
    return sum(2 if east_asian_width(character) in "WF" else 1 for character in text)


def _padded(text: str, width: int) -> str:
    return text + " " * (width - _width(text))
