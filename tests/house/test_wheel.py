"""A wheel built from the checkout, installed into an empty environment, serves the pages."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
UV = Path(sys.executable).parent / "uv"
ASK_FOR_A_PAGE = """
from trafficedu.app import create_app
client = create_app().test_client()
page = client.get("/sign-in")
assert page.status_code == 200, page.status_code
assert "登录" in page.text
sheet = page.text.split('rel="stylesheet" href="')[1].split('"')[0]
assert client.get(sheet).status_code == 200, sheet
assert client.get("/readyz").text == "ready\\n"
"""


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build from a copy, so that nothing is left in the checkout."""
    source, target = tmp_path_factory.mktemp("source"), tmp_path_factory.mktemp("wheel")
    for name in ("trafficedu", "templates", "setup.py", "setup.cfg", "pyproject.toml", "README.md", "LICENSE"):
        copy = shutil.copytree if (ROOT / name).is_dir() else shutil.copy
        copy(ROOT / name, source / name)
    command = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(target), str(source)]
    built = subprocess.run(command, capture_output=True, text=True, check=False)
    assert built.returncode == 0, built.stdout + built.stderr
    return next(target.glob("*.whl"))


def test_the_wheel_carries_what_pages_and_documents_need(wheel: Path) -> None:
    names = set(zipfile.ZipFile(wheel).namelist())
    for needed in (
        "trafficedu/templates/base.html",
        "trafficedu/locale/zh/LC_MESSAGES/messages.mo",
        "trafficedu/static/build/manifest.json",
        "trafficedu/reports/fonts/NotoSansSC-Regular.ttf",
        "trafficedu/reference/parameters.csv",
        "trafficedu/demo/invented.json",
        "trafficedu/migrations/env.py",
    ):
        assert needed in names
    assert not any(name.startswith(("tests/", "templates/", "assets/")) for name in names)


def test_the_wheel_serves_pages_in_an_empty_environment(wheel: Path, tmp_path: Path) -> None:
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "TRAFFICEDU"))},
        "TRAFFICEDU_INSTANCE": str(tmp_path / "instance"),
    }
    python = tmp_path / "env" / "bin" / "python"
    for command in (
        [UV, "venv", "--quiet", "--python", sys.executable, tmp_path / "env"],
        [UV, "pip", "install", "--quiet", "--python", python, "--constraint", ROOT / "requirements.lock", wheel],
        [python.parent / "trafficedu", "init"],
        [python, "-c", ASK_FOR_A_PAGE],
    ):
        done = subprocess.run(
            [str(part) for part in command], cwd=tmp_path, env=environment, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, f"{command}: {done.stderr}"
