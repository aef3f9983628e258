"""What a terminal shows of long work. Must not know any feature."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import click


@contextmanager
def progress_bar(length: int | None) -> Iterator[Callable[[int], None]]:
    """Show how far long work is, on standard error and only where that is a terminal."""
    if not sys.stderr.isatty():
        yield lambda _done: None
        return
    bar: Any
    with click.progressbar(length=length, file=sys.stderr) as bar:
        yield bar.update
