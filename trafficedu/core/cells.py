"""Text in a CSV cell that no spreadsheet takes for a formula. Knows no file, no column, no feature.

A spreadsheet runs a cell that begins with ``=``, ``+``, ``-`` or ``@`` (and, in some, with their full-width
forms, a tab or a line break), even if the text came from a stranger's form. The rule, for whoever writes
and whoever reads:

* written: a text that would be run gets one apostrophe in front;
* read: an apostrophe goes if what follows it, other apostrophes and spaces aside, would be run.

So every text comes back unchanged, one that begins with an apostrophe of its own too: ``'=1`` is written
``''=1``. Numbers are written as numbers and need no protection: ``-5`` stays ``-5``.
"""

from __future__ import annotations

_RUN = frozenset("=+-@＝＋－＠\t\r\n")
_SKIPPED = "' \u00a0\u3000\u200b\ufeff"


def _would_run(text: str) -> bool:
    return text.lstrip(_SKIPPED)[:1] in _RUN


def protect(text: str) -> str:
    """Return ``text`` as it is written into a CSV cell."""
    return f"'{text}" if _would_run(text) else text


def restore(text: str) -> str:
    """Return the text that ``protect`` wrote; other text is returned as it is."""
    return text[1:] if text.startswith("'") and _would_run(text) else text
