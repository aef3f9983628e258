"""The service as a phone keeps it: its name and signs for the home screen, and the worker that opens pages alone.

Both say the same to everybody and hold no data: names of pages, of files of the build. Which pages are kept, and where
each sends what it kept, says ``app.KEPT_PAGES``; what they do without a network is theirs
(docs/adr/0037-without-a-network.md).
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from flask import Blueprint, Flask, Response, current_app, make_response, request, url_for
from flask_babel import gettext as _

from trafficedu.core import pages as frame
from trafficedu.core.access import actor, open_to_all
from trafficedu.core.lanes import kerb
from trafficedu.core.web import locale

installed = Blueprint("installed", __name__)
ICONS = {"icon-192.png": "any", "icon-512.png": "any", "icon-maskable-512.png": "maskable"}
"""Drawn by the build -> what a phone may do with them."""
ACCENT, PAPER = "#0b5f6b", "#f5f6f6"
FRAME = ("app.css", "app.js")
_PAGES = "kept_pages"


@dataclass(frozen=True)
class KeptPage:
    """A page that opens without a network: its endpoint, that of the copy without a name, and its own script.

    What its form makes waits in the one queue as ``what``, and is sent to the endpoint ``sent``; "" where the page has
    a store of its own. ``stands_for`` is a pattern of addresses in whose place it opens where there is no network.
    """

    page: str
    kept: str
    script: str
    what: str = ""
    sent: str = ""
    stands_for: str = ""


@installed.get("/manifest.webmanifest")
@open_to_all("a phone reads it without the cookie")
@kerb
def manifest() -> Response:
    """My phone asks under which name and sign to keep the service on its first screen."""
    start = current_app.extensions[_PAGES][0].page
    icons = [
        {"src": frame.asset(name), "sizes": "x".join(2 * [name.rpartition("-")[2][:-4]]), "type": "image/png"}
        | {"purpose": purpose}
        for name, purpose in ICONS.items()
    ]
    said: dict[str, Any] = {
        "id": url_for(start),
        "name": _("trafficedu, at the kerb"),
        "short_name": _("trafficedu"),
        "lang": "zh-CN" if locale() == "zh" else "en",
        "start_url": url_for(start),
        "scope": url_for("overview.home"),
        "display": "standalone",
        "theme_color": ACCENT,
        "background_color": PAPER,
        "icons": icons,
    }
    return _kept(json.dumps(said, ensure_ascii=False), "application/manifest+json")


@installed.get("/worker.js")
@open_to_all("it names pages and files, and is renewed after the session ended too")
@kerb
def worker() -> Response:
    """My phone learns which pages it keeps, and which files they need."""
    kept: Sequence[KeptPage] = current_app.extensions[_PAGES]
    assets = [frame.asset(name) for name in (*FRAME, *(each.script for each in kept))]
    assets.append(url_for("static", filename="icon.svg"))
    facts = {
        "pages": {url_for(each.page): url_for(each.kept) for each in kept},
        "instead": {each.stands_for: url_for(each.page) for each in kept if each.stands_for},
        "home": url_for("overview.home"),
        "assets": assets,
        "cache": f"assets-{hashlib.sha256(json.dumps(assets).encode()).hexdigest()[:12]}",
    }
    script = (frame.BUILD / frame.asset("worker.js").rsplit("/", 1)[-1]).read_text("utf-8")
    return _kept(f"self.KEPT = {json.dumps(facts)};\n{script}", "text/javascript; charset=utf-8")


def _kinds() -> dict[str, dict[str, str]]:
    """Return what a phone keeps, by its name in the queue: the page that puts it right, and what takes it."""
    kept: Sequence[KeptPage] = current_app.extensions[_PAGES]
    return {each.what: {"page": url_for(each.page), "send": url_for(each.sent)} for each in kept if each.what}


def _copies() -> list[str]:
    """Return the copies that a phone keeps of the pages whoever is signed in may open."""
    kept: Sequence[KeptPage] = current_app.extensions[_PAGES]
    views = current_app.view_functions
    return [url_for(each.kept) for each in kept if actor().may(getattr(views[each.kept], "permission", ""))]


def _kept(text: str, kind: str) -> Response:
    """Answer with what is asked for again each time, and sent anew only where it is another."""
    answer = make_response(text)
    answer.headers["Content-Type"] = kind
    answer.headers["Cache-Control"] = "no-cache"
    answer.add_etag()
    answer.make_conditional(request)
    return answer


def init_installed(app: Flask, kept: Sequence[KeptPage]) -> None:
    """Serve both; the first of the ``kept`` pages is the one that the sign on the phone opens."""
    app.extensions[_PAGES] = kept
    app.jinja_env.globals.update(kept_kinds=_kinds, kept_copies=_copies)
    app.register_blueprint(installed)
