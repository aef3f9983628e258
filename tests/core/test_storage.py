"""Where evidence lies, a folder or a bucket of a server that speaks S3: the same answers from both."""

from __future__ import annotations

import stat
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests import buckets
from trafficedu.core import buckets as core_buckets
from trafficedu.core.buckets import Bucket, BucketStore, store_at
from trafficedu.core.errors import Missing
from trafficedu.core.settings import load_settings
from trafficedu.core.storage import DamagedEvidence, EvidenceStore, FolderStore, UnreachableEvidence

ABC = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
"""The SHA-256 of "abc": FIPS 180-2, appendix B.1."""


@pytest.fixture(scope="module")
def s3() -> Iterator[str]:
    with buckets.moto() as endpoint:
        yield endpoint


@pytest.fixture(scope="module")
def weed() -> Iterator[str]:
    with buckets.seaweedfs() as endpoint:
        yield endpoint


@pytest.fixture(params=["folder", "s3", "weed"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> EvidenceStore:
    if request.param == "folder":
        return FolderStore(tmp_path / "evidence")
    endpoint = request.getfixturevalue(request.param)
    return store_at(buckets.url_of(endpoint), *buckets.KEY)


@pytest.fixture
def folder(tmp_path: Path) -> FolderStore:
    return FolderStore(tmp_path / "evidence")


def files(store: FolderStore) -> list[Path]:
    return [path for path in store.folder.rglob("*") if path.is_file()]


def test_what_is_saved_comes_back_under_its_own_hash(store: EvidenceStore) -> None:
    assert store.save(b"abc") == ABC
    assert store.read(ABC) == b"abc"
    assert store.save(b"abc") == ABC
    ((key, saved),) = [(each.key, each.saved_utc) for each in store.kept("ba")]
    assert key == ABC
    assert abs(datetime.now(UTC) - saved) < timedelta(minutes=1)
    assert list(store.kept("bb")) == []
    assert store.is_there()


def test_what_is_removed_is_gone(store: EvidenceStore) -> None:
    store.save(b"abc")
    for _twice in range(2):
        store.remove(ABC)
        assert list(store.kept("ba")) == []
    with pytest.raises(Missing):
        store.read(ABC)


def test_a_changed_file_is_noticed_and_mended_by_saving_again(store: EvidenceStore) -> None:
    store._put(ABC, b"abd")  # as a disk that lies, or a hand in the bucket
    with pytest.raises(DamagedEvidence):
        store.read(ABC)
    assert store.save(b"abc") == ABC
    assert store.read(ABC) == b"abc"


@pytest.mark.parametrize("key", ["", "0" * 64, "../" + "0" * 61, "g" * 64])
def test_what_is_not_there_is_missing(store: EvidenceStore, key: str) -> None:
    with pytest.raises(Missing):
        store.read(key)


def test_a_file_is_private(folder: FolderStore) -> None:
    folder.save(b"abc")
    (path,) = files(folder)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


def test_a_failed_write_leaves_nothing(folder: FolderStore, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_descriptor: int) -> None:
        raise OSError(28, "no space left")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(OSError, match="no space"):
        folder.save(b"abc")
    assert files(folder) == []


def test_what_is_no_evidence_is_not_listed(folder: FolderStore) -> None:
    folder.save(b"abc")
    (folder.folder / "ba" / ".waiting").write_bytes(b"half")
    (folder.folder / "ba" / "README").write_bytes(b"a note")
    assert [each.key for each in folder.kept("ba")] == [ABC]


def test_a_folder_is_named_by_url_or_path_and_nothing_else(tmp_path: Path) -> None:
    for given in ((tmp_path / "a b").as_uri(), str(tmp_path / "a b")):
        named = store_at(given)
        assert isinstance(named, FolderStore)
        assert named.folder == tmp_path / "a b"
    for refused in ("https://example.org/x", "file://elsewhere/x"):
        with pytest.raises(ValueError, match="TRAFFICEDU_EVIDENCE_URL"):
            store_at(refused)


def test_a_bucket_is_named_with_its_server() -> None:
    url = "s3://evidence/xiaoshan?endpoint=https://oss.example.cn:8333&region=cn-hangzhou&style=virtual"
    assert Bucket.parse(url, "id", "word") == Bucket(
        "evidence", "xiaoshan", "https://oss.example.cn:8333", "id", "word", "cn-hangzhou", "virtual"
    )
    assert "word" not in repr(Bucket.parse(url, "id", "word"))
    assert store_at(url, "id", "word").place == "s3://evidence/xiaoshan (https://oss.example.cn:8333)"


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("s3://evidence", "endpoint=https"),
        ("s3://?endpoint=https://oss.example.cn", "not like"),
        ("s3://evidence?endpoint=http://oss.example.cn", "without HTTPS"),
        ("s3://evidence?endpoint=https://oss.example.cn&bucket=x", "not like"),
        ("s3://evidence?endpoint=https://oss.example.cn&style=odd", "not like"),
        ("s3://id:word@evidence?endpoint=https://oss.example.cn", "holds a password"),
    ],
)
def test_a_bucket_that_cannot_be_meant_is_refused_at_the_start(url: str, why: str) -> None:
    with pytest.raises(ValueError, match=why) as refused:
        store_at(url, "id", "word")
    assert "word@" not in str(refused.value)
    with pytest.raises(ValueError, match="KEY_ID"):
        store_at("s3://evidence?endpoint=https://oss.example.cn")


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(core_buckets, "PATIENCE", timedelta(milliseconds=50))


@pytest.mark.usefixtures("impatient")
def test_a_store_that_does_not_answer_says_so(s3: str) -> None:
    asked: list[Callable[[EvidenceStore], Any]] = [
        lambda store: store.save(b"abc"),
        lambda store: store.read(ABC),
        lambda store: store.remove(ABC),
        lambda store: list(store.kept("ba")),
    ]
    nobody = BucketStore(Bucket("evidence", "", "http://127.0.0.1:9", *buckets.KEY))
    no_bucket = BucketStore(Bucket("never-made", "", s3, *buckets.KEY))
    for store in (nobody, no_bucket):
        assert not store.is_there()
    for ask in asked:
        with pytest.raises(UnreachableEvidence):
            ask(nobody)
    for ask in (asked[0], asked[1], asked[3]):
        with pytest.raises(UnreachableEvidence):
            ask(no_bucket)


@pytest.mark.usefixtures("impatient")
def test_a_wrong_secret_opens_nothing(weed: str) -> None:
    url = buckets.url_of(weed)
    assert store_at(url, *buckets.KEY).is_there()
    wrong = store_at(url, buckets.KEY[0], "wrong")
    assert not wrong.is_there()
    with pytest.raises(UnreachableEvidence):
        wrong.save(b"abc")


def test_the_default_lies_in_the_instance_folder(tmp_path: Path) -> None:
    default = load_settings({"TRAFFICEDU_INSTANCE": str(tmp_path)}).evidence
    assert isinstance(default, FolderStore)
    assert default.folder == tmp_path / "evidence"


def test_a_bucket_is_set_by_three_settings(tmp_path: Path) -> None:
    given = {
        "TRAFFICEDU_INSTANCE": str(tmp_path),
        "TRAFFICEDU_EVIDENCE_URL": "s3://evidence?endpoint=https://oss.example.cn",
        "TRAFFICEDU_EVIDENCE_KEY_ID": "id",
        "TRAFFICEDU_EVIDENCE_SECRET": "word",
    }
    store = load_settings(given).evidence
    assert isinstance(store, BucketStore)
    assert (store.bucket.key_id, store.bucket.secret) == ("id", "word")
