"""Handing out a part of a video, as players ask for it: at most one piece is in memory."""

from __future__ import annotations

from collections.abc import Iterator

from flask import Response, request
from werkzeug.http import parse_range_header

from trafficedu.core.database import session
from trafficedu.core.errors import Missing
from trafficedu.core.services import services_of
from trafficedu.core.text import message
from trafficedu.films.models import Film
from trafficedu.films.services.films import PIECE_BYTES


def answer_video(film: Film) -> Response:
    """Return the part of a film's file that the request asks for (206), all of it (200), or none there is (416)."""
    if not film.is_video:
        raise Missing(message("This film has no video file."))
    store, keys, size = services_of(session()).evidence, [piece.key for piece in film.pieces], film.bytes
    headers = {"Accept-Ranges": "bytes", "Cache-Control": "private, max-age=3600"}
    asked = parse_range_header(request.headers.get("Range"))
    first, last, status = 0, size - 1, 200
    if asked is not None and asked.units == "bytes" and len(asked.ranges) == 1:
        ((begin, _end),) = asked.ranges
        # the last n bytes of a file that has fewer are all of it (RFC 9110, 14.1.2)
        found = (0, size) if begin < -size else asked.range_for_length(size)
        if found is None:
            return Response(status=416, headers={**headers, "Content-Range": f"bytes */{size}"})
        # no more than a piece at once: a player asks for the next one, and nobody holds a thread for a whole film
        first, last, status = found[0], min(found[1], found[0] + PIECE_BYTES) - 1, 206
        headers["Content-Range"] = f"bytes {first}-{last}/{size}"

    def parts() -> Iterator[bytes]:
        at = first
        while at <= last:
            place, offset = divmod(at, PIECE_BYTES)
            part = store.read(keys[place])[offset : offset + last - at + 1]
            at += len(part)
            yield part

    headers["Content-Length"] = str(last - first + 1)
    return Response(parts(), status, headers, mimetype=film.media_type)
