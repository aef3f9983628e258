"""Empty tables to be filled in, with what each column wants. Must not know any feature."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import IO, Any

import xlsxwriter
from xlsxwriter.worksheet import Worksheet

from trafficedu.core import spreadsheet
from trafficedu.core.columns import Column, Columns
from trafficedu.core.errors import Refusal
from trafficedu.core.parsing import Answer
from trafficedu.core.reading import EXPLANATIONS
from trafficedu.core.text import listed, message, translate

DATA = message("Data")
HEADS = (
    message("Column"),
    message("Needed"),
    message("What to write"),
    message("Allowed words"),
    message("Example"),
    message("English heading"),
)
WIDTHS = (24, 8, 52, 44, 24, 18)
LAST_ROW = 10_000
"""Down to which row a cell offers its words to choose from."""
LONGEST_LIST = 255
"""Characters that a spreadsheet takes as a list to choose from."""


def heading(column: Column, locale: str) -> str:
    """Return the heading of a column, marked where it must be filled in."""
    return translate(column.label, locale) + ("" if column.optional else "*")


def write_csv(columns: Columns, out: IO[bytes], locale: str) -> None:
    """Write the headings alone: a CSV has no room for more."""
    spreadsheet.write_csv([spreadsheet.Column(heading(column, locale)) for column in columns.all], (), out)


def write_xlsx(columns: Columns, out: IO[bytes], locale: str) -> None:
    """Write a sheet to fill in, its text columns formatted as text, and one that explains them."""
    with xlsxwriter.Workbook(out, {"in_memory": True}) as book:
        book.set_properties({"created": spreadsheet.EPOCH, "author": "trafficedu"})
        formats = {key: book.add_format(look) for key, look in spreadsheet.FORMATS.items()}
        formats["prose"] = book.add_format({"text_wrap": True, "valign": "top"})
        sheet = book.add_worksheet(translate(DATA, locale))
        for place, column in enumerate(columns.all):
            _put_column(sheet, place, column, formats, locale)
        sheet.freeze_panes(1, 0)
        _explain(book.add_worksheet(translate(EXPLANATIONS, locale)), columns.all, formats, locale)


def write_file(columns: Columns, path: Path, locale: str) -> None:
    """Write ``path`` in the format its ending names; raise Refusal for another."""
    writers = {".csv": write_csv, ".xlsx": write_xlsx}
    write = writers.get(path.suffix.lower())
    if write is None:
        raise Refusal(message("%(name)s: the name has to end in .csv or .xlsx", name=path.name), field="file")
    with path.open("wb") as out:
        write(columns, out, locale)


def _put_column(sheet: Worksheet, place: int, column: Column, formats: dict[str, Any], locale: str) -> None:
    title = heading(column, locale)
    width = max(14, sum(2 if ord(char) > 255 else 1 for char in title) + 4, len(column.example) + 2)
    sheet.set_column(place, place, width, None if column.number else formats["text"])
    sheet.write_string(0, place, title, formats["head"])
    words = [translate(word.label, locale) for word in column.words]
    if words and len(",".join(words)) <= LONGEST_LIST and not any("," in word for word in words):
        offered = {"validate": "list", "source": words, "error_type": "warning"}
        sheet.data_validation(1, place, LAST_ROW, place, offered)


def _explain(sheet: Worksheet, columns: Sequence[Column], formats: dict[str, Any], locale: str) -> None:
    for place, (head, width) in enumerate(zip(HEADS, WIDTHS, strict=True)):
        sheet.set_column(place, place, width)
        sheet.write_string(0, place, translate(head, locale), formats["head"])
    for row, column in enumerate(columns, start=1):
        needed = Answer.NO if column.optional else Answer.YES
        words = translate(listed(word.label for word in column.words), locale) if column.words else ""
        note = translate(column.note, locale) if column.note else ""
        title = translate(column.label, locale)
        cells = (title, translate(needed.label, locale), note, words, column.example, column.name)
        for place, cell in enumerate(cells):
            sheet.write_string(row, place, cell, formats["prose"])
    sheet.freeze_panes(1, 0)
