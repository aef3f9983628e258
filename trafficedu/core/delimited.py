"""Tables as text: in which encoding they were saved, and what stands between their cells. Must not know any feature."""

from __future__ import annotations

import codecs
import csv
import re
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TextIO

from trafficedu.core.cells import ERRORS, restore
from trafficedu.core.errors import Refusal
from trafficedu.core.parsing import Cell, Fault
from trafficedu.core.text import message

SNIFF_BYTES = 1 << 20
SAMPLE_CHARACTERS = 1 << 16
SEPARATORS = ",;\t，；|"
"""What may stand between cells; the comma where several would do."""
MARKS = {codecs.BOM_UTF16_LE: "utf-16", codecs.BOM_UTF16_BE: "utf-16"}
SAID = re.compile(r'"?sep=([^\r\n])"?', re.IGNORECASE)
"""A first line by which a table says itself what stands between its cells."""
EASTERN = re.compile("[\u0800-\U0010ffff]")
FOREIGN = re.compile("[a-z]?[\u0080-\u07ff]+[a-z]?")
PLAIN_SHARE, LEAST_SHARE = 0.9, 0.5
"""Shares of frequent characters among the Chinese ones: from the first on none is doubted, below the second each."""
ERROR = message("This cell holds an error (%(error)s). Correct its formula, or enter the value.")


def open_text(path: Path) -> TextIO:
    """Open a table in the encoding it was saved in: by its mark, UTF-8 wherever it decodes, else GB18030.

    Raises
    ------
    Refusal
        It is no text, or it cannot be told which characters these are.
    """
    with path.open("rb") as file:
        marked = MARKS.get(file.read(2))
    if marked:
        if _decodes(path, marked):
            return path.open(encoding=marked, newline="")
    elif _decodes(path, "utf-8-sig"):
        _check_doubtful(path)
        return path.open(encoding="utf-8-sig", newline="")
    elif _decodes(path, "gb18030"):
        _check_characters(path)
        return path.open(encoding="gb18030", newline="")
    elif _decodes(path, "big5hkscs"):
        raise _other_encoding()
    raise Refusal(message("The file is not text in UTF-8 or GB18030. Save it as CSV UTF-8 and try again."))


def _decodes(path: Path, encoding: str) -> bool:
    try:
        return all("\0" not in piece for piece in _decoded(path, encoding))
    except UnicodeDecodeError:
        return False


def _decoded(path: Path, encoding: str) -> Iterator[str]:
    decoder = codecs.getincrementaldecoder(encoding)()
    with path.open("rb") as file:
        while chunk := file.read(SNIFF_BYTES):
            yield decoder.decode(chunk)
    yield decoder.decode(b"", final=True)


def _check_characters(path: Path) -> None:
    """Raise Refusal where the bytes make more sense in the encoding of Taiwan and Hong Kong, or in none.

    Every text in Big5 can be read as GB18030: the characters are others, and most of them are hardly ever used.
    """
    simplified = _share(path, "gb18030", "gb2312", range(0xB0, 0xD8))
    if simplified >= PLAIN_SHARE:
        return
    traditional = _share(path, "big5hkscs", "big5", range(0xA4, 0xC7))
    if traditional > simplified or simplified < LEAST_SHARE:
        raise _other_encoding()


def _check_doubtful(path: Path) -> None:
    """Raise Refusal for a text without a mark that is Latin letters in UTF-8 and Chinese in GB18030, both of sense.

    The four bytes of a short Chinese word may be two letters of Western Europe. A longer text leaves no doubt, nor do
    letters that always stand beside small ones of a word, as in Genève: Chinese ones do not.
    """
    with path.open("rb") as file:
        if file.read(3) == codecs.BOM_UTF8:
            return
    western = inside = 0
    for piece in _decoded(path, "utf-8"):
        if not piece.isascii():
            if EASTERN.search(piece):
                return
            runs = FOREIGN.findall(piece)
            western += len(runs)
            inside += sum(run[0].isascii() or run[-1].isascii() for run in runs)
    if western == inside or not _decodes(path, "gb18030"):
        return
    if _share(path, "gb18030", "gb2312", range(0xB0, 0xD8)) >= PLAIN_SHARE:
        raise _other_encoding()


def _share(path: Path, encoding: str, narrow: str, frequent: range) -> float:
    """Return the share of a text's Chinese characters that are of the ``frequent`` rows of the ``narrow`` set."""
    counted = Counter[str]()
    try:
        for piece in _decoded(path, encoding):
            counted.update(char for char in piece if not char.isascii() and unicodedata.category(char)[0] not in "PZS")
    except UnicodeDecodeError:
        return 0.0
    good = sum(times for char, times in counted.items() if _row(char, narrow) in frequent)
    return good / total if (total := counted.total()) else 1.0


def _row(char: str, narrow: str) -> int:
    code = char.encode(narrow, errors="ignore")
    return code[0] if len(code) == 2 else 0


def _other_encoding() -> Refusal:
    return Refusal(
        message(
            "The characters of this file cannot be told with certainty: it may be in Big5 or another encoding. "
            "Save it as CSV UTF-8 and try again."
        )
    )


Lines = Iterator[tuple[int, list[Cell]]]
Fits = Callable[[Sequence[Sequence[Cell]]], tuple[int, int]]
"""How well the first rows of a table fit what is looked for: the more the better."""


def read_lines(file: TextIO, fits: Fits) -> Lines:
    """Yield the rows of an open table, each with its number in the file, cut by the separator that fits best.

    Raises
    ------
    Refusal
        At a row that breaks the rules of quotes.
    """
    separator, skipped = _separator(file, fits)
    reader = csv.reader(file, delimiter=separator, strict=True)  # else an open quote would swallow the rest of the file
    try:
        for cells in reader:
            if skipped:
                skipped -= 1
                continue
            joined = "".join(cells)
            if "'" in joined or "#" in joined or "Err:" in joined:  # seldom: then only is every cell looked at
                yield reader.line_num, [_cell(cell.strip()) for cell in cells]
            else:
                yield reader.line_num, [cell.strip() for cell in cells]
    except csv.Error as error:
        raise Refusal(
            message("Line %(line)d cannot be read as CSV. Check its quotes.", line=reader.line_num)
        ) from error


def _cell(text: str) -> Cell:
    return Fault(text, ERROR.filled(error=text)) if text in ERRORS else restore(text)


def _separator(file: TextIO, fits: Fits) -> tuple[str, int]:
    """Return what stands between the cells, and how many lines say so; the file is at its beginning again."""
    sample = file.read(SAMPLE_CHARACTERS)
    file.seek(0)
    lines = sample.splitlines(keepends=True)[:10]
    if lines and (said := SAID.match(lines[0])):
        return said[1], 1
    return max(SEPARATORS, key=lambda separator: fits(_cut(lines, separator))), 0


def _cut(lines: Iterable[str], separator: str) -> list[list[Cell]]:
    rows: list[list[Cell]] = []
    with suppress(csv.Error):  # the rows so far tell
        rows.extend([cell.strip() for cell in row] for row in csv.reader(lines, delimiter=separator))
    return rows


def count_lines(path: Path) -> int:
    """Return about how many lines a text has."""
    feeds = returns = 0
    with path.open("rb") as file:
        for chunk in iter(lambda: file.read(SNIFF_BYTES), b""):
            feeds, returns = feeds + chunk.count(b"\n"), returns + chunk.count(b"\r")
    return max(feeds, returns)
