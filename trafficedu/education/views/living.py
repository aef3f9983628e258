"""Pages that are seen to change: their script asks with the mark of what it shows, and gets the parts that differ."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from flask import Response, jsonify, request

from trafficedu.core.web import wants_sentence

REFRESH_SECONDS = 2.5
"""How often a page asks: what others do is seen within three seconds."""


def tagged(answer: Response, version: str) -> Response:
    """Give an answer the mark of what it shows; nothing on the way may keep it."""
    answer.set_etag(version)
    answer.headers["Cache-Control"] = "private, no-cache"
    return answer


def living(version: str, page: Callable[[], Any], parts: Callable[[], Mapping[str, str]]) -> Any:
    """Answer a reader with the page, and its script with the parts of it by their ids, or with 304."""
    if not wants_sentence():
        return page()
    if request.if_none_match.contains(version):
        return tagged(Response(status=304), version)
    return tagged(jsonify(version=version, parts=dict(parts())), version)
