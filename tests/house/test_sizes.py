"""Rooms stay small enough to be read in one sitting, and their doors hand nothing on."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

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


def too_long(path: Path) -> Iterator[str]:
    """Yield what of a file is longer than it may be, and how long it is."""
    name, text = path.relative_to(ROOT), path.read_text("utf-8")
    if (lines := text.count("\n")) > MOST_LINES:
        yield f"{name}: {lines} lines"
    most = MOST_STORY_LINES if "tests" in name.parts else MOST_FUNCTION_LINES
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and (lines := code_lines(node)) > most:
            yield f"{name}:{node.lineno}: {node.name} has {lines} lines"


def test_files_stay_below_400_lines_and_functions_short() -> None:
    assert len(FILES) > 100
    assert [fault for path in FILES for fault in too_long(path)] == []


def says_more_than_a_sentence(path: Path) -> bool:
    tree = ast.parse(path.read_text("utf-8"))
    sentence = ast.get_docstring(tree) or ""
    return len(tree.body) > bool(sentence) or "\n" in sentence


def test_an_init_file_holds_one_sentence_and_hands_nothing_on() -> None:
    inits = [path for path in FILES if path.name == "__init__.py" and path.parent != ROOT / "trafficedu"]
    assert len(inits) > 50
    assert [path for path in inits if says_more_than_a_sentence(path)] == []


def test_a_template_stays_below_250_lines() -> None:
    for path in (ROOT / "templates").rglob("*.html"):
        assert path.read_text("utf-8").count("\n") <= 250, path
