"""Compiled templates: kept for the next process, never taken for another source, and no condition of a page."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from jinja2 import DictLoader, Environment

from trafficedu.app import create_app
from trafficedu.core.encryption import Keyring
from trafficedu.core.settings import Settings
from trafficedu.core.templates import KeptTemplates, load_all


def app_of(instance: Path) -> Flask:
    url = f"sqlite:///{instance / 'empty.sqlite'}"
    return create_app(Settings(instance, database_url=url, secret_key="only-for-tests", data_key=Keyring.generate()))


def refuse(*_args: Any, **_options: Any) -> None:
    raise AssertionError("a template is compiled again")


def test_the_next_process_compiles_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    load_all(app_of(tmp_path))
    folder = tmp_path / "templates"
    assert folder.stat().st_mode & 0o077 == 0
    monkeypatch.setattr(Environment, "compile", refuse)
    next_app = app_of(tmp_path)
    load_all(next_app)
    assert next_app.test_client().get("/").status_code == 200


def test_another_source_is_compiled_anew(tmp_path: Path) -> None:
    def said(source: str) -> str:
        environment = Environment(  # noqa: S701 - words without markup
            loader=DictLoader({"a.html": source}), bytecode_cache=KeptTemplates(tmp_path)
        )
        return environment.get_template("a.html").render()

    assert [said("one"), said("two"), said("two")] == ["one", "two", "two"]


def test_pages_are_served_where_nothing_can_be_kept(tmp_path: Path) -> None:
    (tmp_path / "templates").write_text("a file where the folder should be", "utf-8")
    app = app_of(tmp_path)
    load_all(app)
    assert (tmp_path / "templates").is_file()
    assert app.test_client().get("/").status_code == 200
