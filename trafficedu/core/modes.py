"""Who may read what lies in the instance folder: the server's account alone. Must not know what the files are."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from sqlalchemy import make_url

from trafficedu.core.connections import is_file

FOLDER, FILE = 0o700, 0o600
NAMES = (
    *("secret_key", "data_key", "settings.cfg", "served_at", "forwarded_seen"),
    *("evidence", "uploads", "results", "templates"),
)
"""What the program keeps in the instance folder, beside the database."""
ENDINGS = ("", "-wal", "-shm", "-journal")
"""The files of a database of SQLite: its own and what stands beside it while it is used."""
OTHERS = 0o077
"""The bits of a mode that let others in, and the mask under which the program makes files."""


def keep_private() -> None:
    """Make every file from here on readable for the own account alone: the database, its log, what is exported."""
    os.umask(OTHERS)


def make_private(instance: Path, database_url: str) -> None:
    """Shut others out of the instance folder, what lies in it, and a database file elsewhere.

    What belongs to another account stays as it is: ``trafficedu doctor`` tells of it.
    """
    for path in _kept(instance, database_url):
        if path.stat().st_mode & OTHERS:
            with suppress(OSError):
                path.chmod(FOLDER if path.is_dir() else FILE)


def open_to_others(instance: Path, database_url: str) -> list[Path]:
    """Return what others may read or change."""
    return [path for path in _kept(instance, database_url) if path.stat().st_mode & OTHERS]


def _kept(instance: Path, database_url: str) -> Iterator[Path]:
    """Yield what is there of the program's own; nothing else in a folder that others use too."""
    url = make_url(database_url)
    database = Path(url.database or "") if is_file(url) else instance / "trafficedu.sqlite"
    own = [*(instance / name for name in NAMES), *(database.with_name(database.name + end) for end in ENDINGS)]
    folder = [] if instance.stat().st_mode & stat.S_ISVTX else [instance]
    yield from (path for path in (*folder, *own) if path.exists() and not path.is_symlink())
