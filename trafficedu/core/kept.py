"""What was typed is kept: through a sign-in, past a token that ended, and on the page that says what happened since.

Every form carries when its page was drawn and for whom, sealed by a mark (:func:`opened_mark`). What that person
posted and what may not be acted upon is shown again to the same person, never sent by itself
(docs/adr/0032-what-the-page-saw.md). Must not know any feature.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit

from flask import Flask, Response, current_app, request
from werkzeug.exceptions import BadRequest, HTTPException, RequestEntityTooLarge
from werkzeug.routing import RequestRedirect

from trafficedu.core import access, filled, seen
from trafficedu.core.clock import utc_now
from trafficedu.core.database import session
from trafficedu.core.services import services_of
from trafficedu.core.text import message

OPENED, AGAIN, KEPT = "opened", "again", "kept"
"""Fields: when and for whom the page was drawn; show it again; what is kept through a sign-in."""
BUTTONS = frozenset({"action", "step", "back"})
"""What a button says beside the form: which of several it is, and the page it stands on."""
TECHNICAL = BUTTONS | {"csrf_token", seen.FIELD, OPENED, AGAIN, KEPT, "version", "seen_from", "client_reference"}
"""Fields that nobody typed."""
BY_SCRIPT = "X-Kept-Page"
"""The header by which a page's own script says that it keeps the page until it knows what came of the form."""
MOST_CHARACTERS = 200_000
KEPT_FOR = timedelta(hours=12)
_PURPOSE = "kept"

AGAIN_TEXT = message("Nothing has been sent yet.")
TOKEN_TEXT = message("You signed in again since this page was opened. Nothing was saved. Check it and send it again.")


def opened_mark() -> str:
    """Return when this page is drawn and for whom, for a form: milliseconds since 1970, and a mark of the account."""
    return f"{int(utc_now().timestamp() * 1000)}.{_mark_of_account(access.actor().user_id)}"


def opened_at() -> datetime:
    """Return when the page was drawn that posted this; a day ago where it does not say."""
    stamp = request.form.get(OPENED, "").partition(".")[0]
    earliest = utc_now() - timedelta(days=7)
    if not (stamp.isascii() and stamp.isdigit() and len(stamp) <= 13):
        return utc_now() - timedelta(days=1)
    return max(earliest, datetime.fromtimestamp(int(stamp) / 1000, UTC))


def belongs_to(user_id: int | None) -> bool:
    """Tell whether the page that posted this was drawn for ``user_id``."""
    given = request.form.get(OPENED, "").partition(".")[2]
    return user_id is not None and hmac.compare_digest(given.encode(), _mark_of_account(user_id).encode())


def may_be_shown_again() -> bool:
    """Tell whether the page that was posted to can show what was typed, to the one who typed it."""
    return seen.has_page() and belongs_to(access.actor().user_id) and not _holds_secrets()


def _holds_secrets() -> bool:
    """Tell whether the page is one of those that everybody has for themselves: passwords are typed there."""
    view = current_app.view_functions.get(request.endpoint or "")
    return not hasattr(view, "permission")


@dataclass(frozen=True)
class Body:
    """What was posted: where to, what was typed, and the names of files, which are not kept."""

    path: str
    fields: Sequence[tuple[str, str]]
    files: Sequence[str] = ()

    @property
    def typed(self) -> list[tuple[str, str]]:
        """What a person typed or chose: the field's label, "" where it has none, and the value in words."""
        typed = [(name, value) for name, value in self.fields if name not in TECHNICAL and value.strip()]
        return filled.told(self.path, typed)

    @property
    def is_shown_by_its_page(self) -> bool:
        """Whether its address shows a form that can be filled in again; elsewhere it is a button."""
        try:
            current_app.url_map.bind("").match(urlsplit(self.path).path, "GET")
        except (HTTPException, RequestRedirect):
            return False
        return True

    def again(self) -> list[tuple[str, str]]:
        """Return the fields to post once more from a page drawn now."""
        return [(name, value) for name, value in self.fields if name not in {"csrf_token", AGAIN, KEPT}]


