"""Reads of users and of the audit trail."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import Select, bindparam, func, or_, select
from sqlalchemy.orm import Session

from trafficedu.accounts.models import User
from trafficedu.accounts.rules import PERMISSIONS, Role
from trafficedu.areas.models import Area
from trafficedu.areas.rules import paths_down_to
from trafficedu.companies.models import Company
from trafficedu.core.actors import SYSTEM, Actor, Scope
from trafficedu.core.audit import AuditEntry
from trafficedu.core.clock import day_bounds
from trafficedu.core.errors import Missing
from trafficedu.core.listing import AGO, Column, Listing
from trafficedu.core.loading import loaded
from trafficedu.core.narrowing import Conditions, Narrowing, Way
from trafficedu.core.states import Activity
from trafficedu.core.tables import table_of
from trafficedu.core.terms import contains
from trafficedu.core.text import message
from trafficedu.stations.models import Station


@dataclass(frozen=True)
class UserFilter:
    """What the list of users is narrowed to."""

    words: str = ""
    role: str = ""
    active: bool | None = None


@dataclass(frozen=True)
class AuditFilter:
    """What the audit trail is narrowed to."""

    action: str = ""
    actor_id: int | None = None
    result: str = ""
    since: date | None = None
    until: date | None = None


def actor_of(user: User) -> Actor:
    """Return what ``user`` may do and see. A user whose post is missing sees nothing."""
    scope = Scope(
        area_path=user.area.path if user.area else None,
        station_id=user.station_id,
        company_id=user.company_id,
    )
    permissions = PERMISSIONS[Role(user.role)]
    return Actor(user.id, user.display_name, user.role, permissions, scope, user.locale, user.must_change_password)


_USER, _AREA = table_of(User), table_of(Area)
_ACCOUNT = (
    select(
        _USER.c.id,
        _USER.c.display_name,
        _USER.c.role,
        _USER.c.locale,
        _USER.c.must_change_password,
        _USER.c.active,
        _USER.c.session_stamp,
        _USER.c.station_id,
        _USER.c.company_id,
        _AREA.c.path,
    )
    .outerjoin_from(_USER, _AREA, _USER.c.area_id == _AREA.c.id)
    .where(_USER.c.id == bindparam("user_id"))
)
"""What every request asks first, so it is no more than an actor needs."""


def load_actor(session: Session, token: str) -> Actor | None:
    """Return the actor of a session token ``id:stamp``, or None when it has ended."""
    identifier, _, stamp = token.partition(":")
    if not identifier.isdigit():
        return None
    account = session.connection().execute(_ACCOUNT, {"user_id": int(identifier)}).one_or_none()
    if account is None:
        return None
    user_id, name, role, locale, password_due, active, stamp_now, station_id, company_id, path = account
    if not active or stamp_now != stamp:
        return None
    scope = Scope(area_path=path, station_id=station_id, company_id=company_id)
    return Actor(user_id, name, role, PERMISSIONS[Role(role)], scope, locale, password_due)


def find_actor(session: Session, user_id: int | None) -> Actor | None:
    """Return what a user may do and see by now, or None where the account is closed: a job runs as its asker.

    Without a user it is the system: a job of the command line.
    """
    if user_id is None:
        return SYSTEM
    user = session.get(User, user_id)
    return None if user is None or not user.active else actor_of(user)


def find_by_username(session: Session, username: str) -> User | None:
    """Return the user who signs in as ``username`` (case does not matter), active or not."""
    return session.scalar(select(User).where(User.username == username.strip().lower()))


def find_account(session: Session, username: str) -> User:
    """Return the user of a user name; raise :class:`Missing`."""
    user = find_by_username(session, username)
    if user is None:
        raise Missing(message("This user does not exist."))
    return user


def find_user(session: Session, user_id: int) -> User:
    """Return one user; raise :class:`Missing`."""
    user = session.get(User, user_id)
    if user is None:
        raise Missing(message("This user does not exist."))
    return user


def _users(_by: Actor, chosen: UserFilter) -> Select[tuple[User]]:
    query = select(User).options(loaded(User.area), loaded(User.station), loaded(User.company))
    if chosen.words:
        pattern = f"%{chosen.words.lower()}%"
        query = query.where(or_(func.lower(User.username).like(pattern), func.lower(User.display_name).like(pattern)))
    if chosen.role:
        query = query.where(User.role == chosen.role)
    return query if chosen.active is None else query.where(User.active == chosen.active)


USERS: Listing[User, UserFilter] = Listing(
    _users,
    [
        Column("name", message("Name"), value=lambda row: row.display_name),
        Column("username", message("User name"), value=lambda row: row.username),
        Column("role", message("Role"), value=lambda row: Role(row.role).label),
        Column("post", message("Post"), value=lambda row: _post_name(row)),
        Column("signed_in", message("Last signed in"), value=lambda row: row.last_sign_in_utc, look=AGO),
        Column("state", message("State"), value=lambda row: Activity.of(row.active)),
    ],
    order=[User.username.expression],
)
"""Narrowed by words in user name or display name, role and activity."""


def _post_name(user: User) -> str | None:
    post = user.area or user.station or user.company
    return None if post is None else post.name


def _days(chosen: AuditFilter) -> Conditions:
    conditions: Conditions = []
    if chosen.since:
        conditions.append(AuditEntry.at_utc >= day_bounds(chosen.since)[0])
    if chosen.until:
        conditions.append(AuditEntry.at_utc < day_bounds(chosen.until)[1])
    return conditions


def _rest(chosen: AuditFilter) -> Conditions:
    conditions: Conditions = []
    if chosen.action:
        conditions.append(AuditEntry.action.startswith(chosen.action, autoescape=True))
    if chosen.result:
        conditions.append(AuditEntry.result == chosen.result)
    return conditions


AUDITED = Narrowing[AuditFilter](_days, [Way.of_value(AuditEntry.actor_id, lambda chosen: chosen.actor_id)], _rest)


def _entries(_by: Actor, chosen: AuditFilter) -> Select[tuple[AuditEntry]]:
    return select(AuditEntry).where(*AUDITED.conditions(chosen))


AUDIT_TRAIL: Listing[AuditEntry, AuditFilter] = Listing(
    _entries,
    [
        Column("at", message("When"), value=lambda row: row.at_utc),
        Column("who", message("Who")),
        Column("action", message("Event")),
        Column("record", message("Record"), value=lambda row: f"{row.subject_kind} {row.subject_id or ''}".strip()),
        Column("result", message("Result"), value=lambda row: row.result),
        Column("details", message("Details")),
    ],
    order=[AuditEntry.at_utc.desc(), AuditEntry.id.desc()],
    reach=AUDITED.reach,
)
"""The latest first."""


def names_of(session: Session, user_ids: Sequence[int]) -> dict[int, str]:
    """Return display names by user id, for rows that keep the id only."""
    rows = session.execute(select(User.id, User.display_name).where(User.id.in_(set(user_ids))))
    return {row.id: row.display_name for row in rows}


def list_named(session: Session, text: str, limit: int, *, holding: str, by: Actor) -> list[tuple[str, str]]:
    """Return user name and display name of the accounts with a permission that ``text`` may mean, active or not.

    A user name means its account alone. For area posts: those of their subtree, and of the areas above it.
    """
    roles = [role for role in Role if holding in PERMISSIONS[role]]
    named = contains(User.display_name, text)
    query = select(User.username, User.display_name).where(User.role.in_(roles))
    path = by.scope.area_path
    if path is not None:
        query = query.join(Area, User.area_id == Area.id)
        query = query.where(or_(Area.path.startswith(path), Area.path.in_(paths_down_to(path))))
    own = session.execute(query.where(User.username == text.lower())).tuples().all()
    rows = own or session.execute(query.where(named).order_by(User.display_name, User.id).limit(limit)).tuples().all()
    return [(username, name) for username, name in rows]


def watchers_of(session: Session, area_path: str) -> Sequence[int]:
    """Return ids of the active grid officers and leaders who answer for an area: their post is it, or lies above it."""
    query = (
        select(User.id)
        .join(Area, User.area_id == Area.id)
        .where(User.active.is_(True), User.role.in_((Role.GRID, Role.LEADER)), Area.path.in_(paths_down_to(area_path)))
    )
    return session.scalars(query.order_by(User.id)).all()


def commanders_at(session: Session, area_id: int) -> Sequence[int]:
    """Return ids of the active supervisors and analysts whose post is this very area."""
    query = select(User.id).where(
        User.active.is_(True), User.role.in_((Role.SUPERVISOR, Role.ANALYST)), User.area_id == area_id
    )
    return session.scalars(query.order_by(User.id)).all()


def contacts_of(session: Session, company_id: int) -> Sequence[int]:
    """Return ids of the active contacts of a company."""
    query = select(User.id).where(User.active.is_(True), User.role == Role.COMPANY, User.company_id == company_id)
    return session.scalars(query.order_by(User.id)).all()


def answering_for(session: Session, company_id: int | None, area: Area | None) -> Sequence[int]:
    """Return ids of who answers for a company, else for an area; nobody for neither."""
    if company_id is not None:
        return contacts_of(session, company_id)
    return watchers_of(session, area.path) if area is not None else ()


@dataclass(frozen=True)
class Post:
    """Ids of the post named by codes; what was not named is None."""

    area_id: int | None
    station_id: int | None
    company_id: int | None


def find_post(session: Session, area: str, station: str, company: str) -> Post:
    """Return the post named by the codes of an area, a station or a company; raise Missing."""
    return Post(
        _id_of(session, Area, area),
        _id_of(session, Station, station),
        _id_of(session, Company, company),
    )


def _id_of(session: Session, model: type[Area | Station | Company], code: str) -> int | None:
    if not code:
        return None
    post_id = session.scalar(select(model.id).where(model.code == code))
    if post_id is None:
        raise Missing(message("Nothing has the code %(code)s.", code=code))
    return post_id
