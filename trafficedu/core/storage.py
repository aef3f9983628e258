"""Evidence: files kept for years beside the database, named after their own SHA-256. Must not know what they show.

A record stores the key alone. The same bytes have the same key, so saving twice keeps one file, and a file that
was altered or damaged no longer answers to its name. Nothing here deletes: whoever voids a record keeps its evidence.
A file is saved before its record is committed; a transaction undone leaves a file nobody names, which harms nothing.

What may be read by whom is decided where the record is: pages hand out evidence only through a view with a scope.
"""

from __future__ import annotations

import hashlib
import logging
import os
import re
import tempfile
from pathlib import Path
from urllib.parse import urlsplit
from urllib.request import url2pathname

from trafficedu.core.errors import Missing
from trafficedu.core.text import message

logger = logging.getLogger("trafficedu.evidence")
_KEY = re.compile(r"[0-9a-f]{64}")


class DamagedEvidence(Missing):
    """A stored file is not what was saved: its bytes do not give its name. Restore it from a backup."""


class EvidenceStore:
    """A folder of evidence.

    Parameters
    ----------
    folder
        Made when it is first needed, readable by the server's account alone.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    @classmethod
    def from_url(cls, url: str) -> EvidenceStore:
        """Return the store at ``url``: ``file:///folder``, or the folder's path alone.

        Raises
        ------
        ValueError
            The scheme is another: only a folder (which may be a mounted share) is supported.
        """
        parts = urlsplit(url)
        if parts.scheme not in {"", "file"} or parts.netloc not in {"", "localhost"}:
            raise ValueError(
                f"TRAFFICEDU_EVIDENCE_URL: {parts.scheme}: addresses are not supported; name a folder, "
                "such as file:///srv/trafficedu/evidence (a mounted share will do)"
            )
        return cls(Path(url2pathname(parts.path) if parts.scheme else url))

    def save(self, data: bytes) -> str:
        """Keep ``data`` and return its key, 64 hexadecimal digits; what is kept already is not written again.

        The file appears under its name whole or not at all, and is read back before the key is given.

        Raises
        ------
        DamagedEvidence
            What the disk gives back is not what was written.
        """
        key = hashlib.sha256(data).hexdigest()
        path = self._path(key)
        if not self._holds(path, key):
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
        """
        path = self._path(key) if _KEY.fullmatch(key) else None
        if path is None or not path.is_file():
            raise Missing(message("This file is not in the evidence store."))
        data = path.read_bytes()
        if hashlib.sha256(data).hexdigest() != key:
            logger.error("evidence %s is damaged", key)
            raise DamagedEvidence(
                message("This file has been changed since it was submitted. Tell your administrator.")
            )
        return data

    def _holds(self, path: Path, key: str) -> bool:
        """Return whether the file is there and sound; one that is damaged is written anew."""
        return path.is_file() and hashlib.sha256(path.read_bytes()).hexdigest() == key

    def _path(self, key: str) -> Path:
        return self.folder / key[:2] / key
