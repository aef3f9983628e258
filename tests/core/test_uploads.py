from __future__ import annotations

import io
import os
import stat
import time
from pathlib import Path

import pytest

from trafficedu.core import uploads
from trafficedu.core.encryption import Keyring
from trafficedu.core.errors import Missing, Refusal
from trafficedu.core.uploads import UploadStore

CONTENT = os.urandom(100) + "张三,330109".encode() * 200_000


@pytest.fixture
def store(tmp_path: Path) -> UploadStore:
    return UploadStore(tmp_path / "uploads", Keyring.parse(Keyring.generate()))


def test_what_was_kept_comes_back_and_is_unreadable_meanwhile(store: UploadStore, tmp_path: Path) -> None:
    token = store.keep(io.BytesIO(CONTENT), "骑手.CSV", 7)
    (waiting,) = (tmp_path / "uploads").iterdir()
    assert b"330109" not in waiting.read_bytes()
    assert stat.S_IMODE(waiting.stat().st_mode) == 0o600
    with store.opened(token, 7) as path:
        assert path.read_bytes() == CONTENT
        assert path.suffix == ".csv"
    assert list((tmp_path / "uploads").iterdir()) == [waiting]
    store.forget(token)
    with pytest.raises(Missing), store.opened(token, 7):
        pass


def test_nobody_else_opens_it(store: UploadStore) -> None:
    token = store.keep(io.BytesIO(b"x"), "a.csv", 7)
    with pytest.raises(Missing), store.opened(token, 8):
        pass


@pytest.mark.parametrize("token", ["", "../../etc/passwd", "a" * 32 + ".csv", "a" * 32])
def test_a_token_names_no_other_file(store: UploadStore, token: str) -> None:
    with pytest.raises(Missing), store.opened(token, 7):
        pass
    store.forget(token)


def test_other_kinds_of_file_are_not_kept(store: UploadStore, tmp_path: Path) -> None:
    for name in ("a.exe", "a", "", "a.csv.zip"):
        with pytest.raises(Refusal) as refused:
            store.keep(io.BytesIO(b"x"), name, 7)
        assert refused.value.field == "file"
    assert not (tmp_path / "uploads").exists()


def test_what_waited_too_long_goes_with_the_next(store: UploadStore, tmp_path: Path) -> None:
    store.keep(io.BytesIO(b"x"), "a.csv", 7)
    (old,) = (tmp_path / "uploads").iterdir()
    os.utime(old, (time.time() - uploads.KEPT_SECONDS - 1,) * 2)
    store.keep(io.BytesIO(b"y"), "b.csv", 7)
    assert not old.exists()


def test_what_waited_too_long_goes_without_another(store: UploadStore, tmp_path: Path) -> None:
    assert store.forget_expired() == 0
    store.keep(io.BytesIO(b"x"), "a.csv", 7)
    (old,) = (tmp_path / "uploads").iterdir()
    assert store.forget_expired() == 0
    os.utime(old, (time.time() - uploads.KEPT_SECONDS - 1,) * 2)
    assert store.forget_expired() == 1
    assert not old.exists()
