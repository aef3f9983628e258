"""The token against forged requests, written differently in every answer (see docs/adr/0018-compression.md)."""

from __future__ import annotations

import binascii
import secrets
from base64 import urlsafe_b64decode, urlsafe_b64encode

from flask import Flask, g
from flask_wtf.csrf import CSRFError, CSRFProtect, generate_csrf

from trafficedu.core import kept, seen


def masked(token: str) -> str:
    """Write a token over a pad that is used once: two results share nothing but what chance gives."""
    plain = token.encode()
    pad = secrets.token_bytes(len(plain))
    return urlsafe_b64encode(pad + _over(plain, pad)).decode()


def unmasked(text: str | None) -> str | None:
    """Return the token that was masked; None where the text is none, which is refused like a missing token."""
    try:
        both = urlsafe_b64decode((text or "").encode("ascii"))
        pad, covered = both[: len(both) // 2], both[len(both) // 2 :]
        return _over(covered, pad).decode("ascii")
    except (binascii.Error, UnicodeError, ValueError):
        return None


def _over(text: bytes, pad: bytes) -> bytes:
    if len(text) != len(pad):
        raise ValueError("a pad is as long as what it covers")
    return (int.from_bytes(text) ^ int.from_bytes(pad)).to_bytes(len(text))


def masked_token() -> str:
    """Return this answer's token: the same in all its forms, and in no other answer."""
    if "masked_token" not in g:
        g.masked_token = masked(generate_csrf())
    return str(g.masked_token)


class MaskedProtection(CSRFProtect):
    """Flask-WTF's protection with masked tokens on its pages and in what they send."""

    def init_app(self, app: Flask) -> None:
        """Protect every view, and give templates the masked token in place of the plain one."""
        super().init_app(app)
        app.jinja_env.globals["csrf_token"] = masked_token
        app.context_processor(lambda: {"csrf_token": masked_token})

    def protect(self, apply_exemptions: bool = False) -> None:
        """Refuse a token that is no longer good; from the one for whom the page was drawn the form is shown again."""
        try:
            super().protect(apply_exemptions)
        except CSRFError as error:
            if not kept.may_be_shown_again():
                raise
            seen.hold(seen.Held(kept.TOKEN_TEXT, 400), error)

    def _get_csrf_token(self) -> str | None:
        return unmasked(super()._get_csrf_token())
