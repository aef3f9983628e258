"""A thousand uploads that are no photo, or are more than one: refused or redrawn, never an error, nothing else kept.

The pictures are small and the seed is fixed. What is accepted has to be, in the store, a plain JPEG and nothing else.
"""

from __future__ import annotations

import io
import random
import struct
import zipfile
import zlib
from collections import Counter
from collections.abc import Callable, Iterator

import pytest
from PIL import Image
from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from tests.conftest import Browser
from tests.evidence.test_photos import send
from tests.factories.pictures import camera_photo, plain_photo
from trafficedu.core.services import services_of
from trafficedu.core.storage import FolderStore
from trafficedu.evidence.models import Photo
from trafficedu.violations.models.records import Violation

UPLOADS = 1_000
MARK = b"<script>alert('EVIL-MARK')</script>"


def chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def bomb() -> bytes:
    """Return a PNG of 50,000 by 50,000 pixels in a hundred bytes."""
    head = struct.pack(">IIBBBBB", 50_000, 50_000, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(b"\0" * 100)) + chunk(b"IEND", b"")
    )


def archive() -> bytes:
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w") as packed:
        packed.writestr("index.html", MARK)
    return written.getvalue()


def animated(form: str) -> bytes:
    frames = [Image.new("RGB", (20, 20), colour) for colour in ("red", "green", "blue")]
    written = io.BytesIO()
    frames[0].save(written, form, save_all=True, append_images=frames[1:], duration=50, loop=0)
    return written.getvalue()


def formats() -> list[bytes]:
    """Return pictures of many kinds, of which JPEG, PNG and WebP are taken."""
    shapes = [("JPEG", "L"), ("JPEG", "CMYK"), ("PNG", "P"), ("PNG", "LA"), ("PNG", "1"), ("PNG", "I;16")]
    shapes += [("WEBP", "RGBA"), ("GIF", "P"), ("BMP", "RGB"), ("TIFF", "RGB"), ("PPM", "RGB"), ("ICO", "RGBA")]
    drawn = []
    for form, mode in shapes:
        written = io.BytesIO()
        Image.new("RGB", (20, 20), "teal").convert("I" if mode == "I;16" else mode).convert(mode).save(written, form)
        drawn.append(written.getvalue())
    return [
        *drawn,
        animated("PNG"),
        animated("WEBP"),
        animated("GIF"),
        *(camera_photo((20, 10), turn) for turn in range(9)),
    ]


DISGUISED = [
    b"<svg xmlns='http://www.w3.org/2000/svg' onload='x()'/>",
    b"<!doctype html>" + MARK,
    b"%PDF-1.7\n" + MARK,
    archive(),
    b"MZ" + bytes(200),
    b"#!/bin/sh\nrm -rf /\n",
    b"\x00" * 500,
    b"GIF89a/*" + MARK,
    b"%!PS-Adobe-3.0\n(" + MARK + b") show",
    bomb(),
]


def polyglots(picture: bytes) -> list[bytes]:
    """Return a picture that is something else besides: after its end, in a comment, behind another beginning."""
    comment = b"\xff\xfe" + struct.pack(">H", len(MARK) + 2) + MARK
    return [
        picture + MARK,
        picture + archive(),
        picture[:2] + comment + picture[2:],
        archive() + picture,
        MARK + picture,
        picture + picture,
    ]


def mutated(data: bytes, chance: random.Random) -> bytes:
    """Return ``data`` with bytes changed, cut out, doubled, or its end missing."""
    body = bytearray(data)
    for _each in range(chance.randint(1, 8)):
        place = chance.randrange(len(body))
        act = chance.randrange(4)
        if act == 0:
            body[place] = chance.randrange(256)
        elif act == 1:
            del body[place : place + chance.randint(1, 20)]
        elif act == 2:
            body[place:place] = body[place : place + chance.randint(1, 20)]
        else:
            body[place:] = body[place : place + chance.randint(0, max(1, len(body) - place))]
        body = body or bytearray(b"\0")
    return bytes(body)


