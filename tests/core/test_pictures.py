"""A photo loses its metadata and keeps what it shows."""

from __future__ import annotations

import io

import pytest
from PIL import Image

from tests.factories.pictures import GPS_IFD, camera_photo
from trafficedu.core import pictures
from trafficedu.core.errors import Refusal


def test_position_owner_and_time_are_gone() -> None:
    original = camera_photo()
    with Image.open(io.BytesIO(original)) as before:
        assert before.getexif().get_ifd(GPS_IFD)[2] == (30.0, 10.0, 42.6)
        assert b"XMP-SECRET" in original
        assert b"COMMENT-SECRET" in original
    cleaned = pictures.redrawn(original)
    with Image.open(io.BytesIO(cleaned)) as after:
        assert after.format == "JPEG"
        assert not after.getexif()
        assert not after.getexif().get_ifd(GPS_IFD)
        assert set(after.info) <= {"jfif", "jfif_version", "jfif_unit", "jfif_density"}
    for secret in (b"Exif", b"GPS", b"SECRET", b"http", b"ICC_PROFILE", b"MakerName"):
        assert secret not in cleaned


def test_a_photo_taken_sideways_stands_upright() -> None:
    """Orientation 6: the camera lay on its side; the red top of the scene is the left edge of the stored pixels."""
    with Image.open(io.BytesIO(pictures.redrawn(camera_photo(size=(80, 40), orientation=6)))) as after:
        assert after.size == (40, 80)
        red, _green, blue = after.convert("RGB").getpixel((20, 5))  # type: ignore[misc]
        assert red > 200 > 100 > blue


def test_a_large_photo_is_made_smaller_and_a_transparent_one_white() -> None:
    with Image.open(io.BytesIO(pictures.redrawn(camera_photo(size=(4000, 3000))))) as after:
        assert max(after.size) == pictures.LONGEST_SIDE
    clear = io.BytesIO()
    Image.new("RGBA", (10, 10), (0, 0, 0, 0)).save(clear, "PNG")
    with Image.open(io.BytesIO(pictures.redrawn(clear.getvalue()))) as after:
        assert after.getpixel((5, 5)) == (255, 255, 255)


@pytest.mark.parametrize("data", [b"", b"<svg/>", b"GIF89a" + b"\0" * 50, camera_photo()[:400], b"\xff\xd8\xff\xe1"])
def test_what_is_no_photo_is_refused(data: bytes) -> None:
    with pytest.raises(Refusal) as refused:
        pictures.redrawn(data)
    assert refused.value.field == "photos"


def test_a_picture_that_would_fill_the_memory_is_refused_before_it_is_unpacked(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(pictures, "MOST_PIXELS", 100)
    with pytest.raises(Refusal) as refused:
        pictures.redrawn(camera_photo(size=(20, 10)))
    assert "too large" in refused.value.text.msgid
