"""Headers that every answer carries. One hook instead of a dependency (see docs/adr/0004-security-headers.md)."""

from __future__ import annotations

from itertools import chain

from flask import Flask, Response, abort, g, request
from flask.sessions import SecureCookieSessionInterface, SessionMixin

POLICY = (
    "default-src 'self'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; "
    "object-src 'none'; base-uri 'none'; frame-ancestors 'none'; form-action 'self'"
)
CALCULATING_POLICY = POLICY.replace("script-src 'self'", "script-src 'self' 'wasm-unsafe-eval'")
"""Of a worker's own script: a worker lives under the policy of its file, and no page has to allow WebAssembly."""


def standing_headers(*, https: bool) -> dict[str, str]:
    """Return what every answer carries, files of the build included."""
    headers = {
        "Content-Security-Policy": POLICY,
        "X-Content-Type-Options": "nosniff",
        "Referrer-Policy": "same-origin",
        "Permissions-Policy": "geolocation=(self), camera=(self), microphone=()",
        "Cross-Origin-Opener-Policy": "same-origin",
    }
    return {**headers, "Strict-Transport-Security": "max-age=31536000; includeSubDomains"} if https else headers


class CookieSessions(SecureCookieSessionInterface):
    """Sessions in a signed cookie.

    A view that sets ``g.varies_by_address_alone`` answers the same to everybody who may ask: a browser keeps that
    answer although the cookie changes, as it does with every message that is waiting to be shown.
    """

    def save_session(self, app: Flask, session: SessionMixin, response: Response) -> None:
        """Send the cookie where it changed."""
        super().save_session(app, session, response)
        if g.get("varies_by_address_alone") and "Set-Cookie" not in response.headers:
            response.vary.discard("cookie")  # Werkzeug finds it in lower case only


def init_security(app: Flask, *, https: bool) -> None:
    """Attach the headers and the refusal of NUL; ``https`` adds Strict-Transport-Security."""
    standing = standing_headers(https=https)
    app.session_interface = CookieSessions()

    @app.before_request
    def _refuse_nul() -> None:
        """Answer 400 to a NUL anywhere: no person types one, and PostgreSQL takes none in a text."""
        typed = chain(request.args.lists(), request.form.lists())
        if "\0" in request.path or any("\0" in text for name, found in typed for text in (name, *found)):
            abort(400)

    @app.after_request
    def _headers(response: Response) -> Response:
        headers = response.headers
        for name, value in standing.items():
            headers.setdefault(name, value)
        if request.endpoint != "static":
            headers.setdefault("Cache-Control", "no-store")
        return response