def posted() -> Body:
    """Return what this request posted, nothing where it is larger than the installation takes."""
    if _is_too_large():
        return Body(request.full_path.rstrip("?"), ())
    fields = [(name, value) for name, values in request.form.lists() for value in values]
    files = [file.filename for file in request.files.values() if file.filename]
    return Body(request.full_path.rstrip("?"), fields, files)


def _is_too_large() -> bool:
    """Tell whether what was posted is not read, for it is larger than the installation takes."""
    try:
        request.form.get(OPENED)
    except RequestEntityTooLarge:
        return True
    return False


def sealed() -> str:
    """Return what this request posted, sealed for whoever its page was drawn for; "" where nothing can be kept."""
    mark = "" if _is_too_large() else request.form.get(OPENED, "").partition(".")[2]
    if request.method != "POST" or not mark or _holds_secrets():
        return ""
    body = posted()
    told = json.dumps([int(utc_now().timestamp()), mark, body.path, list(body.again()), list(body.files)])
    return services_of(session()).keyring.seal(told, _PURPOSE) if len(told) <= MOST_CHARACTERS else ""


def unsealed(token: str, user_id: int) -> Body | None:
    """Return what was sealed before ``user_id`` signed in; None where it is too old, or was typed by somebody else."""
    try:
        at, mark, path, fields, files = json.loads(services_of(session()).keyring.unseal(token, _PURPOSE))
    except Exception:  # whatever is wrong with it, it is no body of ours
        return None
    young = utc_now().timestamp() - at < KEPT_FOR.total_seconds()
    if not young or not hmac.compare_digest(mark.encode(), _mark_of_account(user_id).encode()):
        return None
    return Body(path, [(name, value) for name, value in fields], files)


def shown_again(body: Body) -> list[tuple[str, str]]:
    """Return what has to be posted so that the page of ``body`` shows it; what is a button only does it."""
    return [*body.again(), *([(AGAIN, "show")] if body.is_shown_by_its_page else [])]


def way_back() -> str:
    """Return the page of the record that was acted on: above the form's address, or where the button was pressed."""
    came_from = urlsplit(request.referrer or "")
    if not seen.has_page() and came_from.netloc == request.host and came_from.path != request.path:
        return came_from.path + (f"?{came_from.query}" if came_from.query else "")
    parts = request.path.strip("/").split("/")
    for count in range(len(parts) - 1, 0, -1):
        above = "/" + "/".join(parts[:count])
        if Body(above, []).is_shown_by_its_page:
            return request.script_root + above
    return request.script_root + "/"


def account_mark() -> str:
    """Return a mark of the account that asks, "" for a visitor: it tells one from another and names nobody."""
    return _mark_of_account(access.actor().user_id)


def _mark_of_account(user_id: int | None) -> str:
    key = f"account:{current_app.config['SECRET_KEY']}".encode()
    return "" if user_id is None else hmac.digest(key, str(user_id).encode(), hashlib.sha256).hex()[:20]


def init_kept(app: Flask) -> None:
    """Give templates the marks of a page, and show again what asks to be shown."""
    seen.init_seen(app)
    app.jinja_env.globals.update(opened_mark=opened_mark, account_mark=account_mark)

    @app.after_request
    def _tell_address(answer: Response) -> Response:
        """Tell a page's own script, which keeps the page until it knows, where the answer leads."""
        if BY_SCRIPT in request.headers and answer.status_code in {301, 302, 303} and answer.location:
            address = answer.location
            del answer.headers["Location"]
            answer.status_code, answer.mimetype, answer.data = 200, "application/json", json.dumps({"address": address})
        return answer

    @app.before_request
    def _show_again() -> None:
        if request.method == "POST" and AGAIN in request.form and may_be_shown_again():
            seen.hold(seen.Held(AGAIN_TEXT, 200), BadRequest())
