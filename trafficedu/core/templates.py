"""Compiled templates: kept in the instance folder, and loaded before the server's processes are forked.

Compiling them is most of what the first answer of a page takes after a restart (docs/adr/0028).
"""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

import jinja2
from flask import Flask
from jinja2.bccache import Bucket


class KeptTemplates(jinja2.FileSystemBytecodeCache):
    """Compiled templates in a folder of the owner's; where that cannot be written, they are compiled each time.

    What was compiled from another source, or by another version of Python or Jinja, is not taken.
    """

    def __init__(self, folder: Path) -> None:
        with suppress(OSError):
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        super().__init__(str(folder), f"{jinja2.__version__}-%s")

    def load_bytecode(self, bucket: Bucket) -> None:
        """Take what is kept, if it can be read."""
        with suppress(OSError):
            super().load_bytecode(bucket)

    def dump_bytecode(self, bucket: Bucket) -> None:
        """Keep what was compiled, if there is room."""
        with suppress(OSError):
            super().dump_bytecode(bucket)


def load_all(app: Flask) -> None:
    """Load every template of an application: a process that is forked afterwards has them."""
    environment = app.jinja_env
    for name in environment.list_templates(extensions=["html"]):
        environment.get_template(name)
