"""The columns of a kind of file, declared once for its import and its export. Must not know any feature."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from trafficedu.core.errors import Refusal
from trafficedu.core.parsing import Cell, Read, as_text
from trafficedu.core.text import message


@dataclass(frozen=True, slots=True)
class Column:
    """One column: its name in the header, how a cell of it becomes a value, whether a file may leave it out.

    Whatever else is known of a column (its heading in another language, what a template says of it) belongs here.
    """

    name: str
    read: Read[Any] = as_text
    optional: bool = False


class Columns:
    """The columns of a kind of file, in their order."""

    def __init__(self, *columns: Column) -> None:
        self._reads = [(column.name, column.read) for column in columns]
        self.names: Sequence[str] = tuple(column.name for column in columns)
        self.optional = frozenset(column.name for column in columns if column.optional)

    def read(self, cells: Mapping[str, Cell]) -> dict[str, Any]:
        """Return the value of every column by its name; a column that the file leaves out is an empty cell.

        Raises
        ------
        Refusal
            At the first column whose cell says nothing it may say.
        """
        values: dict[str, Any] = {}
        name = ""
        try:
            for name, read in self._reads:
                cell = cells.get(name, "")
                values[name] = cell if read is as_text and isinstance(cell, str) else read(cell)
        except Refusal as error:
            raise Refusal(error.text, field=name, value=error.value) from error
        return values

    def check(self, header: Sequence[str]) -> None:
        """Raise :class:`Refusal` naming every unknown, doubled or missing column of ``header``."""
        unknown = [name for name in header if name not in self.names]
        if unknown:
            names, known = ", ".join(name or "(empty)" for name in unknown), ", ".join(self.names)
            text = message("Unknown column: %(names)s. Known columns: %(known)s.", names=names, known=known)
            raise Refusal(text, field=unknown[0])
        doubled = sorted({name for name in header if header.count(name) > 1})
        if doubled:
            text = message("This column appears twice: %(names)s.", names=", ".join(doubled))
            raise Refusal(text, field=doubled[0])
        missing = [name for name in self.names if name not in header and name not in self.optional]
        if missing:
            text = message("This column is missing: %(names)s.", names=", ".join(missing))
            raise Refusal(text, field=missing[0])
