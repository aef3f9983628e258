"""``trafficedu evaluate``: the contract's JSON, the check, wrong use. Each command gets an application of its own."""

from __future__ import annotations

import json
import re
from datetime import date
from typing import Any

import pytest
from click.testing import CliRunner
from flask import Flask
from sqlalchemy import delete, update
from sqlalchemy.orm import Session

from tests.factories import colours as made
from tests.factories.evaluation import NOW
from trafficedu import cli, opening
from trafficedu.core.errors import Refusal
from trafficedu.core.month import Month
from trafficedu.evaluation.models import EvaluationResult
from trafficedu.figures import FIGURES
from trafficedu.settled import services as settling
from trafficedu.settled.models import SettledMonth, SettledSum


@pytest.fixture
def app(fresh_app: Flask) -> Flask:
    """What ``session`` works on: the commands commit."""
    return fresh_app


def run_command(app: Flask, monkeypatch: pytest.MonkeyPatch, *arguments: str) -> Any:
    monkeypatch.setattr(opening, "application", lambda **_: app)
    monkeypatch.setattr(cli, "utc_now", lambda: NOW)
    return CliRunner().invoke(cli.commands, ["evaluate", *arguments])


def test_the_command_prints_the_contracts_json_and_checks(
    fresh_app: Flask, session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    code = made.three_towns(session)["C"].code
    session.commit()
    done = run_command(fresh_app, monkeypatch, "2026-10", "--json")
    assert done.exit_code == 0, done.output
    body = json.loads(done.stdout)
    assert set(body) == {"month", "rule_set", "results"}
    assert (body["month"], body["rule_set"], len(body["results"])) == ("2026-10", "second", 3)
    first = next(one for one in body["results"] if one["code"] == code)
    assert set(first) == {
        *("kind", "code", "colour", "score", "dimensions", "interval", "probability", "firm", "veto", "hash")
    }
    assert (first["kind"], first["colour"], first["firm"], first["veto"]) == (
        *("town", "orange", "orange_or_worse", "orange"),
    )
    assert set(first["dimensions"]["points"]) == {"score", "numerator", "denominator", "weight", "information"}
    assert first["interval"][0] <= first["score"] <= first["interval"][1]
    assert sum(first["probability"].values()) == pytest.approx(1)
    again = run_command(fresh_app, monkeypatch, "2026-10", "--check")
    assert again.exit_code == 0, again.output
    assert re.search(r"2026-10 有 \d+ 项数据（共 \d+ 项）未汇总到月底，未作核对：.*accidents", again.stderr)
    assert "个月份等待后台任务汇总" in again.stderr
    assert json.loads(run_command(fresh_app, monkeypatch, "2026-10", "--json").stdout) == body
    over = date(2026, 10, 31)
    session.add(SettledMonth(figure="violations", month=Month(2026, 10), watched=over, through=over, lag=0))
    session.add(SettledSum(figure="violations", month=Month(2026, 10), area_id=1, part="1", n=1_000_000))
    session.commit()
    wrong = run_command(fresh_app, monkeypatch, "2026-10", "--check")
    assert (wrong.exit_code, "逐条统计不一致" in wrong.stderr) == (1, True)
    session.execute(delete(SettledMonth))
    session.commit()
    while settling.settle_due(session, NOW, FIGURES):
        pass
    session.commit()
    settled = run_command(fresh_app, monkeypatch, "2026-10", "--check")
    assert (settled.exit_code, "等待后台任务汇总" in settled.stderr, "accidents" in settled.stderr) == (0, False, False)
    session.execute(update(EvaluationResult).values(score=1.0))
    session.commit()
    broken = run_command(fresh_app, monkeypatch, "2026-10", "--check", "--json")
    assert broken.exit_code == 1
    assert len(json.loads(broken.stdout)["check"]["differences"]) == 3


def test_the_command_says_what_the_colours_foretold(
    fresh_app: Flask, session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    made.three_towns(session)
    session.commit()
    assert run_command(fresh_app, monkeypatch, "2026-10").exit_code == 0
    done = run_command(fresh_app, monkeypatch, "--backtest", "--json")
    assert done.exit_code == 0, done.output
    [scheme] = json.loads(done.stdout)["schemes"]
    assert (scheme["scheme"], list(scheme["kinds"]), scheme["kinds"]["town"]["months"]) == (2, ["town"], ["2026-10"])
    assert scheme["kinds"]["town"]["correlation"] is None
    assert "需要两个时段" in run_command(fresh_app, monkeypatch, "--backtest").stdout
    for wrong in ((), ("2026-10", "--backtest"), ("--backtest", "--check")):
        assert run_command(fresh_app, monkeypatch, *wrong).exit_code == 2


@pytest.mark.parametrize("month", ["2026-13", "october", "2026"])
def test_a_malformed_month_is_wrong_use(fresh_app: Flask, monkeypatch: pytest.MonkeyPatch, month: str) -> None:
    assert run_command(fresh_app, monkeypatch, month).exit_code == 2


def test_a_month_without_an_evaluation_has_nothing_to_check(fresh_app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    refused = run_command(fresh_app, monkeypatch, "2026-10", "--check")
    assert isinstance(refused.exception, Refusal)
