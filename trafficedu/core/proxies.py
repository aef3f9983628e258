"""Who asks, where a proxy stands in front: as it says if it is trusted, else everybody is the proxy.

Behind a proxy that nobody named, all protections that count by address count the whole district as one. So the first
request that it forwards is told in the log, and kept for ``trafficedu doctor`` and the administrator's first screen.
"""

from __future__ import annotations

import logging
from contextlib import suppress

from flask import Flask, request
from werkzeug.middleware.proxy_fix import ProxyFix

from trafficedu.core.settings import Settings

FORWARDED = ("X-Forwarded-For", "Forwarded")
logger = logging.getLogger("trafficedu")


def init_proxies(app: Flask, settings: Settings) -> None:
    """Believe as many proxies as the settings name; where they name none, tell once of one that is there."""
    seen = settings.forwarded_seen
    if settings.trusted_proxies:
        app.wsgi_app = ProxyFix(app.wsgi_app, settings.trusted_proxies, settings.trusted_proxies)  # type: ignore[method-assign]
        with suppress(OSError):
            seen.unlink(missing_ok=True)
        return
    told = False

    @app.before_request
    def _tell() -> None:
        nonlocal told
        if told or not any(name in request.headers for name in FORWARDED):
            return
        told = True
        logger.warning("requests are forwarded by a proxy that is not trusted: set TRAFFICEDU_TRUSTED_PROXIES")
        with suppress(OSError):
            seen.touch(0o600)
