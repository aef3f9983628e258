"""What people name by a code or, where only one bears it, by a name. Must not know any feature."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable

from trafficedu.core.errors import Refusal
from trafficedu.core.text import message
from trafficedu.core.typed import compact


class Called:
    """Codes by name, for the rows of a file; ``names`` yields code and name, and is asked when the first name comes."""

    def __init__(self, codes: Collection[str], names: Callable[[], Iterable[tuple[str, str]]]) -> None:
        self._codes, self._names = codes, names
        self._by_name: dict[str, set[str]] | None = None

    def code_of(self, text: str, field: str) -> str:
        """Return the code that ``text`` is or names; what is neither stays as it is, to be refused by whoever looks.

        Raises
        ------
        Refusal
            Several bear the name, at ``field``.
        """
        if not text or text in self._codes:
            return text
        if self._by_name is None:
            self._by_name = {}
            for code, name in self._names():
                self._by_name.setdefault(compact(name), set()).add(code)
        found = self._by_name.get(compact(text), set())
        if len(found) > 1:
            several = ", ".join(sorted(found)[:5])
            raise Refusal(
                message("Several are called so: %(codes)s. Enter the code.", codes=several), field=field, value=text
            )
        return next(iter(found), text)
