"""Reading a tidy CSV of monthly counts: every doubt is an error with a line, nothing is silently mended."""

from __future__ import annotations

import csv
import io
import math
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from trafficedu.analysis.arrays import FloatArray
from trafficedu.analysis.trend.panel import MONTHS, Panel
from trafficedu.core.errors import Refusal
from trafficedu.core.text import message

REQUIRED = ("area", "month", "accidents")
EXPOSURE = "exposure"
ENCODINGS = ("utf-8-sig", "gb18030")
MONTH_PATTERNS = (
    re.compile(r"(\d{4})[-/.](\d{1,2})(?:[-/.]0?1)?"),
    re.compile(r"(\d{4})(\d{2})"),
    re.compile(r"(\d{4})年(\d{1,2})月"),
)
LONGEST_MONTHS = 600


@dataclass
class _Table:
    """Cells as they are read, keyed by area and month."""

    counts: dict[tuple[str, int], float] = field(default_factory=dict)
    lines: dict[tuple[str, int], int] = field(default_factory=dict)
    further: dict[str, dict[tuple[str, int], float]] = field(default_factory=dict)


def read_series(path: Path) -> Panel:
    """Read ``area,month,accidents[,exposure,<covariates>]`` into a panel.

    UTF-8 (with or without a byte order mark) or GB18030. Months as ``2024-05``, ``2024/5``, ``202405``,
    ``2024-05-01`` or
    ``2024年5月``. A blank count, exposure or covariate is unknown, as is a month without a row; neither is a
    zero.

    Parameters
    ----------
    path
        The file.

    Returns
    -------
    Panel
        Areas in the order of the file, months from the first to the last without a hole.

    Raises
    ------
    Refusal
        Naming line, column and value: no such file, empty, a missing or doubled column, an unknown month, a
        count that is negative, fractional or no number, a row given twice, more than fifty years.
    """
    rows = _rows(_decoded(path))
    header = next(rows, (0, []))[1]
    names = _checked_header(header)
    table = _Table(further={name: {} for name in names if name not in REQUIRED})
    for line, cells in rows:
        _take_row(table, names, line, cells)
    if not table.counts:
        raise Refusal(message("the file has a header but no rows"))
    return _as_panel(table)


def _decoded(path: Path) -> str:
    """Return the text of the file, whichever of the two encodings it is in."""
    try:
        raw = path.read_bytes()
    except OSError:
        raise Refusal(message("the file %(path)s cannot be read", path=str(path))) from None
    for encoding in ENCODINGS:
        try:
            return raw.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise Refusal(message("the file is neither UTF-8 nor GB18030 text"))


def _rows(text: str) -> Iterator[tuple[int, list[str]]]:
    """Yield line number and stripped cells of every row that is not blank."""
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    while True:
        try:
            cells = next(reader, None)
        except csv.Error:
            raise Refusal(message("line %(line)s is not valid CSV", line=reader.line_num)) from None
        if cells is None:
            return
        stripped = [cell.strip() for cell in cells]
        if any(stripped):
            yield reader.line_num, stripped


def _checked_header(header: list[str]) -> list[str]:
    """Return the column names, or say which are missing, unnamed or doubled."""
    if not header:
        raise Refusal(message("the file is empty"))
    for name in REQUIRED:
        if name not in header:
            raise Refusal(message("the column %(column)s is missing", column=name), field=name)
    for position, name in enumerate(header, start=1):
        if not name:
            raise Refusal(message("column %(position)s has no name", position=position))
        if header.count(name) > 1:
            raise Refusal(message("the column %(column)s appears twice", column=name), field=name)
    return header


def _take_row(table: _Table, names: list[str], line: int, cells: list[str]) -> None:
    """Check one row and add it to the table."""
    if len(cells) > len(names):
        raise Refusal(message("line %(line)s has more cells than the header", line=line))
    row = dict(zip(names, cells + [""] * (len(names) - len(cells)), strict=True))
    if not row["area"]:
        raise Refusal(message("line %(line)s: the area is blank", line=line), field="area")
    key = (row["area"], _month(row["month"], line))
    if key in table.counts:
        raise Refusal(
            message(
                "lines %(first)s and %(line)s are both for %(area)s in %(month)s",
                first=table.lines[key],
                line=line,
                area=row["area"],
                month=row["month"],
            ),
            field="month",
            value=row["month"],
        )
    table.counts[key] = _count(row["accidents"], line)
    table.lines[key] = line
    for name, values in table.further.items():
        values[key] = _number(row[name], name, line)
    exposure = table.further.get(EXPOSURE, {}).get(key, math.nan)
    if exposure < 0:
        raise Refusal(
            message("line %(line)s: the exposure %(value)s is negative", line=line, value=row[EXPOSURE]),
            field=EXPOSURE,
            value=row[EXPOSURE],
        )


def _month(value: str, line: int) -> int:
    """Return ``12 * year + month - 1``."""
    for pattern in MONTH_PATTERNS:
        match = pattern.fullmatch(value)
        if match and 1 <= int(match[2]) <= MONTHS and int(match[1]) > 0:
            return MONTHS * int(match[1]) + int(match[2]) - 1
    raise Refusal(
        message("line %(line)s: %(value)s is not a month such as 2024-05", line=line, value=value or "-"),
        field="month",
        value=value,
    )


def _number(value: str, column: str, line: int) -> float:
    """Return a finite number, or NaN for a blank."""
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
    return number


def _count(value: str, line: int) -> float:
    """Return a whole number of events, or NaN for a blank."""
    number = _number(value, "accidents", line)
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
