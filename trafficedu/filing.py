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

from trafficedu.areas.imports import outlines as outline_files
from trafficedu.areas.queries.outlines import find_file
from trafficedu.core import blanks
from trafficedu.core.actors import SYSTEM
from trafficedu.core.clock import utc_now
from trafficedu.core.database import session
from trafficedu.core.errors import Refusal
from trafficedu.core.month import Month
from trafficedu.core.numbers import normalise
from trafficedu.core.outlines import GivenFile
from trafficedu.core.positions import Datum
from trafficedu.core.terminal import progress_bar
from trafficedu.core.text import LOCALES, message, translate, unpacked
from trafficedu.core.transactions import writing
from trafficedu.opening import language, open_installation, show
from trafficedu.transfers.services import exporting, importing
from trafficedu.transfers.services.trials import TrialTrace
from trafficedu.wiring.files import EXPORTERS, IMPORTERS

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
@click.argument("kind", type=click.Choice(list(EXPORTERS)))
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
            table = exporting.TableOut(session(), EXPORTERS[kind], wanted, SYSTEM, utc_now())
            if file == STREAM:
                count = exporting.export_stream(table, sys.stdout.buffer, progress)
            else:
                count = exporting.export_file(table, file, progress)
        with writing(session()) as own:
            exporting.note_export(own, wanted, SYSTEM, count)
    click.echo(translate(message("%(count)d rows.", count=count), language()), err=file == STREAM)


@click.command("template")
@click.argument("kind", type=click.Choice(list(IMPORTERS)))
@click.argument("file", type=click.Path(dir_okay=False, writable=True, path_type=Path))
@click.option("--headings", type=click.Choice(LOCALES), default="zh", help="In which language; default: zh (表头语言).")
def template(kind: str, file: Path, headings: str) -> None:
    """Write an empty table to fill in; as XLSX with a sheet that explains its columns (导入模板)."""
    if file.suffix.lower() not in {".csv", ".xlsx"}:
        click.echo(translate(message("Choose a file whose name ends in .csv or .xlsx."), language()), err=True)
        sys.exit(2)
    blanks.write_file(IMPORTERS[kind].columns, file, headings)


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


@click.command("outlines")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, allow_dash=True, path_type=Path), required=False)
@click.option("--datum", type=click.Choice([each.value for each in Datum]), help="System of the points (坐标系).")
@click.option("--dry-run", is_flag=True, help="Say what would happen and write nothing (试运行).")
@click.option("--skip-unknown", is_flag=True, help="Leave areas out that are not in the tree (跳过未知区划).")
@click.option("--undo", metavar="NUMBER", default="", help="Take back the file with this number (撤销).")
def outlines(file: Path | None, datum: str | None, dry_run: bool, skip_unknown: bool, undo: str) -> None:
    """Take in outlines of areas for the map, GeoJSON, all or nothing (区划边界)."""
    if undo:
        with open_installation(), writing(session()) as own:
            count = outline_files.take_back(own, find_file(own, normalise(undo)), SYSTEM, utc_now())
        return click.echo(translate(message("Outlines of %(count)d areas taken back.", count=count), language()))
    if file is None or datum is None:
        raise click.UsageError(translate(message("Name the FILE and its --datum, or --undo NUMBER."), language()))
    given = GivenFile(file.name, spooled(file).read_bytes(), Datum(datum))
    with open_installation(), writing(session()) as own:
        tried = outline_files.try_outlines(own, given, SYSTEM, utc_now())
        for row in tried.left_out:
            show(message("%(name)s: %(why)s", name=row["name"], why=unpacked(row["why"])))
        if tried.left_out and not skip_unknown:
            raise Refusal(message("Nothing was imported. --skip-unknown leaves these out."), field="file")
        if not dry_run:
            outline_files.take_outlines(own, tried, SYSTEM, utc_now())
        number, count = tried.number, len(tried.outlines)
        if dry_run:
            own.rollback()
    click.echo(translate(message("%(count)d outlines, file %(number)s.", count=count, number=number), language()))
    return None
