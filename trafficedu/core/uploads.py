"""Files that somebody sent, kept between two requests: encrypted, for their owner alone, for an hour at most.

An import is shown first and done after a confirmation; the file waits here in between. It may hold personal
data, so it is encrypted with the data key, piece by piece, and bound to its owner and its place.
"""

from __future__ import annotations

import base64
import os
import re
import secrets
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from cryptography.exceptions import InvalidTag

from trafficedu.core.encryption import Keyring
from trafficedu.core.errors import Missing, Refusal
from trafficedu.core.text import message

PIECE_BYTES = 1 << 20
KEPT_SECONDS = 3600
_TOKEN = re.compile(r"[A-Za-z0-9_-]{32}\.(csv|xlsx)")


class UploadStore:
    """The folder of waiting files.

    Parameters
    ----------
    folder
        Made when it is first needed, readable by the server's account alone.
    """

    def __init__(self, folder: Path, keyring: Keyring) -> None:
        self._folder = folder
        self._keyring = keyring

    def keep(self, stream: IO[bytes], name: str, owner: int) -> str:
        """Keep what ``stream`` holds and return the token that finds it again; drops what waited too long.

        Raises
        ------
        Refusal
            The name ends in neither ``.csv`` nor ``.xlsx``, at field ``file``.
        """
        suffix = Path(name).suffix.lower()
        if suffix not in {".csv", ".xlsx"}:
            raise Refusal(message("Choose a file whose name ends in .csv or .xlsx."), field="file")
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._drop_old()
        token = secrets.token_urlsafe(24) + suffix
        descriptor = os.open(self._path(token), os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w", encoding="ascii") as file:
            for number, piece in enumerate(iter(lambda: stream.read(PIECE_BYTES), b"")):
                text = base64.b64encode(piece).decode()
                file.write(self._keyring.encrypt(text, _field(token, owner, number)) + "\n")
        return token

    @contextmanager
    def opened(self, token: str, owner: int) -> Iterator[Path]:
        """Yield a readable copy of the file, gone afterwards; raise :class:`Missing` for another's or a late one."""
        path = self._path(token) if _TOKEN.fullmatch(token) else self._folder / "none"
        if not path.is_file():
            raise Missing(message("This file is no longer available. Choose it again."))
        with tempfile.NamedTemporaryFile(dir=self._folder, suffix=Path(token).suffix) as plain:
            with path.open(encoding="ascii") as file:
                for number, line in enumerate(file):
                    plain.write(base64.b64decode(self._decrypt(line.rstrip("\n"), _field(token, owner, number))))
            plain.flush()
            yield Path(plain.name)

    def forget(self, token: str) -> None:
        """Delete a waiting file."""
        if _TOKEN.fullmatch(token):
            self._path(token).unlink(missing_ok=True)

    def _decrypt(self, line: str, field: str) -> str:
        try:
            return self._keyring.decrypt(line, field)
        except (InvalidTag, KeyError) as error:
            raise Missing(message("This file is no longer available. Choose it again.")) from error

    def _path(self, token: str) -> Path:
        return self._folder / f"{token}.sealed"

    def _drop_old(self) -> None:
        limit = time.time() - KEPT_SECONDS
        for path in self._folder.iterdir():
            if path.stat().st_mtime < limit:
                path.unlink(missing_ok=True)


def _field(token: str, owner: int, number: int) -> str:
    return f"upload:{token}:{owner}:{number}"
