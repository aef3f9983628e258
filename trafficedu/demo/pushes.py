"""Channels and pushes of the demo, to invented addresses: the inbox and the delivery log have something to show."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from trafficedu.accounts.queries import actor_of, watchers_of
from trafficedu.accounts.rules import Role
from trafficedu.areas.models import Area
from trafficedu.core.actors import SYSTEM
from trafficedu.core.text import message
from trafficedu.demo.accounts import list_documented
from trafficedu.messages.queries import list_kinds
from trafficedu.messages.services import channels, outbox

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
        message("Messages arrive here"),
        message("On your channels too, once you have added one: e-mail, or the robot of a group."),
        "/messages/channels",
    )
    told = outbox.push(session, welcome, [user.id for user in users], SYSTEM, now - timedelta(days=2))
    posts = {user.area for user in users if user.role in {Role.GRID, Role.LEADER} and user.area is not None}
    return told + sum(_tell_of_month(session, area, now) for area in sorted(posts, key=lambda area: area.path))


def _tell_of_month(session: Session, area: Area, now: datetime) -> int:
    """Tell those who answer for an area that the figures of the last month are there."""
    month = now.date().replace(day=1) - timedelta(days=1)
    figures = outbox.NewPush(
        f"demo:month:{area.code}",
        message("%(area)s: the figures of %(month)s are here", area=area.name, month=f"{month:%Y-%m}"),
        message("Look at violations, study and feedback in your area, and at what is overdue."),
        f"/overview?area={area.code}",
    )
    return outbox.push(session, figures, watchers_of(session, area.path), SYSTEM, now - timedelta(hours=5))
