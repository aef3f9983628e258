"""A command ends with closing every connection of its application: it gets one of its own, with real commits."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner
from flask import Flask
from sqlalchemy.orm import Session

from tests.factories import people
from tests.factories.education import NOW, District, assign, make_session, make_violation, sign_off_by_exception
from trafficedu import cli, opening
from trafficedu.accounts.queries import actor_of
from trafficedu.core.actors import SYSTEM
from trafficedu.core.errors import Missing
from trafficedu.education.services.door import check_in
from trafficedu.riders.models import Rider


@pytest.fixture
def app(fresh_app: Flask) -> Flask:
    """What ``session`` works on: the commands commit."""
    return fresh_app


def test_report_writes_certificate_and_roster(
    fresh_app: Flask,
    session: Session,
    district: District,
    rider: Rider,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(opening, "application", lambda **_: fresh_app)
    study = make_session(session, district.at_a)
    task = assign(session, make_violation(session, rider, district.a), SYSTEM, NOW)
    assert task is not None
    staff = actor_of(people.make_user(session, "station", station_id=district.at_a.id))
    check_in(session, task.bookings[0], staff, study.starts_utc)
    certificate = sign_off_by_exception(session, task.bookings[0], staff, study.starts_utc)
    numbers = {"certificate": certificate.number, "roster": study.number}
    session.commit()
    for kind, number in numbers.items():
        file = tmp_path / f"{kind}.pdf"
        done = CliRunner().invoke(cli.commands, ["report", kind, number.lower(), "--lang", "en", "-o", str(file)])
        assert done.exit_code == 0, done.output
        assert file.read_bytes().startswith(b"%PDF")
    nobody = CliRunner().invoke(cli.commands, ["report", "certificate", "C0000000000X", "-o", str(tmp_path / "x.pdf")])
    assert isinstance(nobody.exception, Missing)
    assert not (tmp_path / "x.pdf").exists()
