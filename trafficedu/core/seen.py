"""What the page saw: every form carries a mark of the record it acts on; where that is another by now, nothing is done.

A view says what it acts on by :func:`seen`, and the form on its page carries :func:`mark_of` the same (docs/pages.md).
Where they differ, somebody else was quicker: nothing is written, the page says what happened meanwhile and shows what
was typed. What was posted and may not be acted upon, for this reason or another, is *held* (:class:`Held`).
"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, TypeVar, cast

from flask import Flask, Response, current_app, g, request
from sqlalchemy import inspect
from sqlalchemy.orm import InstanceState

from trafficedu.core import transactions
from trafficedu.core.database import session
from trafficedu.core.errors import Stale
from trafficedu.core.orm import Base, Versioned
from trafficedu.core.states import CHANGED
from trafficedu.core.text import Message

Record = TypeVar("Record")
FIELD = "seen"
"""The field that carries the mark."""
View = TypeVar("View", bound=Callable[..., Any])


def changes_nothing_seen(reason: str) -> Callable[[View], View]:
    """Mark a view whose POST rests on no record that somebody may have changed meanwhile; ``reason`` says why."""

    def mark(view: View) -> View:
        view.unseen_reason = reason  # type: ignore[attr-defined]
        return view

    return mark


@dataclass
class Held:
    """What was posted and is shown again instead of being acted upon: why, and what happened to the records.

    ``code`` is the status of the answer; ``version`` that of the record now, for the form that is sent next.
    """

    text: Message
    code: int
    records: list[Any] = field(default_factory=list)
    version: int = 0


def held() -> Held | None:
    """Return why nothing of this request is acted upon, None where it is."""
    return cast("Held | None", g.get("held"))


def hold(why: Held, error: Exception) -> None:
    """Show what was posted again instead of acting upon it; whoever begins to write raises ``error``."""
    g.held = why
    transactions.refuse_writing(session(), error)


@contextmanager
def sent_twice(is_done: Callable[[], bool]) -> Iterator[None]:
    """Pass over what was refused as :class:`Stale` where it is what was done meanwhile: one form, sent twice at once.

    ``is_done`` asks whether it is; the records are read anew for it.
    """
    try:
        yield
    except Stale:
        session().expire_all()
        if not is_done():
            raise
        g.pop("held", None)


def mark_of(*facts: Any) -> str:
    """Return the mark of records and values as they are now: it is another as soon as one of them changes.

    Of a record with a version that, of another one all its columns; lists count with what is in them.
    """
    told = "\n".join(_told(fact) for fact in _flat(facts))
    return hmac.digest(_key(), told.encode("utf-8", "backslashreplace"), hashlib.sha256).hex()[:24]


def seen(record: Record, facts: Callable[[Record], Any] | None = None) -> Record:
    """Say that this view acts on ``record``, and return it.

    The form carries its mark; what is posted with another one than it has now is held, or refused where the address
    shows no form.

    Parameters
    ----------
    facts
        What the page shows of it, where that is more than the record itself, or other than that: of records and values,
        read anew when the change begins.
    """

    def now() -> Any:
        return record if facts is None else facts(record)

    shown = list(_records(_flat((now(),))))
    g.seen_mark = mark_of(now())
    g.seen_version = shown[0].version if shown and isinstance(shown[0], Versioned) else 0
    if request.method == "POST":
        _expect(lambda: mark_of(now()), shown)
    return record


def _expect(present: Callable[[], str], records: list[Any]) -> None:
    """Hold or refuse what was posted from a page that showed something else; look again when the change begins."""
    given = request.form.get(FIELD)
    if given is None and not current_app.config["SEEN_REQUIRED"]:
        return
    if given is not None and hmac.compare_digest(given.encode(), g.seen_mark.encode()):
        transactions.at_beginning(session(), lambda: _same(given, present(), records))
        return
    why = Held(CHANGED, 409, records, g.seen_version)
    if has_page():
        hold(why, Stale(CHANGED))
    else:
        g.held = why
        raise Stale(CHANGED)


def _same(given: str, present: str, records: list[Any]) -> None:
    if given != present:
        g.held = Held(CHANGED, 409, records)
        raise Stale(CHANGED)


def has_page() -> bool:
    """Tell whether the address that was posted to shows the form as well, and a page asked, not its script."""
    rule = request.url_rule
    return rule is not None and "GET" in (rule.methods or ()) and request.accept_mimetypes.best != "application/json"


def _key() -> bytes:
    return f"seen:{current_app.config['SECRET_KEY']}".encode()


def _flat(facts: Iterable[Any]) -> Iterator[Any]:
    for fact in facts:
        if isinstance(fact, (list, tuple)):
            yield from _flat(fact)
        else:
            yield fact


def _records(facts: Iterable[Any]) -> Iterator[Any]:
    return (fact for fact in facts if isinstance(fact, Base))


def _told(fact: Any) -> str:
    if not isinstance(fact, Base):
        return json.dumps(fact, default=str, sort_keys=True)
    state: InstanceState[Any] = inspect(fact)
    if isinstance(fact, Versioned):
        return json.dumps([fact.__tablename__, state.identity, fact.version])
    columns = [column.key for column in state.mapper.column_attrs if not column.deferred]
    return json.dumps([fact.__tablename__, *(getattr(fact, key) for key in columns)], default=str, sort_keys=True)


def init_seen(app: Flask) -> None:
    """Give templates the mark, and what is held its status."""
    app.config.setdefault("SEEN_REQUIRED", True)
    app.jinja_env.globals.update(mark_of=mark_of, seen_mark=lambda: g.get("seen_mark"), held_back=held)

    @app.after_request
    def _status(answer: Response) -> Response:
        """Give a page that shows what was held the status that says so."""
        why = held()
        if why is not None and answer.status_code in {200, 422}:
            answer.status_code = why.code
        return answer
