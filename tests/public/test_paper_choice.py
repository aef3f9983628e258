"""Which paper a receipt is printed on: the same document each time, the same bytes for each paper."""

from __future__ import annotations

from pathlib import Path

import pypdfium2 as pdfium
import pytest
from click.testing import CliRunner
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from tests.factories.feedback import make_violation, make_world
from trafficedu import cli, opening
from trafficedu.core.transactions import WRITES
from trafficedu.issued.models import Document, DocumentFile
from trafficedu.public.services import PAPERS
from trafficedu.reports.layout import MM

WIDTHS = {"a5": 148, "a4": 210, "80mm": 80}


def width_of(paper: bytes) -> float:
    with pdfium.PdfDocument(paper) as document:
        return float(document[0].get_size()[0] / MM)


def test_the_command_line_writes_each_paper_of_one_document(
    fresh_app: Flask, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(opening, "application", lambda **_: fresh_app)
    with fresh_app.app_context(), fresh_app.extensions["sqlalchemy"].sessionmaker(info=WRITES) as session:
        number = recorded(session)
    for paper in (None, *PAPERS, *PAPERS):
        file = tmp_path / f"{paper}.pdf"
        before = file.read_bytes() if file.exists() else None
        chosen = ["--paper", paper] if paper else []
        done = CliRunner().invoke(cli.commands, ["report", "receipt", number, *chosen, "--lang", "zh", "-o", str(file)])
        assert done.exit_code == 0, done.output
        assert width_of(file.read_bytes()) == pytest.approx(WIDTHS[paper or "a5"], abs=0.1)
        assert before in {None, file.read_bytes()}, "the same bytes"
    with fresh_app.app_context(), fresh_app.extensions["sqlalchemy"].sessionmaker() as session:
        assert len(session.scalars(select(Document)).all()) == 1
        kept = session.scalars(select(DocumentFile.ending).order_by(DocumentFile.ending)).all()
        assert sorted(kept) == sorted(PAPERS.values())


@pytest.mark.one_database
def test_a_paper_is_chosen_for_receipts_alone(app: Flask, tmp_path: Path) -> None:
    file = str(tmp_path / "x.pdf")
    wrong = CliRunner().invoke(cli.commands, ["report", "notice", "N1", "--paper", "a4", "-o", file])
    assert (wrong.exit_code, "--paper" in wrong.output) == (2, True)
    unknown = CliRunner().invoke(cli.commands, ["report", "receipt", "V1", "--paper", "a3", "-o", file])
    assert unknown.exit_code == 2


def recorded(session: Session) -> str:
    violation = make_violation(session, make_world(session).village)
    session.commit()
    return violation.number
