"""Films: shipped ones, drafts, videos taken in, in use and retired, next versions. Flushes, never commits."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from datetime import datetime
from typing import IO, Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from trafficedu.configuration.queries import figure
from trafficedu.core import audit
from trafficedu.core.actors import Actor
from trafficedu.core.catalogue import REFERENCE
from trafficedu.core.errors import Refusal
from trafficedu.core.orm import expect_version, flush_or_refuse
from trafficedu.core.parsing import CODE
from trafficedu.core.services import services_of
from trafficedu.core.text import message
from trafficedu.education.models.courses import Course
from trafficedu.films.models import Film, FilmPiece, FilmSegment
from trafficedu.films.queries.films import lengths_of
from trafficedu.films.rules import containers
from trafficedu.films.rules.pictures import PICTURES
from trafficedu.films.rules.segments import (
    LONGEST_CODE,
    NewFilm,
    NewSegment,
    check,
    check_whole,
)
from trafficedu.films.rules.words import FILM_LIFE, FilmAct, FilmKind, FilmState
from trafficedu.quizzes.rules.questions import Both

MANAGE = "films:film:manage"
SHIPPED = "films.json"
PIECE_BYTES = 1024 * 1024
"""A video is kept in pieces of a mebibyte: whoever asks for a part of it has no more than that read at once."""


def load_shipped(session: Session, now: datetime) -> int:
    """Add the shipped films whose code the installation does not have yet; never changes one. Returns how many."""
    known, fresh = set(session.scalars(select(Film.code))), []
    for row in json.loads((REFERENCE / SHIPPED).read_text(encoding="utf-8")):
        if row["code"] not in known:
            film = Film(code=row["code"], number=1, kind=FilmKind.PICTURES, state=FilmState.IN_USE, made_utc=now)
            _write(film, _shipped(row))
            fresh.append(film)
    session.add_all(fresh)
    session.flush()
    return len(fresh)


def _shipped(row: dict[str, Any]) -> NewFilm:
    ends, segments = 0, []
    for each in row["segments"]:
        ends += each["seconds"]
        texts = (Both("\n".join(each["zh"]), "\n".join(each["en"])), Both(each["source_zh"], each["source_en"]))
        segments.append(NewSegment(ends, Both(each["title_zh"], each["title_en"]), *texts, each["sign"]))
    return NewFilm(Both(row["title_zh"], row["title_en"]), row["courses"], segments)


def add_film(
    session: Session, code: str, new: NewFilm, by: Actor, now: datetime, video: IO[bytes] | None = None
) -> Film:
    """Add a film as a draft, of pictures or with the file of a video.

    Raises
    ------
    Refusal
        The code is in use or none (``code``), the file is no video that phones play or too large (``video``), or what
        was entered cannot be meant, at its field.
    """
    if not CODE.fullmatch(code) or len(code) > LONGEST_CODE:
        text = message("Write the code with letters, digits and hyphens, at most %(most)d of them.", most=LONGEST_CODE)
        raise Refusal(text, field="code", value=code)
    check(new, _courses(session), PICTURES)
    kind = FilmKind.VIDEO if video is not None else FilmKind.PICTURES
    film = Film(code=code, number=1, kind=kind, made_utc=now, made_by_id=by.user_id)
    in_use = Refusal(
        message("This code is in use. Open that film and make its next version."), field="code", value=code
    )
    if session.scalar(select(Film.id).where(Film.code == code).limit(1)) is not None:
        raise in_use
    _write(film, new)
    if video is not None:
        _take_in(session, film, video)
    session.add(film)
    flush_or_refuse(session, {"film.code": in_use})
    audit.write(session, MANAGE, by, subject=film, code=code, number=1, act="add")
    return film


def change_film(session: Session, film: Film, new: NewFilm, by: Actor, *, seen: int | None = None) -> None:
    """Write what a draft consists of. Raises Stale where it is no draft any more, Refusal at the field."""
    if seen is not None:
        expect_version(film, seen)
    FILM_LIFE.require(FilmAct.CHANGE, film.state)
    check(new, _courses(session), PICTURES)
    _write(film, new)
    session.flush()
    audit.write(session, MANAGE, by, subject=film, code=film.code, number=film.number, act="change")


def release_film(session: Session, film: Film, by: Actor) -> None:
    """Give a film to riders from now on; the version in use until now is retired, and ended by who began it.

    Raises Stale, or Refusal where it is not cut whole or lacks words in one of the languages.
    """
    FILM_LIFE.require(FilmAct.RELEASE, film.state)
    check_whole(film.as_entered, film.kind, film.seconds, lengths_of(session))
    for other in session.scalars(select(Film).where(Film.code == film.code, Film.state == FilmState.IN_USE)):
        retire_film(session, other, by)
    film.state = FILM_LIFE.after(FilmAct.RELEASE, film.state)
    session.flush()
    audit.write(session, MANAGE, by, subject=film, code=film.code, number=film.number, act="release")


def retire_film(session: Session, film: Film, by: Actor) -> None:
    """Give a film to nobody new; who began it may end it. Raises Stale where it is retired already."""
    film.state = FILM_LIFE.after(FilmAct.RETIRE, film.state)
    session.flush()
    audit.write(session, MANAGE, by, subject=film, code=film.code, number=film.number, act="retire")


def next_version(session: Session, film: Film, by: Actor, now: datetime) -> Film:
    """Make a draft of the next version of a film, with the same content; a draft there is already is given again."""
    draft = session.scalar(
        select(Film).where(Film.code == film.code, Film.state == FilmState.DRAFT).order_by(Film.number.desc()).limit(1)
    )
    if draft is not None:
        return draft
    last = session.scalar(select(func.max(Film.number)).where(Film.code == film.code)) or film.number
    copied = {name: getattr(film, name) for name in ("code", "kind", "media_type", "bytes", "seconds")}
    fresh = Film(number=last + 1, made_utc=now, made_by_id=by.user_id, **copied)
    _write(fresh, film.as_entered)
    fresh.pieces = [FilmPiece(position=piece.position, key=piece.key) for piece in film.pieces]
    session.add(fresh)
    session.flush()
    audit.write(session, MANAGE, by, subject=fresh, code=film.code, number=fresh.number, act="add")
    return fresh


def read_part(session: Session, keys: Sequence[str], first: int, last: int) -> bytes:
    """Return the bytes of a video from ``first`` to ``last`` that lie in the piece of ``first``, at most."""
    place, offset = divmod(first, PIECE_BYTES)
    piece = services_of(session).evidence.read(keys[place])
    return piece[offset : offset + last - first + 1]


def _courses(session: Session) -> set[str]:
    return set(session.scalars(select(Course.code)))


def _write(film: Film, new: NewFilm) -> None:
    """Write title, courses and segments; a film of pictures is as long as its segments."""
    film.title_zh, film.title_en = new.title.zh, new.title.en
    film.courses = f" {' '.join(new.courses)} " if new.courses else ""
    kept = {segment.position: segment for segment in film.segments}
    begins, segments = 0, []
    for position, given in enumerate(new.segments, 1):
        segment = kept.get(position) or FilmSegment(position=position)
        segment.begins_at, segment.ends_at = begins, given.ends_at
        segment.title_zh, segment.title_en = given.title.zh, given.title.en
        segment.text_zh, segment.text_en = given.text.zh, given.text.en
        segment.source_zh, segment.source_en, segment.sign = given.source.zh, given.source.en, given.sign
        segments.append(segment)
        begins = segment.ends_at
    film.segments = segments
    if film.kind == FilmKind.PICTURES:
        film.seconds = begins


def _take_in(session: Session, film: Film, video: IO[bytes]) -> None:
    """Keep the file of a video in pieces, once its content has said what it is."""
    size = video.seek(0, os.SEEK_END)
    most = figure(session, "films.most_megabytes")
    if size > most * 1024 * 1024:
        raise Refusal(message("The file is larger than %(most)d MB.", most=most), field="video")
    try:
        found = containers.read(video, size)
    except containers.Unreadable as error:
        text = message(
            "This file is no WebM or MP4 (H.264, VP8, VP9, AV1) video that phones play, "
            "or does not say how long it is. Convert it."
        )
        raise Refusal(text, field="video") from error
    film.media_type, film.bytes, film.seconds = found.media_type, size, round(found.seconds)
    video.seek(0)
    store = services_of(session).evidence
    for position, piece in enumerate(iter(lambda: video.read(PIECE_BYTES), b"")):
        film.pieces.append(FilmPiece(position=position, key=store.save(piece)))
