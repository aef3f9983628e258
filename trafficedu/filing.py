"""Commands about files of tables, and the standard streams as files."""

from __future__ import annotations

import json
import os
import shutil
import sys
import tempfile
from pathlib import Path
from typing import Any

import click

from trafficedu import wiring
from trafficedu.core import blanks
from trafficedu.core.actors import SYSTEM
from trafficedu.core.clock import utc_now
from trafficedu.core.database import session
from trafficedu.core.month import Month
from trafficedu.core.terminal import progress_bar
from trafficedu.core.text import LOCALES, message, translate
from trafficedu.core.transactions import writing
from trafficedu.opening import language, open_installation, show
from trafficedu.transfers.services import exporting, importing
from trafficedu.transfers.services.trials import TrialTrace

STREAM = Path("-")
"""Stands for standard input, or standard output."""


def spooled(file: Path) -> Path:
    """Return a file as it can be read more than once: what comes in a stream is kept until the command ends."""
    if file != STREAM:
        return file
    kept = tempfile.NamedTemporaryFile()  # noqa: SIM115 - closed, and so deleted, with the command
    click.get_current_context().call_on_close(kept.close)
    shutil.copyfileobj(sys.stdin.buffer, kept)
    kept.flush()
    return Path(kept.name)


class MonthParam(click.ParamType[Month]):
    """A month written ``2026-11``."""

    name = "YYYY-MM"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Month:
        """Read the month, or end with the status of wrong use."""
        if isinstance(value, Month):
            return value
        try:
            return Month.parse(value)
        except ValueError:
            self.fail(translate(message("Write the month like 2026-11."), language()), param, ctx)


@click.command("export")
@click.argument("kind", type=click.Choice(list(wiring.EXPORTERS)))
@click.argument("file", type=click.Path(dir_okay=False, allow_dash=True, path_type=Path))
@click.option("--month", type=MonthParam(), help="Only this month (只导出该月).")
@click.option(
    "--headings", type=click.Choice(LOCALES), help="Headings and words for people (表头语言); default: names."
)
def export_kind(kind: str, file: Path, month: Month | None, headings: str | None) -> None:
    """Write a CSV or XLSX file, or a CSV to standard output (-), that can be imported again; masked (导出)."""
    if file != STREAM and file.suffix.lower() not in {".csv", ".xlsx"}:
        show(message("Choose a file whose name ends in .csv or .xlsx."))
        sys.exit(2)
    if file != STREAM and not os.access(file.parent, os.W_OK):
        show(message("The folder %(folder)s does not exist or cannot be written to.", folder=file.parent))
        sys.exit(2)
    wanted = exporting.Export(kind, month, headings=headings)
    with open_installation():
        with progress_bar(None) as progress:
            table = exporting.TableOut(session(), wiring.EXPORTERS[kind], wanted, SYSTEM, utc_now())
            if file == STREAM:
                count = exporting.export_stream(table, sys.stdout.buffer, progress)
            else:
                count = exporting.export_file(table, file, progress)
        with writing(session()) as own:
            exporting.note_export(own, wanted, SYSTEM, count)
    click.echo(translate(message("%(count)d rows.", count=count), language()), err=file == STREAM)


@click.command("template")
@click.argument("kind", type=click.Choice(list(wiring.IMPORTERS)))
@click.argument("file", type=click.Path(dir_okay=False, writable=True, path_type=Path))
@click.option("--headings", type=click.Choice(LOCALES), default="zh", help="In which language; default: zh (表头语言).")
def template(kind: str, file: Path, headings: str) -> None:
    """Write an empty table to fill in; as XLSX with a sheet that explains its columns (导入模板)."""
    if file.suffix.lower() not in {".csv", ".xlsx"}:
        click.echo(translate(message("Choose a file whose name ends in .csv or .xlsx."), language()), err=True)
        sys.exit(2)
    blanks.write_file(wiring.IMPORTERS[kind].columns, file, headings)


def print_trial(trial: TrialTrace, as_json: bool, output: Path | None) -> None:
    """Print the first rows that a file would change, old and new, and write all of them; refused ones follow anyway."""
    if output is not None:
        with output.open("wb") as out:
            trial.write(out, output.suffix.lower())
    trial.flush()
    for line, act, key, field, before, after, reason in () if as_json else trial.first:
        if not reason or before:
            change = f"{field}: {before or '-'} → {after or '-'}" if field else after
            click.echo("\t".join((str(line), act, key or "-", change)))
    if trial.rows > len(trial.first) and output is None:
        show(
            message(
                "These are the first %(shown)d of %(all)d rows. -o FILE writes all of them.",
                shown=len(trial.first),
                all=trial.rows,
            )
        )


def print_outcome(outcome: importing.Outcome, as_json: bool, trial: bool) -> None:
    """Print what became of a file: counts and remarks, refused rows to the standard error."""
    report = outcome.report
    if as_json:
        click.echo(json.dumps(report.as_json(language()), ensure_ascii=False))
        return
    for row in report.refused:
        show(
            message(
                "Line %(line)d, %(column)s, %(value)s: %(reason)s",
                line=row.line,
                column=row.column or "-",
                value=f"“{row.value}”",
                reason=row.reason,
            )
        )
    for remark in report.of_cells:
        show(remark)
    text = message(
        "Added %(added)d, updated %(updated)d, unchanged %(unchanged)d, refused %(refused)d.",
        added=report.added,
        updated=report.updated,
        unchanged=report.unchanged,
        refused=len(report.refused),
    )
    click.echo(translate(text, language()))
    for note in report.of_file:
        click.echo(translate(note, language()))
    if outcome.broken:
        show(message("Nothing was written. Correct the file and try again."))
    elif outcome.stopped and not trial:
        show(message("Nothing was written. Correct the lines above, or skip them with --skip-errors."))
    elif trial:
        show(message("Nothing was written: this was only a trial."))
    elif outcome.run:
        show(message("To take this import back: trafficedu import --undo %(run)s", run=outcome.run))
