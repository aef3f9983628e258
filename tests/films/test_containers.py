"""What a file of a video is, read from bytes written here box by box."""

from __future__ import annotations

import io
import struct

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from trafficedu.films.rules import containers

UNKNOWN = b"\x01\xff\xff\xff\xff\xff\xff\xff"


def element(key: str, body: bytes, size: bytes | None = None) -> bytes:
    length = (0x10000000 | len(body)).to_bytes(4) if size is None else size
    return bytes.fromhex(key) + length + body


def webm(*, duration: float | None = 90_000.0, doctype: bytes = b"webm") -> bytes:
    head = element("1a45dfa3", element("4282", doctype))
    said = b"" if duration is None else element("4489", struct.pack(">d", duration))
    info = element("1549a966", element("2ad7b1", (1_000_000).to_bytes(3)) + said)
    clusters = b"".join(
        element("1f43b675", element("e7", at.to_bytes(4)) + element("a3", b"\x81\x01\x00\x80data"), UNKNOWN)
        for at in (0, 30_000, 60_000)
    )
    return head + element("18538067", info + clusters, UNKNOWN)


def box(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I4s", 8 + len(body), kind) + body


def mp4(*, codec: bytes = b"avc1", seconds: int = 75, wide: bool = False) -> bytes:
    scale = 1000
    times = struct.pack(">QQIQ" if wide else ">IIII", 0, 0, scale, seconds * scale)
    mvhd = box(b"mvhd", bytes([int(wide), 0, 0, 0]) + times)
    stsd = box(b"stsd", struct.pack(">II", 0, 1) + box(codec, bytes(70)))
    inside = box(b"mdia", box(b"minf", box(b"stbl", stsd)))
    return box(b"ftyp", b"isom\0\0\0\0isom") + box(b"mdat", bytes(500)) + box(b"moov", mvhd + box(b"trak", inside))


def read(data: bytes) -> containers.Video:
    return containers.read(io.BytesIO(data), len(data))


def test_a_webm_says_how_long_it_is() -> None:
    assert read(webm()) == containers.Video(containers.WEBM, 90.0)


def test_one_from_a_browser_says_it_by_its_last_block() -> None:
    assert read(webm(duration=None)).seconds == pytest.approx(60.256)


@pytest.mark.parametrize("wide", [False, True])
def test_an_mp4_says_how_long_it_is(wide: bool) -> None:
    assert read(mp4(wide=wide)) == containers.Video(containers.MP4, 75.0)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"MZ\x90\x00 a program",
        b"<html><script>alert(1)</script>",
        b"\x89PNG\r\n\x1a\n" + bytes(100),
        webm(doctype=b"matroska"),
        webm()[:60],
        mp4(codec=b"hvc1"),
        mp4(seconds=0),
        mp4()[:-40],
        b"\x1a\x45\xdf\xa3" + b"\xff" * 2000,
        box(b"ftyp", b"isom") * 3,
    ],
    ids=range(11),
)
def test_what_no_phone_plays_is_refused(data: bytes) -> None:
    with pytest.raises(containers.Unreadable):
        read(data)


@settings(max_examples=200)
@given(st.binary(max_size=300), st.sampled_from([webm(), mp4()]), st.integers(0, 300))
def test_damaged_files_are_refused_or_read_and_never_more(noise: bytes, whole: bytes, at: int) -> None:
    damaged = whole[:at] + noise + whole[at + len(noise) :]
    try:
        assert 1 <= read(damaged).seconds < 12 * 3600
    except containers.Unreadable:
        return
