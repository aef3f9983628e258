"""Reading a tidy table of monthly counts: every doubt is an error with a line, nothing is silently mended."""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path

import numpy as np

from trafficedu.analysis.arrays import FloatArray
from trafficedu.analysis.trend.panel import MONTHS, Panel
from trafficedu.core.columns import Column, Columns
from trafficedu.core.errors import Refusal
from trafficedu.core.month import Month
from trafficedu.core.parsing import Cell, identifier, plain
from trafficedu.core.reading import Row, Way, read_rows
from trafficedu.core.text import message
from trafficedu.core.times import ONE_OR_TEN, SERIAL, read_day

COLUMNS = Columns(
    Column("area", title=message("Area"), headings=("区域", "辖区", "区划", "村社", "镇街", "地区", "单位")),
    Column("month", title=message("Month"), headings=("年月", "统计月份", "时间")),
    Column("accidents", title=message("Accidents"), headings=("事故", "事故数", "事故起数", "起数")),
    Column("exposure", optional=True, title=message("Exposure"), headings=("保有量", "电动自行车保有量", "登记数")),
    others=True,
)
EXPOSURE = "exposure"
MONTH_PATTERNS = (
    re.compile(r"(\d{4})[-/.](\d{1,2})(?:[-/.]0?1)?"),
    re.compile(r"(\d{4})(\d{2})"),
    re.compile(r"(\d{4})年(\d{1,2})月(?:1日)?"),
)
LONGEST_MONTHS = 600
MOST_COUNT = 10**10
MOST_NUMBER = 1e15
"""Counts and other numbers beyond these are slips of the finger, or of a program that wrote the table."""
AHEAD_MONTHS = 12
"""Months after the running one may stand in a table, with a plan of e-bikes say; later ones are a mistyped year."""


@dataclass
class _Table:
    """Cells as they are read, keyed by area and month."""

    counts: dict[tuple[str, int], float] = field(default_factory=dict)
    lines: dict[tuple[str, int], int] = field(default_factory=dict)
    further: dict[str, dict[tuple[str, int], float]] = field(default_factory=dict)


def read_series(path: Path, sheet: str = "", running: Month | None = None) -> Panel:
    """Read ``area,month,accidents[,exposure,<covariates>]`` into a panel.

    CSV or XLSX as :func:`core.reading.read_rows` reads them, the headings in either language. Months as ``2024-05``,
    ``2024/5``, ``202405``, ``2024-05-01`` or ``2024年5月``. A blank count, exposure or covariate is unknown, as is a
    month without a row; neither is a zero.

    Parameters
    ----------
    path
        The file.
    sheet
        Which sheet of a workbook; "" for its only one.
    running
        The month in which this is asked; none lies over a year after it.

    Returns
    -------
    Panel
        Areas in the order of the file, months from the first to the last without a hole.

    Raises
    ------
    Refusal
        Naming line, column and value: no such file, empty, a missing or doubled column, an unknown month, a
        count that is negative, fractional or no number, numbers too large to be meant, a row given twice, a month
        over a year ahead, more than fifty years.
    """
    table = _Table()
    try:
        for row in read_rows(path, COLUMNS, Way(sheet)):
            _take_row(table, row, running)
    except OSError:
        raise Refusal(message("the file %(path)s cannot be read", path=str(path))) from None
    if not table.counts:
        raise Refusal(message("the file has a header but no rows"))
    return _as_panel(table)


def _take_row(table: _Table, row: Row, running: Month | None) -> None:
    """Check one row and add it to the table."""
    line = row.line
    area, month = identifier(row.values.get("area", "")), row.values.get("month", "")
    if not area:
        raise Refusal(message("line %(line)s: the area is blank", line=line), field="area")
    key = (area, _month(month, line))
    _not_far_ahead(key[1], running, line)
    if key in table.counts:
        raise Refusal(
            message(
                "lines %(first)s and %(line)s are both for %(area)s in %(month)s",
                first=table.lines[key],
                line=line,
                area=area,
                month=row["month"],
            ),
            field="month",
            value=row["month"],
        )
    table.counts[key] = _count(row.values.get("accidents", ""), line)
    table.lines[key] = line
    for name, cell in row.values.items():
        if name not in {"area", "month", "accidents"}:
            table.further.setdefault(name, {})[key] = _number(cell, name, line)
    exposure = table.further.get(EXPOSURE, {}).get(key, math.nan)
    if exposure < 0:
        raise Refusal(
            message("line %(line)s: the exposure %(value)s is negative", line=line, value=row[EXPOSURE]),
            field=EXPOSURE,
            value=row[EXPOSURE],
        )


