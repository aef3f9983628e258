"""Files that are kept for a while and may hold personal data: encrypted piece by piece with the data key.

A piece is bound to the file's name, to whom it belongs and to its place, so that nothing can be exchanged or moved.
Must not know what the files are.
"""

from __future__ import annotations

import base64
import os
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path

from cryptography.exceptions import InvalidTag

from trafficedu.core.encryption import Keyring
from trafficedu.core.errors import Missing
from trafficedu.core.text import message

PIECE_BYTES = 1 << 20
GONE = message("This file is no longer available. Choose it again.")


def forget_files(paths: Iterable[Path], moment: float) -> int:
    """Delete those last written before ``moment``, in seconds since 1970; returns how many."""
    count = 0
    for path in paths:
        with suppress(FileNotFoundError):  # somebody else deleted it, or gave it its name
            if path.stat().st_mtime < moment:
                path.unlink()
                count += 1
    return count


class SealedFolder:
    """A folder of encrypted files.

    Parameters
    ----------
    folder
        Made when it is first needed, readable by the server's account alone.
    kind
        What its files are ("upload", "result"): bound into every piece.
    """

    def __init__(self, folder: Path, kind: str, keyring: Keyring) -> None:
        self.folder = folder
        self._kind, self._keyring = kind, keyring

    def write(self, name: str, owner: int, pieces: Iterable[bytes]) -> None:
        """Keep ``pieces`` under ``name``, whole or not at all; what was kept under it before is replaced."""
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        partial = self._path(name).with_suffix(".partial")
        descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        try:
            with os.fdopen(descriptor, "w", encoding="ascii") as file:
                for number, piece in enumerate(pieces):
                    text = base64.b64encode(piece).decode()
                    file.write(self._keyring.encrypt(text, self._field(name, owner, number)) + "\n")
            partial.replace(self._path(name))
        finally:
            partial.unlink(missing_ok=True)

    def read(self, name: str, owner: int) -> Iterator[bytes]:
        """Return the pieces, read one by one; raise :class:`Missing` for what is not there or belongs to another."""
        path = self._path(name)
        if not path.is_file():
            raise Missing(GONE)
        return self._pieces(path, name, owner)

    def _pieces(self, path: Path, name: str, owner: int) -> Iterator[bytes]:
        with path.open(encoding="ascii") as file:
            for number, line in enumerate(file):
                try:
                    text = self._keyring.decrypt(line.rstrip("\n"), self._field(name, owner, number))
                except (InvalidTag, KeyError) as error:
                    raise Missing(GONE) from error
                yield base64.b64decode(text)

    def forget(self, name: str) -> None:
        """Delete a file."""
        self._path(name).unlink(missing_ok=True)

    def forget_before(self, moment: float) -> int:
        """Delete what was last written before ``moment``, in seconds since 1970; returns how many files.

        What a process that was killed left half written goes with it.
        """
        return forget_files(self.folder.iterdir() if self.folder.is_dir() else (), moment)

    def _path(self, name: str) -> Path:
        return self.folder / f"{name}.sealed"

    def _field(self, name: str, owner: int, number: int) -> str:
        return f"{self._kind}:{name}:{owner}:{number}"
