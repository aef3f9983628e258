"""The table of demo accounts for a terminal, in Chinese and English side by side."""

from __future__ import annotations

from collections.abc import Sequence
from unicodedata import east_asian_width

from trafficedu.accounts.rules import Role
from trafficedu.demo.services import Account

ROLES = {
    Role.OFFICER: ("交警", "officer"),
    Role.SUPERVISOR: ("中队长", "supervisor"),
    Role.STATION: ("交治站工作人员", "station staff"),
    Role.COMPANY: ("企业安全员", "company contact"),
    Role.GRID: ("网格员", "grid officer"),
    Role.LEADER: ("镇街领导", "town leader"),
    Role.ANALYST: ("指挥中心", "analyst"),
    Role.ADMINISTRATOR: ("管理员", "administrator"),
}
HEADER = ("角色", "Role", "用户名 User", "密码 Password", "岗位 Post")


def render(accounts: Sequence[Account], address: str) -> str:
    """Return the address and one line for each account; a Chinese character is two columns wide."""
    rows = [HEADER]
    rows += [(*ROLES[Role(a.role)], a.username, a.password, a.post or "-") for a in accounts]
    widths = [max(_width(row[place]) for row in rows) for place in range(len(HEADER))]
    lines = ["  ".join(_padded(cell, width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]
    rule = "-" * (sum(widths) + 2 * (len(widths) - 1))
    return "\n".join(["", f"地址 Address: {address}", "", lines[0], rule, *lines[1:], ""])


def _width(text: str) -> int:
    return sum(2 if east_asian_width(character) in "WF" else 1 for character in text)


def _padded(text: str, width: int) -> str:
    return text + " " * (width - _width(text))