def _not_far_ahead(month: int, running: Month | None, line: int) -> None:
    """Refuse a month that lies over a year after the running one."""
    if running is not None and month - running.index > AHEAD_MONTHS:
        raise Refusal(
            message(
                "line %(line)s: %(value)s lies over a year ahead of %(running)s: is the year mistyped?",
                line=line,
                value=str(Month.at(month)),
                running=str(running),
            ),
            field="month",
            value=str(Month.at(month)),
        )


def _month(cell: Cell, line: int) -> int:
    """Return ``12 * year + month - 1``."""
    value = _month_text(cell)
    if re.fullmatch(r"\d{4}\.1", value):
        raise Refusal(ONE_OR_TEN, field="month", value=value)
    for pattern in MONTH_PATTERNS:
        match = pattern.fullmatch(value)
        if match and 1 <= int(match[2]) <= MONTHS and int(match[1]) > 0:
            return MONTHS * int(match[1]) + int(match[2]) - 1
    raise Refusal(
        message("line %(line)s: %(value)s is not a month such as 2024-05", line=line, value=value or "-"),
        field="month",
        value=value,
    )


def _month_text(cell: Cell) -> str:
    """Return a month as text, also where a spreadsheet made a day of it, or the number of one."""
    if isinstance(cell, datetime):
        return cell.date().isoformat()
    if isinstance(cell, date):
        return cell.isoformat()
    text = identifier(plain(cell))
    return read_day(text).isoformat() if SERIAL.fullmatch(text) else text


def _number(cell: Cell, column: str, line: int) -> float:
    """Return a finite number, or NaN for a blank."""
    value = plain(cell)
    if not value:
        return math.nan
    try:
        number = float(value)
    except ValueError:
        number = math.inf
    if not math.isfinite(number):
        raise Refusal(
            message(
                "line %(line)s: %(value)s in column %(column)s is not a number",
                line=line,
                value=value,
                column=column,
            ),
            field=column,
            value=value,
        )
    if abs(number) > (MOST_COUNT if column == "accidents" else MOST_NUMBER):
        raise Refusal(
            message(
                "line %(line)s: %(value)s in column %(column)s is too large to be meant",
                line=line,
                value=value,
                column=column,
            ),
            field=column,
            value=value,
        )
    return number


def _count(cell: Cell, line: int) -> float:
    """Return a whole number of events, or NaN for a blank."""
    value, number = plain(cell), _number(cell, "accidents", line)
    if number < 0:
        raise Refusal(
            message("line %(line)s: the count %(value)s is negative", line=line, value=value),
            field="accidents",
            value=value,
        )
    if not math.isnan(number) and number != int(number):
        raise Refusal(
            message("line %(line)s: the count %(value)s is not a whole number", line=line, value=value),
            field="accidents",
            value=value,
        )
    return number


def alike(names: Iterable[str]) -> list[tuple[str, ...]]:
    """Return the names that differ only in capitals, the width of letters or blanks, in groups."""
    groups: dict[str, list[str]] = {}
    for name in names:
        groups.setdefault("".join(unicodedata.normalize("NFKC", name).casefold().split()), []).append(name)
    return [tuple(group) for group in groups.values() if len(group) > 1]


def _as_panel(table: _Table) -> Panel:
    """Spread the cells over the calendar."""
    areas = list(dict.fromkeys(area for area, _ in table.counts))
    first, last = (pick(month for _, month in table.counts) for pick in (min, max))
    months = last - first + 1
    if months > LONGEST_MONTHS:
        raise Refusal(
            message("the months span %(years)s years: is a year mistyped?", years=months // MONTHS),
            field="month",
        )
    position = {area: row for row, area in enumerate(areas)}

    def spread(cells: dict[tuple[str, int], float]) -> FloatArray:
        out = np.full((len(areas), months), np.nan)
        for (area, month), value in cells.items():
            out[position[area], month - first] = value
        return out

    counts = spread(table.counts)
    if np.isnan(counts).all():
        raise Refusal(message("no counts are known"), field="accidents")
    further = {name: spread(cells) for name, cells in table.further.items()}
    exposure = further.pop(EXPOSURE, None)
    return Panel(tuple(areas), first, counts, exposure, further)
