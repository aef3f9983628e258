from __future__ import annotations

import stat
from pathlib import Path

import pytest

from trafficedu.core.errors import Missing
from trafficedu.core.settings import load_settings
from trafficedu.core.storage import DamagedEvidence, EvidenceStore


@pytest.fixture
def store(tmp_path: Path) -> EvidenceStore:
    return EvidenceStore(tmp_path / "evidence")


def files(store: EvidenceStore) -> list[Path]:
    return [path for path in store.folder.rglob("*") if path.is_file()]


def test_what_is_saved_comes_back_under_its_own_hash(store: EvidenceStore) -> None:
    key = store.save(b"abc")
    assert key == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"  # FIPS 180-2, appendix B.1
    assert store.read(key) == b"abc"
    assert store.save(b"abc") == key
    (path,) = files(store)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_changed_file_is_noticed_and_mended_by_saving_again(store: EvidenceStore) -> None:
    key = store.save(b"abc")
    files(store)[0].write_bytes(b"abd")
    with pytest.raises(DamagedEvidence):
        store.read(key)
    assert store.save(b"abc") == key
    assert store.read(key) == b"abc"


@pytest.mark.parametrize("key", ["", "0" * 64, "../" + "0" * 61, "g" * 64])
def test_what_is_not_there_is_missing(store: EvidenceStore, key: str) -> None:
    with pytest.raises(Missing):
        store.read(key)


def test_a_failed_write_leaves_nothing(store: EvidenceStore, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_descriptor: int) -> None:
        raise OSError(28, "no space left")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(OSError, match="no space"):
        store.save(b"abc")
    assert files(store) == []


def test_a_folder_is_named_by_url_or_path_and_nothing_else(tmp_path: Path) -> None:
    assert EvidenceStore.from_url((tmp_path / "a b").as_uri()).folder == tmp_path / "a b"
    assert EvidenceStore.from_url(str(tmp_path)).folder == tmp_path
    for refused in ("s3://bucket/evidence", "https://example.org/x", "file://elsewhere/x"):
        with pytest.raises(ValueError, match="TRAFFICEDU_EVIDENCE_URL"):
            EvidenceStore.from_url(refused)


def test_the_default_lies_in_the_instance_folder(tmp_path: Path) -> None:
    assert load_settings({"TRAFFICEDU_INSTANCE": str(tmp_path)}).evidence.folder == tmp_path / "evidence"
