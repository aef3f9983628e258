"""What opens the player on a phone: a signed word for one task, given to who proved to be its rider on the own page."""

from __future__ import annotations

from itsdangerous import BadSignature, URLSafeTimedSerializer

COOKIE = "trafficedu_film"
OPEN_SECONDS = 12 * 3600
"""Longer than any film and its pauses; the next day the four characters are asked for again."""


def key_for(secret: str, task: str) -> str:
    """Return what opens the films of a task, by its number."""
    return _signer(secret).dumps(task)


def opens(secret: str, key: str, task: str) -> bool:
    """Tell whether a key opens the films of a task now."""
    try:
        return bool(_signer(secret).loads(key, max_age=OPEN_SECONDS) == task)
    except BadSignature:
        return False


def _signer(secret: str) -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(secret, salt="film")
