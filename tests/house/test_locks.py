"""What runs, what builds and what tests is locked apart, with hashes, and the lock files agree."""

from __future__ import annotations

import ast
import configparser
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[2]
RUNS, BUILDS, TESTS = "requirements.lock", "requirements-build.lock", "requirements-dev.lock"
LOCKS = (RUNS, BUILDS, TESTS, "requirements-uv.lock")
PIN = re.compile(r"([a-z0-9-]+)==(\S+) \\\n(?:    --hash=sha256:[0-9a-f]{64} \\\n)*    --hash=sha256:[0-9a-f]{64}\n")


def pins(*locks: str) -> dict[str, str]:
    """Return name -> version of everything that ``locks`` install."""
    return {name: version for lock in locks for name, version in PIN.findall((ROOT / lock).read_text("utf-8"))}


def asked_for(section: str, option: str) -> list[Requirement]:
    """Return the requirements that ``setup.cfg`` lists there."""
    setup = configparser.RawConfigParser()
    setup.read(ROOT / "setup.cfg", "utf-8")
    return [Requirement(line) for line in setup[section][option].split("\n") if line]


@pytest.mark.parametrize("lock", LOCKS)
def test_a_lock_holds_nothing_but_versions_with_their_hashes(lock: str) -> None:
    text = (ROOT / lock).read_text("utf-8")
    assert pins(lock)
    assert re.sub(r"^ *#.*\n", "", PIN.sub("", text), flags=re.MULTILINE) == ""
    assert "://" not in text


def test_what_stands_in_two_locks_has_one_version() -> None:
    together = pins(*LOCKS)
    for lock in LOCKS:
        assert pins(lock).items() <= together.items(), lock


@pytest.mark.parametrize(
    ("section", "option", "lock"),
    [
        ("options", "install_requires", RUNS),
        ("options.extras_require", "build", BUILDS),
        ("options.extras_require", "dev", TESTS),
    ],
)
def test_a_lock_has_what_setup_asks_for(section: str, option: str, lock: str) -> None:
    for requirement in asked_for(section, option):
        assert requirement.specifier.contains(pins(lock)[canonicalize_name(requirement.name)]), requirement


def test_what_tests_is_not_installed_to_run_or_build() -> None:
    tools = {canonicalize_name(requirement.name) for requirement in asked_for("options.extras_require", "dev")}
    assert not tools & pins(RUNS, BUILDS).keys()


def imported(folder: str) -> Iterator[str]:
    """List the top-level modules that the code in ``folder`` imports, wherever it does."""
    for path in (ROOT / folder).rglob("*.py"):
        if "node_modules" not in path.parts:
            for node in ast.walk(ast.parse(path.read_text("utf-8"))):
                if isinstance(node, ast.Import):
                    yield from (alias.name.partition(".")[0] for alias in node.names)
                elif isinstance(node, ast.ImportFrom) and node.module:
                    yield node.module.partition(".")[0]


@pytest.mark.parametrize(("folder", "locks"), [("trafficedu", [RUNS]), ("assets", [RUNS, BUILDS])])
def test_what_the_code_imports_is_installed_without_the_test_tools(folder: str, locks: list[str]) -> None:
    distributions = packages_distributions()
    there = pins(*locks).keys()
    for module in set(imported(folder)) - sys.stdlib_module_names - {"trafficedu", "assets"}:
        assert {canonicalize_name(name) for name in distributions[module]} & there, module


def would_do(target: str, folder: Path) -> str:
    """Return what ``make target`` would do in ``folder``."""
    environment = {name: value for name, value in os.environ.items() if name not in {"MAKEFLAGS", "MFLAGS"}}
    return subprocess.run(
        ["make", "--dry-run", target], cwd=folder, env=environment, capture_output=True, text=True, check=True
    ).stdout


def test_make_run_brings_no_test_tools_and_takes_none_away(tmp_path: Path) -> None:
    for name in ("Makefile", *LOCKS, "setup.cfg", "setup.py", "pyproject.toml"):
        shutil.copy(ROOT / name, tmp_path)
    for target in ("setup", "run", "wheel"):
        assert f"--require-hashes {RUNS} {BUILDS}" in would_do(target, tmp_path)
        assert TESTS not in would_do(target, tmp_path)
    for target in ("dev", "test", "lint", "format"):
        assert f"--require-hashes {RUNS} {BUILDS} {TESTS}" in would_do(target, tmp_path)
    (tmp_path / ".venv").mkdir()
    (tmp_path / ".venv" / ".dev").touch()
    for target in ("setup", "run"):
        assert f"--require-hashes {RUNS} {BUILDS} {TESTS}" in would_do(target, tmp_path)
