"""What a file of a video really is, and how long it lasts: read from its boxes, never from its name. Pure.

WebM: https://www.matroska.org/technical/elements.html; MP4: ISO/IEC 14496-12. Only the few fields that say kind
and length are read; a file from a browser's recorder says no length, which then is that of its last block.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import IO

WEBM, MP4 = "video/webm", "video/mp4"
_EBML, _DOCTYPE = 0x1A45DFA3, 0x4282
_SEGMENT, _INFO, _SCALE, _DURATION = 0x18538067, 0x1549A966, 0x2AD7B1, 0x4489
_CLUSTER, _TIMECODE, _SIMPLE, _GROUP, _BLOCK = 0x1F43B675, 0xE7, 0xA3, 0xA0, 0xA1
_INSIDE = {_EBML, _SEGMENT, _INFO, _CLUSTER, _GROUP}
_MOST_ELEMENTS = 2_000_000
"""So that a file made to be slow is given up: two hours of video have less than half of these."""
_PLAYED = {b"avc1", b"avc3", b"av01", b"vp09", b"vp08"}
"""Codecs of MP4 that phones' browsers play; HEVC (hvc1) is played by few."""


class Unreadable(Exception):
    """The file is no video that browsers play, or says no length."""


@dataclass(frozen=True)
class Video:
    """What a file is and how many seconds it lasts."""

    media_type: str
    seconds: float


def read(file: IO[bytes], size: int) -> Video:
    """Return what the file is; raise :class:`Unreadable` for anything but a WebM or an MP4 that says how long it is."""
    file.seek(0)
    begin = file.read(12)
    try:
        if begin[:4] == b"\x1a\x45\xdf\xa3":
            found = Video(WEBM, _webm_seconds(file, size))
        elif begin[4:8] == b"ftyp":
            found = Video(MP4, _mp4_seconds(file, size))
        else:
            raise Unreadable
    except (struct.error, IndexError, ValueError, OverflowError) as error:
        raise Unreadable from error
    if not 1 <= found.seconds < 12 * 3600:
        raise Unreadable
    return found


def _vint(file: IO[bytes], *, keep_marker: bool) -> int | None:
    """Return a number of variable length; None for the size that says "unknown"."""
    first = file.read(1)
    if not first or not first[0]:
        raise Unreadable
    length = 9 - first[0].bit_length()
    rest = file.read(length - 1)
    if len(rest) < length - 1:
        raise Unreadable
    value = int.from_bytes(first + rest)
    if keep_marker:
        return value
    value &= (1 << 7 * length) - 1
    return None if value == (1 << 7 * length) - 1 else value


def _elements(file: IO[bytes], size: int) -> Iterator[tuple[int, int]]:
    """Yield id and size of each element, going into those that hold what is looked for."""
    for _ in range(_MOST_ELEMENTS):
        if file.tell() >= size:
            return
        key = _vint(file, keep_marker=True) or 0
        length = _vint(file, keep_marker=False)
        begins = file.tell()
        if length is not None and begins + length > size and key not in _INSIDE:
            raise Unreadable
        yield key, length or 0
        if key not in _INSIDE:
            if length is None:
                raise Unreadable
            file.seek(begins + length)
    raise Unreadable


def _webm_seconds(file: IO[bytes], size: int) -> float:
    file.seek(0)
    scale, said, cluster, last, doctype = 1_000_000, 0.0, 0, 0, b""
    for key, length in _elements(file, size):
        if key == _DOCTYPE and length < 20:
            doctype = file.read(length)
        elif key == _SCALE and length <= 8:
            scale = int.from_bytes(file.read(length))
        elif key == _DURATION:
            said = float(struct.unpack(">f" if length == 4 else ">d", file.read(length))[0])
        elif key == _TIMECODE and length <= 8:
            cluster = int.from_bytes(file.read(length))
            last = max(last, cluster)
        elif key in {_SIMPLE, _BLOCK} and length > 4:
            _vint(file, keep_marker=False)
            last = max(last, cluster + int(struct.unpack(">h", file.read(2))[0]))
    if doctype.rstrip(b"\0") != b"webm":
        raise Unreadable
    return (said or last) * scale / 1e9


def _boxes(file: IO[bytes], begin: int, end: int) -> Iterator[tuple[bytes, int, int]]:
    """Yield kind, begin of the content and end of each box between two places."""
    while begin + 8 <= end:
        file.seek(begin)
        length, kind = struct.unpack(">I4s", file.read(8))
        content = begin + 8
        if length == 1:
            length, content = struct.unpack(">Q", file.read(8))[0], begin + 16
        elif length == 0:
            length = end - begin
        if length < content - begin or begin + length > end:
            raise Unreadable
        yield kind, content, begin + length
        begin += length


def _find(file: IO[bytes], path: list[bytes], begin: int, end: int) -> Iterator[tuple[int, int]]:
    for kind, content, ends in _boxes(file, begin, end):
        if kind == path[0]:
            if len(path) == 1:
                yield content, ends
            else:
                yield from _find(file, path[1:], content, ends)


def _mp4_seconds(file: IO[bytes], size: int) -> float:
    def head(path: list[bytes]) -> float:
        for content, _ends in _find(file, path, 0, size):
            file.seek(content)
            if file.read(4)[0] == 1:
                file.seek(content + 20)
                scale, length = struct.unpack(">IQ", file.read(12))
            else:
                file.seek(content + 12)
                scale, length = struct.unpack(">II", file.read(8))
            return float(length / scale) if scale else 0.0
        return 0.0

    entries = list(_find(file, [b"moov", b"trak", b"mdia", b"minf", b"stbl", b"stsd"], 0, size))
    if not any(_codec(file, content) in _PLAYED for content, _ends in entries):
        raise Unreadable
    return head([b"moov", b"mvhd"]) or _fragments(file, size)


def _codec(file: IO[bytes], content: int) -> bytes:
    file.seek(content + 12)
    return file.read(4)


def _fragments(file: IO[bytes], size: int) -> float:
    """Return the length of a film in fragments, as its ``mehd`` says it."""
    scales = list(_find(file, [b"moov", b"mvhd"], 0, size))
    for content, _ends in _find(file, [b"moov", b"mvex", b"mehd"], 0, size):
        file.seek(content)
        wide = file.read(4)[0] == 1
        length = struct.unpack(">Q" if wide else ">I", file.read(8 if wide else 4))[0]
        file.seek(scales[0][0])
        file.seek(scales[0][0] + (20 if file.read(4)[0] == 1 else 12))
        scale = struct.unpack(">I", file.read(4))[0]
        return float(length / scale) if scale else 0.0
    return 0.0
