"""Evidence: files kept for years beside the database, named after their own SHA-256. Must not know what they show.

A record stores the key alone. The same bytes have the same key, so saving twice keeps one file, and a file that
was altered or damaged no longer answers to its name. Whoever voids a record keeps its evidence. A file is saved before
its record is committed; a transaction undone leaves a file nobody names, which the worker finds and removes
(``trafficedu.evidence.services.housekeeping``). Where it lies is a folder, or a bucket (``core.buckets``).

What may be read by whom is decided where the record is: pages hand out evidence only through a view with a scope.
"""

from __future__ import annotations

import hashlib
import logging
import os
import re
import tempfile
from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlsplit
from urllib.request import url2pathname

from trafficedu.core.errors import Missing, Unavailable
from trafficedu.core.text import message

logger = logging.getLogger("trafficedu.evidence")
_KEY = re.compile(r"[0-9a-f]{64}")


class DamagedEvidence(Missing):
    """A stored file is not what was saved: its bytes do not give its name. Restore it from a backup."""


class UnreachableEvidence(Unavailable):
    """The store of evidence does not answer: nothing was kept, and what is kept cannot be read for now."""


@dataclass(frozen=True)
class Kept:
    """A file of the store: its key, and when it was last saved."""

    key: str
    saved_utc: datetime


class EvidenceStore(ABC):
    """Where evidence lies; a file of key ``abcd...`` under ``ab/abcd...``, whatever keeps it.

    ``place`` names it for an administrator, without what opens it.
    """

    place: str

    def save(self, data: bytes) -> str:
        """Keep ``data`` and return its key, 64 hexadecimal digits; saving again counts as saved now.

        The file appears under its name whole or not at all, and is read back before the key is given.

        Raises
        ------
        DamagedEvidence
            What the store gives back is not what was written.
        UnreachableEvidence
            The store does not answer.
        """
        key = hashlib.sha256(data).hexdigest()
        self._put(key, data)
        self.read(key)
        return key

    def read(self, key: str) -> bytes:
        """Return the bytes of ``key``.

        Raises
        ------
        Missing
            There is no such file, or this is no key.
        DamagedEvidence
            The file was changed since it was saved.
        UnreachableEvidence
            The store does not answer.
        """
        data = self._get(key) if _KEY.fullmatch(key) else None
        if data is None:
            raise Missing(message("This file is not in the evidence store."))
        if hashlib.sha256(data).hexdigest() != key:
            logger.error("evidence %s is damaged", key)
            raise DamagedEvidence(
                message("This file has been changed since it was submitted. Tell your administrator.")
            )
        return data

    def kept(self, beginning: str) -> Iterator[Kept]:
        """Yield what lies there under keys that begin with these two hexadecimal digits."""
        return (each for each in self._list(beginning) if _KEY.fullmatch(each.key) and each.key.startswith(beginning))

    @abstractmethod
    def is_there(self) -> bool:
        """Tell whether the store can be read at all; a folder that was never needed is not there."""

    @abstractmethod
    def remove(self, key: str) -> None:
        """Take a file away; nothing happens where there is none."""

    @abstractmethod
    def _put(self, key: str, data: bytes) -> None:
        """Write a file whole, over an older one of the same key."""

    @abstractmethod
    def _get(self, key: str) -> bytes | None:
        """Return what lies under a key, None where nothing does."""

    @abstractmethod
    def _list(self, beginning: str) -> Iterator[Kept]:
        """Yield what lies in the part of the store for these two digits."""


class FolderStore(EvidenceStore):
    """A folder of evidence, which may be a mounted share.

    Parameters
    ----------
    folder
        Made when it is first needed, readable by the server's account alone.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.place = str(folder)

    @classmethod
    def from_url(cls, url: str) -> FolderStore:
        """Return the store at ``file:///folder``, or at the folder's path alone; raise ValueError for anything else."""
        parts = urlsplit(url)
        if parts.scheme not in {"", "file"} or parts.netloc not in {"", "localhost"}:
            raise ValueError(
                f"TRAFFICEDU_EVIDENCE_URL: {parts.scheme}: addresses are not supported; name a folder, such as "
                "file:///srv/trafficedu/evidence (a mounted share will do), or a bucket, s3://bucket?endpoint=https://..."
            )
        return cls(Path(url2pathname(parts.path) if parts.scheme else url))

    def is_there(self) -> bool:
        """Tell whether the folder is there."""
        return self.folder.is_dir()

    def remove(self, key: str) -> None:
        """Take a file away."""
        self._path(key).unlink(missing_ok=True)

    def _put(self, key: str, data: bytes) -> None:
        path = self._path(key)
        if self._get(key) == data:
            os.utime(path)
            return
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor, waiting = tempfile.mkstemp(dir=path.parent, prefix=".")
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            Path(waiting).replace(path)
        finally:
            Path(waiting).unlink(missing_ok=True)

    def _get(self, key: str) -> bytes | None:
        try:
            return self._path(key).read_bytes()
        except FileNotFoundError:
            return None

    def _list(self, beginning: str) -> Iterator[Kept]:
        folder = self.folder / beginning
        for path in folder.iterdir() if folder.is_dir() else ():
            with suppress(FileNotFoundError):  # removed, or written under its name, meanwhile
                yield Kept(path.name, datetime.fromtimestamp(path.stat().st_mtime, UTC))

    def _path(self, key: str) -> Path:
        return self.folder / key[:2] / key
