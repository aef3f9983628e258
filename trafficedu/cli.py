"""The command line: ``trafficedu VERB``. Verbs only; the work is in services.

Exit status: 0 done, 1 the work failed, 2 wrong use. Messages go to standard error, results to standard output.
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable
from contextlib import closing
from datetime import datetime
from pathlib import Path
from typing import Any

import click
from flask import Flask
from sqlalchemy.exc import OperationalError

from trafficedu import __version__
from trafficedu.accounts.queries import find_actor, find_post
from trafficedu.accounts.rules import Role
from trafficedu.accounts.services import UserInput, create_user, first_password
from trafficedu.configuration import queries as configuration
from trafficedu.configuration.services import note_failed_run, run_chores
from trafficedu.core import job_running, keys, logs, modes, schema, serving
from trafficedu.core.actors import SYSTEM
from trafficedu.core.apart import apart
from trafficedu.core.clock import from_local, local_date, utc_now
from trafficedu.core.database import database, session
from trafficedu.core.errors import DomainError, Refusal
from trafficedu.core.month import Month
from trafficedu.core.numbers import normalise
from trafficedu.core.reading import count_rows
from trafficedu.core.services import services_of
from trafficedu.core.settings import is_loopback
from trafficedu.core.terminal import progress_bar
from trafficedu.core.text import LOCALES, message, translate
from trafficedu.core.traces import UNTRACED
from trafficedu.core.transactions import writing
from trafficedu.demo import accounts as demo_accounts
from trafficedu.demo import services as demo
from trafficedu.demo.afterwards import evaluate_months
from trafficedu.demo.documents import issue_documents
from trafficedu.demo.plan import DEFAULT_MONTHS, DEFAULT_SEED, DEFAULT_VIOLATIONS, MOST_DISTRICTS, MOST_VIOLATIONS, Plan
from trafficedu.evaluation.services import backtests, printing, runs
from trafficedu.evaluation.services.checking import check_month
from trafficedu.figures import FIGURES
from trafficedu.filing import MonthParam, export_kind, outlines, print_outcome, print_trial, spooled, template
from trafficedu.opening import application, language, open_installation, show
from trafficedu.operating import doctor
from trafficedu.reports import fonts
from trafficedu.settled import services as settling
from trafficedu.transfers.queries.runs import find_run
from trafficedu.transfers.services import importing, undoing
from trafficedu.transfers.services import jobs as import_jobs
from trafficedu.transfers.services.trials import TrialTrace
from trafficedu.wiring.files import IMPORTERS
from trafficedu.wiring.papers import MONTHLY_REPORTS, PAPERS, REPORTS
from trafficedu.wiring.work import CHORES, JOBS, REFERENCE


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__)
def commands() -> None:
    """Trafficedu 交治通: records, education, feedback and honest counting for one district."""


commands.add_command(doctor)
commands.add_command(template)
commands.add_command(export_kind)
commands.add_command(outlines)


def main() -> None:
    """Run the command line; a refused piece of work is exit status 1 with a sentence, never a traceback."""
    logs.configure_logging()
    modes.keep_private()
    try:
        commands(standalone_mode=False, obj=_give_way)
    except click.exceptions.Abort:
        sys.exit(1)
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)
    except DomainError as error:
        show(error.text)
        sys.exit(1)
    except OperationalError as error:
        show(message("The database is not responding (%(why)s).", why=str(error.orig).strip().partition("\n")[0]))
        sys.exit(1)
    except click.exceptions.Exit as stop:
        sys.exit(stop.exit_code)


def _give_way() -> None:
    """Leave the processor to those who wait for pages; for a process of its own, not for one that calls a command."""
    os.nice(job_running.NICENESS)


@commands.command()
def init() -> None:
    """Instance folder, keys, schema and reference data; idempotent (初始化)."""
    with open_installation(empty=True):
        _prepare()
    show(message("The installation is ready."))


def _prepare() -> None:
    schema.upgrade(database().engine)
    keys.settle(session(), utc_now())
    with writing(session()) as own:
        for load in REFERENCE:
            load(own, utc_now())


@commands.command("demo")
@click.option("--violations", default=DEFAULT_VIOLATIONS, show_default=True, type=click.IntRange(1, MOST_VIOLATIONS))
@click.option("--months", default=DEFAULT_MONTHS, show_default=True, type=click.IntRange(1, 240))
@click.option("--seed", default=DEFAULT_SEED, show_default=True, help="The same seed, the same figures (随机种子).")
@click.option("--districts", default=1, type=click.IntRange(1, MOST_DISTRICTS), help="Above 1: a city (区县数).")
@click.option("--until", type=click.DateTime(["%Y-%m-%d"]), hidden=True, help="Another last day, for tests.")
def load_demo_district(violations: int, months: int, seed: int, districts: int, until: datetime | None) -> None:
    """Fill an empty installation with an invented district, and print its accounts (演示数据)."""
    now = utc_now() if until is None else from_local(until.replace(hour=18))
    with open_installation(empty=True):
        _prepare()
        _fill_with_demo(Plan(violations, months, seed, districts), now)


def _fill_with_demo(plan: Plan, now: datetime) -> None:
    if configuration.is_demo(session()):
        show(message("The demo district already exists; nothing was changed."))
    else:
        with progress_bar(plan.violations) as progress, writing(session()) as own:
            demo.load_demo(own, plan, now, progress)
        issue_documents(session(), evaluate_months(session(), now), now)
        settling.settle_due(session(), now, FIGURES, most=sys.maxsize)
    click.echo(demo_accounts.table_of(demo_accounts.list_accounts(session()), services_of(session()).address("")))


@commands.command("import")
@click.argument("kind", type=click.Choice(list(IMPORTERS)), required=False)
@click.argument("file", type=click.Path(exists=True, dir_okay=False, allow_dash=True, path_type=Path), required=False)
@click.option(
    "--undo", metavar="RUN", default="", help="Take back the run with this number, and nothing else (撤销导入)."
)
@click.option("--dry-run", is_flag=True, help="Say what would happen and write nothing (试运行).")
@click.option("--skip-errors", is_flag=True, help="Leave refused rows out instead of the whole file (跳过错误行).")
@click.option("--source", default="", help="Whose numbers the references are; two sources may give the same (来源).")
@click.option("--accept-differing", is_flag=True, help="A known key of another day or place is the same record (确认).")
@click.option("--sheet", default="", help="Which sheet of a workbook that has several (工作表).")
@click.option("--mapping", default="", help="The name under which the source's headings are kept (列名对照).")
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
@click.option(
    "-o",
    "--output",
    type=click.Path(dir_okay=False, path_type=Path),
    help="With --dry-run: write every row that would change, old and new, into this CSV or XLSX file (逐行对照).",
)
def import_kind(
    kind: str | None, file: Path | None, undo: str, as_json: bool, output: Path | None, **chosen: Any
) -> None:
    """Take in a CSV or XLSX file, or standard input (-), all or nothing (导入)."""
    if undo:
        return _undo_import(undo)
    if kind is None or file is None:
        raise click.UsageError(translate(message("Say the KIND of table and the FILE, or --undo RUN."), language()))
    name, file = file.name, spooled(file)
    choices = importing.Choices(**chosen)
    if output is not None and not (choices.dry_run and output.suffix.lower() in {".csv", ".xlsx"}):
        raise click.UsageError(translate(message("-o names a CSV or XLSX file, with --dry-run only."), language()))
    taken = importing.File(kind, IMPORTERS[kind], file, SYSTEM, utc_now(), name)
    with open_installation() as app, closing(TrialTrace(session(), kind, taken.importer.columns, language())) as trial:
        told = trial if choices.dry_run else UNTRACED
        try:
            with progress_bar(count_rows(file)) as progress:
                outcome = import_jobs.take_in(session(), _runner(app).run_own, taken, choices, progress, told)
        except Exception:
            if not choices.dry_run:
                with writing(session()) as own:
                    note_failed_run(own, f"import {kind}", SYSTEM, utc_now())
            raise
        if choices.dry_run and not outcome.broken:
            print_trial(trial, as_json, output)
    print_outcome(outcome, as_json, choices.dry_run)
    if outcome.stopped and not (choices.dry_run and choices.skip_errors and not outcome.broken):
        sys.exit(1)
    return None


def _undo_import(number: str) -> None:
    with open_installation(), writing(session()) as own:
        counts = undoing.undo(own, find_run(own, normalise(number), SYSTEM, ()), SYSTEM, utc_now()).counts
    click.echo(translate(message("Removed %(removed)d, restored %(restored)d.", **counts), language()))


@commands.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--port", default=8000, show_default=True, type=click.IntRange(1, 65535))
@click.option("--demo", "with_demo", is_flag=True, help="As after trafficedu demo, in one go (先载入演示数据).")
def serve(host: str, port: int, with_demo: bool) -> None:
    """Serve the pages with a production-grade server (启动服务)."""
    apart(lambda: _make_ready_to_serve(host, port, with_demo))
    app = application()
    fonts.load_if_built()
    show(message("Serving on http://%(host)s:%(port)d (stop with Ctrl+C)", host=host, port=port))
    serving.serve(app, host, port, lambda parent: job_running.run_process(_runner(app), parent))


def _make_ready_to_serve(host: str, port: int, with_demo: bool) -> None:
    with open_installation(empty=with_demo):
        if not is_loopback(host) and (with_demo or configuration.is_demo(session())):
            refused = message("This installation has demo accounts and can only serve this machine.")
            raise click.UsageError(translate(refused, language()))
        settings = services_of(session()).settings
        settings.note_served_at(host, port)
        if settings.address is None:
            show(
                message(
                    "TRAFFICEDU_PUBLIC_URL is not set: other machines reach this service, and no paper with a code is"
                    " issued until it is known under which address."
                )
            )
        if with_demo:
            _prepare()
            _fill_with_demo(Plan(), utc_now())


def _runner(app: Flask) -> job_running.Runner:
    return job_running.Runner(app, JOBS, find_actor)


@commands.command()
@click.option("--once", is_flag=True, help="Do what is due and end.")
@click.option("--every", default=30, show_default=True, type=click.IntRange(1, 3600), help="Seconds between rounds.")
def worker(once: bool, every: int) -> None:
    """Do what is due: seats for those waiting, sealing the audit trail, clearing up (后台任务)."""
    with open_installation() as app:
        runner = _runner(app)
        if not once:
            job_running.start_threads(runner)
        while True:
            with app.app_context():
                failed = run_chores(session(), CHORES, utc_now())
            if once:
                runner.run_waiting()
                sys.exit(1 if failed else 0)
            time.sleep(every)


@commands.command()
@click.argument("kind", type=click.Choice([*REPORTS, *MONTHLY_REPORTS]))
@click.argument("number", metavar="NUMBER|YYYY-MM")
@click.option("--area", "code", default="", help="Code of the area, or of the company of a scorecard (区划或企业代码).")
@click.option("--lang", "lang", type=click.Choice(LOCALES), default=None, help="Language; default: the terminal's.")
@click.option("--paper", type=click.Choice([*PAPERS["receipt"]]), help="Paper of a receipt; default: a5 (纸张).")
@click.option("-o", "file", type=click.Path(dir_okay=False, writable=True, path_type=Path), required=True)
def report(kind: str, number: str, code: str, lang: str | None, paper: str | None, file: Path) -> None:
    """Write a document as PDF; a bulletin's annex as XLSX (生成文书).

    Bulletin, scorecard and brief are of a month: trafficedu report bulletin 2026-10 -o bulletin.pdf
    """
    render = _renderer(kind, number, code, file.suffix.lower(), paper)
    with open_installation():
        body = render(lang or language())
    try:
        file.write_bytes(body)
    except OSError as error:
        raise Refusal(message("%(file)s cannot be written.", file=file)) from error


def _renderer(kind: str, number: str, code: str, suffix: str, paper: str | None) -> Callable[[str], bytes]:
    """Return what renders the document in a language; wrong use ends here, before the database is opened."""
    endings, papers = MONTHLY_REPORTS.get(kind), PAPERS.get(kind)
    if paper and papers is None:
        raise click.UsageError(translate(message("--paper goes with a receipt."), language()))
    if endings is None:
        if code:
            raise click.UsageError(
                translate(message("--area goes with a bulletin, a scorecard or a brief."), language())
            )
        render_one = papers[paper] if paper and papers else REPORTS[kind]
        return lambda lang: render_one(session(), normalise(number), lang, utc_now())
    if kind == "scorecard" and not code:
        raise click.UsageError(translate(message("Name the town, village or company with --area CODE."), language()))
    month = MonthParam().convert(number, None, None)
    render = endings.get(suffix, endings[".pdf"])
    return lambda lang: render(session(), month, code, lang, utc_now())


@commands.command()
@click.argument("month", type=MonthParam(), required=False)
@click.option("--check", is_flag=True, help="Work out the stored results again; change nothing (核对).")
@click.option("--backtest", is_flag=True, help="What the colours of all stored months foretold (回测).")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def evaluate(month: Month | None, check: bool, backtest: bool, as_json: bool) -> None:
    """Give every town, village and company its colour for a month (五色评估考评).

    --check also compares the sums that pages show of the month with a full count.
    """
    if (month is None) != backtest or (check and backtest):
        raise click.UsageError(translate(message("Name a month, or ask for --backtest alone."), language()))
    with open_installation():
        if month is None:
            found_back = backtests.backtest(session(), utc_now())
            said = [translate(line, language()) for line in printing.backtest_in_words(found_back)]
            click.echo(json.dumps(found_back, ensure_ascii=False) if as_json else "\n".join(said))
            return
        found = check_month(session(), month, utc_now()) if check else None
        wrong = settling.compare_all(session(), FIGURES, month) if check else []
        run = found.run if found else runs.evaluate(session(), month, utc_now())
        if as_json:
            click.echo(json.dumps(printing.as_json(session(), run, found), ensure_ascii=False))
        else:
            lines = printing.check_in_words(found) if found else printing.summary(session(), run)
            click.echo("\n".join(translate(line, language()) for line in lines))
        for line in printing.sums_in_words(session(), FIGURES, month, wrong, utc_now()) if check else ():
            show(line)
    sys.exit(1 if wrong or (found and found.differences) else 0)


@commands.group()
def user() -> None:
    """Accounts (账号)."""


@user.command("add")
@click.argument("username")
@click.option("--role", type=click.Choice([role.value for role in Role]), required=True)
@click.option("--name", default="", help="Display name; default: the user name.")
@click.option("--area", default="", help="Code of the area of the post.")
@click.option("--station", default="", help="Code of the station.")
@click.option("--company", default="", help="Code of the company.")
def add_user(username: str, role: str, name: str, area: str, station: str, company: str) -> None:
    """Open an account and print its first password once (新建账号)."""
    with open_installation():
        post = find_post(session(), area, station, company)
        new = UserInput(
            username,
            name or username,
            role,
            area_id=post.area_id,
            station_id=post.station_id,
            company_id=post.company_id,
        )
        first = first_password()  # hashed before anything is locked
        with writing(session()) as own:
            create_user(own, new, SYSTEM, first)
    click.echo(first.text)


@commands.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, allow_dash=True, path_type=Path))
@click.option("--horizon", default=12, show_default=True, type=click.IntRange(1, 60), help="Months ahead.")
@click.option("--backtest", is_flag=True, help="Rolling-origin scores beside the simple methods.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.option("--sheet", default="", help="Which sheet of a workbook that has several (工作表).")
def trend(file: Path, horizon: int, backtest: bool, as_json: bool, sheet: str) -> None:
    """Fit the trend model to a tidy table area,month,accidents[,exposure,...], CSV or XLSX (趋势模型)."""
    from trafficedu.analysis import trend_report, trend_words  # noqa: PLC0415 - scikit-learn loads only where it is used

    running = Month.of(local_date(utc_now()))
    found = trend_report.run(spooled(file), horizon, backtest=backtest, sheet=sheet, running=running)
    told = json.dumps(found.as_json(), ensure_ascii=False) if as_json else ""
    click.echo(told or trend_words.as_text(found, language(), running))