def uploads() -> Iterator[bytes]:
    """Yield what is sent: all kinds as they are, all that is disguised, all polyglots, then mutations of these."""
    chance = random.Random(20261120)
    plain = formats()
    seeds = [*plain, *DISGUISED, *(made for picture in plain[:3] for made in polyglots(picture))]
    yield from seeds
    for _each in range(UPLOADS - len(seeds)):
        yield mutated(chance.choice(seeds), chance)


@pytest.mark.one_database
def test_a_thousand_uploads_leave_pictures_alone(session: Session, phone: Browser, violation: Violation) -> None:
    store = services_of(session).evidence
    assert isinstance(store, FolderStore)
    before = {path for path in store.folder.rglob("*") if path.is_file()}
    answers: Counter[int] = Counter()
    for place, data in enumerate(uploads()):
        answer = send(phone, violation.number, data, f"key-of-an-upload-{place}")
        answers[answer.status_code] += 1
        assert answer.status_code in {200, 201, 422}, (place, answer.status_code)
        if place % 5 == 0:  # a record has room for six
            session.execute(delete(Photo))
            session.commit()
    assert sum(answers.values()) == UPLOADS
    assert answers[201] > 100, "many mutations leave a picture that can be read"
    assert answers[422] > 300
    for path in {path for path in store.folder.rglob("*") if path.is_file()} - before:
        assert_plain(path.read_bytes())


def assert_plain(data: bytes) -> None:
    """Check that a stored file is one JPEG without anything before, after or beside its pixels."""
    assert data.startswith(b"\xff\xd8\xff")
    assert data.endswith(b"\xff\xd9")
    for hidden in (b"EVIL-MARK", b"SECRET", b"Exif", b"PK\x03\x04", b"<svg", b"<script"):
        assert hidden not in data
    with Image.open(io.BytesIO(data)) as picture:
        assert (picture.format, picture.mode) == ("JPEG", "RGB")
        assert max(picture.size) <= 1600
        picture.load()


@pytest.mark.one_database
@pytest.mark.parametrize(
    ("make", "code"),
    [
        (lambda: plain_photo(form="JPEG", mode="CMYK"), 201),
        (lambda: camera_photo((60, 30), 6), 201),
        (lambda: animated("WEBP"), 201),
        (lambda: animated("PNG"), 201),
        (lambda: animated("GIF"), 422),
        (lambda: camera_photo()[:500], 422),
        (lambda: bomb(), 422),
        (lambda: b"", 422),
        *((lambda data=data: data, 422) for data in DISGUISED),
    ],
)
def test_each_kind_is_answered_as_what_it_is(
    session: Session, phone: Browser, violation: Violation, make: Callable[[], bytes], code: int
) -> None:
    assert send(phone, violation.number, make()).status_code == code
    for photo in session.scalars(select(Photo)):
        assert_plain(services_of(session).evidence.read(photo.file_key))


@pytest.mark.one_database
def test_one_of_too_many_bytes_is_not_read_to_its_end(
    session: Session, phone: Browser, violation: Violation, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = camera_photo()
    for module in ("evidence.rules", "violations.forms.evidence"):
        monkeypatch.setattr(f"trafficedu.{module}.MOST_BYTES", len(data) - 1)
    answer = send(phone, violation.number, data)
    assert answer.status_code == 422
    assert "larger than" in (answer.json or {})["message"]
    assert session.scalars(select(Photo)).all() == []


@pytest.mark.one_database
def test_a_photo_taken_sideways_is_kept_upright(session: Session, phone: Browser, violation: Violation) -> None:
    send(phone, violation.number, camera_photo((60, 30), 6))
    photo = session.scalars(select(Photo)).one()
    assert (photo.width, photo.height) == (30, 60)
