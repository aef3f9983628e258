"""Users for tests."""

from __future__ import annotations

import secrets
from functools import cache
from typing import Any

import argon2
from sqlalchemy.orm import Session

from trafficedu.accounts.models import User

PASSWORD = "correct horse battery"
CHEAP = argon2.PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
"""Hashes passwords at next to no price."""


@cache
def password_hash() -> str:
    """One cheap hash of :data:`PASSWORD`, made once."""
    return CHEAP.hash(PASSWORD)


def make_user(session: Session, role: str, **values: Any) -> User:
    """Add a user of ``role`` with :data:`PASSWORD`; posts (``area_id`` ...) are given by the caller."""
    user = User(
        username=f"{role}{secrets.token_hex(3)}",
        display_name=values.pop("display_name", f"测试{role}"),
        role=role,
        password_hash=password_hash(),
        session_stamp=secrets.token_hex(16),
        **values,
    )
    session.add(user)
    session.flush()
    return user
