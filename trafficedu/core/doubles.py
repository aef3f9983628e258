"""Which keys a long file has said already, in which line: on disk, so that memory does not grow with the file."""

from __future__ import annotations

import sqlite3
from collections.abc import Hashable, Sequence

CACHE_KIB = 8_000


class SeenKeys:
    """Keys by the line that said each first, in a file without a name that is gone with the object."""

    def __init__(self) -> None:
        self._kept = sqlite3.connect("", isolation_level=None, check_same_thread=False)
        for setting in ("journal_mode = OFF", "synchronous = OFF", f"cache_size = -{CACHE_KIB}"):
            self._kept.execute(f"PRAGMA {setting}")
        self._kept.execute("CREATE TABLE seen (key TEXT PRIMARY KEY, line INTEGER NOT NULL) WITHOUT ROWID")

    def earlier(self, lines: Sequence[tuple[Hashable, int]]) -> dict[int, int]:
        """Note the key of each line; returns line -> first line with its key, of those whose key came before."""
        told = [(key if isinstance(key, str) else repr(key), line) for key, line in lines]
        self._kept.execute("BEGIN")
        added = self._kept.executemany("INSERT OR IGNORE INTO seen VALUES (?, ?)", told).rowcount
        self._kept.execute("COMMIT")
        if added == len(told):
            return {}
        first = {
            key: self._kept.execute("SELECT line FROM seen WHERE key = ?", (key,)).fetchone()[0] for key, _ in told
        }
        return {line: first[key] for key, line in told if first[key] != line}

    def close(self) -> None:
        """Let go of the file."""
        self._kept.close()
