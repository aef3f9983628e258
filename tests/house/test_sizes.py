"""Rooms stay small enough to be read in one sitting."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FILES = [
    path
    for folder in ("trafficedu", "tests")
    for path in sorted((ROOT / folder).rglob("*.py"))
    if "migrations" not in path.parts
]
MOST_LINES = 400
MOST_FUNCTION_LINES = 40
MOST_STORY_LINES = 60
"""A test that tells a story step by step may be longer."""


def code_lines(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """Count a function's lines from its name to its end, without the docstring: facts may take their room."""
    total = (function.end_lineno or 0) - function.lineno + 1
    first = function.body[0]
    if ast.get_docstring(function) is not None:
        total -= (first.end_lineno or 0) - first.lineno + 1
    return total


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_file_stays_below_400_lines_and_its_functions_short(path: Path) -> None:
    text = path.read_text("utf-8")
    assert text.count("\n") <= MOST_LINES
    most = MOST_STORY_LINES if "tests" in path.relative_to(ROOT).parts else MOST_FUNCTION_LINES
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            assert code_lines(node) <= most, node.name


def test_a_template_stays_below_250_lines() -> None:
    for path in (ROOT / "templates").rglob("*.html"):
        assert path.read_text("utf-8").count("\n") <= 250, path
