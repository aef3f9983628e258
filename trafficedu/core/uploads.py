"""Files that somebody sent, kept until they are taken in: encrypted, for their owner alone, for a day at most.

An import is tried first and done after a confirmation; the file waits here in between. It may hold personal data.
"""

from __future__ import annotations

import re
import secrets
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from trafficedu.core.encryption import Keyring
from trafficedu.core.errors import Missing, Refusal
from trafficedu.core.sealed import GONE, PIECE_BYTES, SealedFolder
from trafficedu.core.text import message

KEPT_SECONDS = 24 * 3600
KNOWN_AS = dict.fromkeys((".csv", ".txt", ".tsv", ".tab"), ".csv") | dict.fromkeys(
    (".xlsx", ".xlsm", ".xls", ".et", ".ods", ".xlsb"), ".xlsx"
)
"""Endings of tables -> what they are kept as; some of them are told apart by what is in them, and refused in words."""
_TOKEN = re.compile(r"[A-Za-z0-9_-]{32}\.(csv|xlsx)")


class UploadStore:
    """The folder of waiting files; see :class:`trafficedu.core.sealed.SealedFolder`."""

    def __init__(self, folder: Path, keyring: Keyring) -> None:
        self._sealed = SealedFolder(folder, "upload", keyring)

    def keep(self, stream: IO[bytes], name: str, owner: int) -> str:
        """Keep what ``stream`` holds and return the token that finds it again; drops what waited too long.

        Raises
        ------
        Refusal
            The name is none of a table, at field ``file``. What the file really is, its content says when it is read.
        """
        suffix = KNOWN_AS.get(Path(name).suffix.lower())
        if suffix is None:
            raise Refusal(message("Choose a file whose name ends in .csv or .xlsx."), field="file")
        self.forget_expired()
        token = secrets.token_urlsafe(24) + suffix
        self._sealed.write(token, owner, iter(lambda: stream.read(PIECE_BYTES), b""))
        return token

    @contextmanager
    def opened(self, token: str, owner: int) -> Iterator[Path]:
        """Yield a readable copy of the file, gone afterwards; raise :class:`Missing` for another's or a late one."""
        if not _TOKEN.fullmatch(token):
            raise Missing(GONE)
        pieces = self._sealed.read(token, owner)
        with tempfile.NamedTemporaryFile(dir=self._sealed.folder, suffix=Path(token).suffix) as plain:
            for piece in pieces:
                plain.write(piece)
            plain.flush()
            yield Path(plain.name)

    def forget_expired(self) -> int:
        """Delete what waited too long; returns how many files."""
        return self._sealed.forget_before(time.time() - KEPT_SECONDS)

    def forget(self, token: str) -> None:
        """Delete a waiting file."""
        if _TOKEN.fullmatch(token):
            self._sealed.forget(token)
