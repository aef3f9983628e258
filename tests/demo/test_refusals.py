"""Where the demo does not go, and what the command says."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from pathlib import Path

import pytest
from click.testing import CliRunner
from sqlalchemy.orm import Session

from tests.factories.people import make_user
from trafficedu.cli import commands, main
from trafficedu.configuration.queries import is_demo
from trafficedu.core.errors import Refusal
from trafficedu.demo.accounts import PASSWORD
from trafficedu.demo.plan import Plan
from trafficedu.demo.services import load_demo

NOW = datetime(2026, 6, 17, 8, 30, tzinfo=UTC)


def test_an_installation_with_records_is_refused(session: Session) -> None:
    make_user(session, "administrator")
    with pytest.raises(Refusal, match="has records or accounts"):
        load_demo(session, Plan(100, 2), NOW)
    assert not is_demo(session)


def test_a_history_older_than_the_areas_is_refused(session: Session) -> None:
    with pytest.raises(Refusal, match="Ask for fewer months"):
        load_demo(session, Plan(100, 100), NOW)


@pytest.fixture
def instance(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("TRAFFICEDU_INSTANCE", str(tmp_path))
    monkeypatch.setenv("TRAFFICEDU_LOCALE", "en")
    monkeypatch.delenv("TRAFFICEDU_DATABASE_URL", raising=False)
    return tmp_path


def test_the_command_fills_an_instance_once_and_prints_the_accounts(instance: Path) -> None:
    arguments = ["demo", "--violations", "60", "--months", "3"]
    first = CliRunner().invoke(commands, arguments, catch_exceptions=False)
    assert first.exit_code == 0
    assert first.stdout.count(PASSWORD) == 8
    assert "角色" in first.stdout
    assert "Address: http://127.0.0.1:8000" in first.stdout
    before = (instance / "trafficedu.sqlite").read_bytes()
    begun = time.perf_counter()
    second = CliRunner().invoke(commands, arguments, catch_exceptions=False)
    assert time.perf_counter() - begun < 5
    assert second.exit_code == 0
    assert second.stdout == first.stdout
    assert "nothing was changed" in second.stderr
    assert (instance / "trafficedu.sqlite").read_bytes() == before


def test_the_command_refuses_real_records_with_status_1(
    instance: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    runner = CliRunner()
    runner.invoke(commands, ["init"], catch_exceptions=False)
    runner.invoke(commands, ["user", "add", "somebody", "--role", "administrator"], catch_exceptions=False)
    monkeypatch.setattr("sys.argv", ["trafficedu", "demo", "--violations", "40"])
    with pytest.raises(SystemExit) as stop:
        main()
    assert stop.value.code == 1
    assert "has records or accounts" in capsys.readouterr().err
