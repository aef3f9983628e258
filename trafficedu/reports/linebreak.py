"""Where a line of Chinese, English or both may end. Knows characters and widths, not pages.

ReportLab's own ``wordWrap="CJK"`` lets punctuation open a line on every seventh line or so, and its default
never breaks Chinese at all; so lines are broken here. The rules are the common ones of Chinese typesetting:
no line opens with closing punctuation, none ends with an opening bracket, dashes and ellipses of two
characters stay whole, a figure keeps its unit, and no paragraph ends in a single character.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Iterator
from itertools import pairwise

Measure = Callable[[str], float]

NO_START = frozenset("，。、；：？！…—·～）》〉」』】〕〗｝］”’％‰℃°,.;:?!)]}%/々〻ー－＂＇")
NO_END = frozenset("（《〈「『【〔〖｛［“‘([{￥¥$№#＃")
UNITS_OF_MEASURE = frozenset("小公年月日时分秒元岁次号人名个天条项页场")
LONG_UNITS = frozenset(("分钟", "小时", "公里"))
WIDE = ("W", "F")


def is_wide(char: str) -> bool:
    """Tell whether ``char`` is set like Chinese, so that lines may break before and after it."""
    return char not in NO_START and char not in NO_END and unicodedata.east_asian_width(char) in WIDE


def may_break(before: str, after: str) -> bool:
    """Tell whether a line may end between two neighbouring characters."""
    if after == " ":
        return False  # the space hangs at the end of its line, where it is dropped
    if before == " ":
        return after not in NO_START or after in "/#"
    if after in NO_START or before in NO_END:
        return False
    if (before.isdigit() and after in UNITS_OF_MEASURE) or before + after in LONG_UNITS:
        return False
    if is_wide(before) or is_wide(after):
        return True
    return _ends_wide_mark(before) or _starts_wide_mark(after)


def _ends_wide_mark(char: str) -> bool:
    return char in NO_START and ord(char) > 0x2000


def _starts_wide_mark(char: str) -> bool:
    return char in NO_END and ord(char) > 0x2000


def pieces(text: str) -> Iterator[str]:
    """Cut one paragraph into the pieces between which a line may end."""
    start = 0
    for place, (before, after) in enumerate(pairwise(text), start=1):
        if may_break(before, after):
            yield text[start:place]
            start = place
    if start < len(text):
        yield text[start:]


def wrap(text: str, width: float, measure: Measure, *, in_english: bool = False) -> list[str]:
    """Break ``text`` into lines no wider than ``width``, in the unit ``measure`` answers in.

    Line feeds are kept. A piece wider than the line (a web address, a run of exclamation marks) is cut where
    the line ends: overflowing the page would be worse than breaking a rule. Empty text is one empty line.
    ``in_english`` keeps a Chinese name inside an English sentence whole, as long as a line can hold it.
    """
    lines = []
    for paragraph in text.split("\n"):
        words = _words(paragraph.strip(" ")) if in_english else pieces(paragraph.strip(" "))
        lines += _fill_lines(words, width, measure)
    return lines


def _words(text: str) -> Iterator[str]:
    start = 0
    for place, (before, after) in enumerate(pairwise(text), start=1):
        if may_break(before, after) and (before == " " or before.isascii() or after.isascii()):
            yield text[start:place]
            start = place
    if start < len(text):
        yield text[start:]


def _fill_lines(words: Iterator[str], width: float, measure: Measure) -> list[str]:
    lines: list[list[str]] = [[]]
    used = 0.0
    for word in words:
        for part in _cut_to_fit(word, width, measure):
            if lines[-1] and used + measure(part.rstrip(" ")) > width:
                lines.append([])
                used = 0.0
            lines[-1].append(part)
            used += measure(part)
    _keep_company(lines, width, measure)
    return ["".join(line).rstrip(" ") for line in lines]


def _cut_to_fit(piece: str, width: float, measure: Measure) -> Iterator[str]:
    if measure(piece.rstrip(" ")) <= width:
        yield piece
        return
    for part in pieces(piece):
        yield from _cut_anywhere(part, width, measure)


def _cut_anywhere(piece: str, width: float, measure: Measure) -> Iterator[str]:
    while len(piece) > 1 and measure(piece.rstrip(" ")) > width:
        cut = 1
        while measure(piece[: cut + 1]) <= width:
            cut += 1
        yield piece[:cut]
        piece = piece[cut:]
    yield piece


def _keep_company(lines: list[list[str]], width: float, measure: Measure) -> None:
    """Move one piece down when a paragraph would end in a line of one lonely Chinese character."""
    if len(lines) < 2 or len(lines[-1]) != 1 or len(lines[-2]) < 3:
        return
    lonely = lines[-1][0]
    moved = lines[-2][-1]
    if is_wide(lonely[0]) and is_wide(moved[0]) and measure(moved + lonely) <= width:
        lines[-1].insert(0, lines[-2].pop())
