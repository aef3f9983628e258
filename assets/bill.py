"""Writes ``docs/bill-of-materials.md``: what an installation consists of, by name, version and licence.

Run as ``python -m assets.bill`` (part of ``make lock``). Must not know the application. Python packages come from
``requirements.lock``, their licences from the installed packages; what the pages and documents carry comes from
the last build (see ``assets/build.py``), with the versions and licences of ``package-lock.json``.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from importlib.metadata import metadata
from typing import NamedTuple

from packaging.licenses import InvalidLicenseExpression, canonicalize_license_expression

from assets import build, fonts

BILL = build.ROOT / "docs" / "bill-of-materials.md"
PAGE = """# Bill of materials

What an installation of trafficedu consists of, written by `make lock`. Licences are what each package states about
itself.

## Python packages

As `requirements.lock` has them, with hashes. Compiled packages carry libraries of their own (OpenBLAS in NumPy and
SciPy, libpq and OpenSSL in psycopg-binary, image formats in Pillow), which their own licence files name.

{python}

## In the pages and documents

Copied into the wheel; the texts of the licences go with them, in `trafficedu/static/build/licences.txt` and
`trafficedu/reports/fonts/OFL.txt`.

{bundled}
"""


class Part(NamedTuple):
    """One package of the bill."""

    name: str
    version: str
    licence: str


def stated_licence(name: str) -> str:
    """Return the licence that an installed package states: an SPDX expression, its classifiers, else its own words."""
    about = metadata(name)
    stated = [*about.get_all("License-Expression", []), *about.get_all("License", [])]
    for expression in stated:
        try:
            return canonicalize_license_expression(expression)
        except InvalidLicenseExpression:
            continue
    classifiers = [line for line in about.get_all("Classifier", []) if line.startswith("License :: ")]
    return ", ".join(line.rpartition(" :: ")[2] for line in classifiers) or " ".join(stated[:1])


def python_parts() -> list[Part]:
    """List what ``requirements.lock`` installs, in its order."""
    lock = (build.ROOT / "requirements.lock").read_text(encoding="utf-8")
    pins = re.findall(r"^([a-z0-9-]+)==(\S+)", lock, re.MULTILINE)
    return [Part(name, version, stated_licence(name)) for name, version in pins]


def bundled_parts() -> list[Part]:
    """List the npm packages whose code or glyphs are copied into the wheel."""
    packages = json.loads((build.SOURCES / "package-lock.json").read_text(encoding="utf-8"))["packages"]
    names = sorted({*build.read_packages(build.BUILD), str(fonts.PACKAGE)})
    locked = [(name, packages[f"node_modules/{name}"]) for name in names]
    return [Part(name, about["version"], about["license"]) for name, about in locked]


def table(parts: Iterable[Part]) -> str:
    """Lay ``parts`` out as a Markdown table."""
    rows = [Part("package", "version", "licence"), Part("---", "---", "---"), *parts]
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)


def text() -> str:
    """Return the whole bill."""
    return PAGE.format(python=table(python_parts()), bundled=table(bundled_parts()))


if __name__ == "__main__":
    BILL.write_text(text(), encoding="utf-8")
