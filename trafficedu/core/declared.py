"""A connection to PostgreSQL that is told of each transaction whether it reads, and ends those that read gently.

Loaded only where PostgreSQL is used, with its driver. Must not know SQLAlchemy.
"""

from __future__ import annotations

from typing import Any

from psycopg import Connection
from psycopg.pq import TransactionStatus

PREPARED_AFTER = 5
"""How often a statement is sent before PostgreSQL keeps it, psycopg's usual number; for transactions that write.

One that reads is planned for the values it is given. PostgreSQL plans a kept statement for no value in particular,
where a scope of all areas looks like a single one: counting a district took 224 instead of 40 ms (ADR 21).
"""


class DeclaredConnection(Connection[Any]):
    """Whatever is declared holds for one transaction: the next one writes unless it says otherwise.

    Of a transaction that read there is nothing to undo, and psycopg forgets all it has prepared when something is
    undone: pages that read would make every record that follows them be parsed and planned anew (docs/benchmarks.md).
    """

    def begin_reading(self) -> None:
        """Let the transaction that begins next change nothing, and keep none of its statements."""
        self.read_only, self.prepare_threshold = True, None

    def commit(self) -> None:
        """Commit, and forget what was declared."""
        super().commit()
        self._forget()

    def rollback(self) -> None:
        """Undo, and forget what was declared."""
        if self.read_only and self.info.transaction_status == TransactionStatus.INTRANS:
            super().commit()
        else:
            super().rollback()
        self._forget()

    def _forget(self) -> None:
        if self.read_only:
            self.read_only, self.prepare_threshold = False, PREPARED_AFTER
