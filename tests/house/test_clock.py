"""Time is passed in: below the views nobody asks what time it is."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[2] / "trafficedu"
DOORS = {"events", "imports", "models", "queries", "rules", "services"}
CLOCKS = {"utc_now", "today", "now", "utcnow"}
CORE = {
    "core/audit.py": "a row of the trail says when it was written, whatever day was being written about",
    "core/fields.py": "the usual period of a page, for the person in front of it",
    "core/time_fields.py": "a form's check, and the minute it is sent, for the person in front of it",
    "core/job_running.py": "the process that runs jobs: when one began, ended, and was last heard of",
    "core/job_views.py": "the view of every file: when somebody asked for it",
    "core/kept.py": "the frame of every form: when its page was drawn, how long what was typed is kept",
    "core/list_views.py": "the view of every list: the day in the name of the file that is sent",
    "core/pages.py": "the frame of every page",
    "core/row_views.py": "the view of what is done to many rows of a list",
}


def below_the_views() -> Iterator[Path]:
    """Yield the modules of the doors below the views, of ``analysis`` and ``reports``, and most of ``core``."""
    for path in sorted(PACKAGE.rglob("*.py")):
        feature, *rest = path.relative_to(PACKAGE).with_suffix("").parts
        inner = feature in {"analysis", "reports", "demo"} or (feature == "core" and rest != ["clock"])
        if (inner or DOORS & set(rest)) and str(path.relative_to(PACKAGE)) not in CORE:
            yield path


def reads_of_the_clock(source: str) -> list[int]:
    """Return the lines on which a clock is called or handed on."""
    tree = ast.parse(source)
    names = {
        alias.asname or alias.name
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and node.module == "trafficedu.core.clock"
        for alias in node.names
        if alias.name in CLOCKS
    }
    return [
        node.lineno
        for node in ast.walk(tree)
        if (isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load) and node.id in names)
        or (
            isinstance(node, ast.Attribute)
            and node.attr in CLOCKS
            and isinstance(node.value, ast.Name)
            and node.value.id in {"clock", "datetime", "date"}
        )
    ]


@pytest.mark.parametrize(
    "line", ["clock.utc_now()", "datetime.now(UTC)", "date.today()", "field(default=utc_now)", "today()"]
)
def test_a_clock_is_recognised(line: str) -> None:
    assert reads_of_the_clock(f"from trafficedu.core.clock import today, utc_now\nx = {line}\n") == [2]


def test_a_variable_of_that_name_is_no_clock() -> None:
    assert reads_of_the_clock("def due(today): return today + row.now\n") == []


def test_nobody_below_the_views_reads_the_clock() -> None:
    modules = list(below_the_views())
    assert len(modules) > 150
    found = {
        str(path.relative_to(PACKAGE)): lines
        for path in modules
        if (lines := reads_of_the_clock(path.read_text(encoding="utf-8")))
    }
    assert found == {}


@pytest.mark.parametrize("name", CORE)
def test_who_may_read_it_does(name: str) -> None:
    assert reads_of_the_clock((PACKAGE / name).read_text(encoding="utf-8"))
