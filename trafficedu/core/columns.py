"""The columns of a kind of file, declared once for import, export and template. Must not know any feature."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from trafficedu.core import parsing
from trafficedu.core.errors import Refusal
from trafficedu.core.parsing import Answer, Cell, Read, Remark
from trafficedu.core.positions import Datum, in_wgs84
from trafficedu.core.states import Word
from trafficedu.core.text import LOCALES, Message, listed, message, translate

_ASIDE = re.compile(r"\((必填|必须|选填|可选|可空|单位:?.*|required|optional)\)")
_LOOSE = re.compile(r"[\s*:_\-/·.]+")


CELLS_MET = 2_000
"""Texts of one column whose values are remembered while a file is read."""
_NOT_MET = object()
BECAUSE = message("Why it was refused")
"""The heading of the column that a file of refused rows has besides; it is passed over when the file comes again."""


def heading_key(text: str) -> str:
    """Return what a heading is known by: its case, its width, its blanks and the marks of needed columns aside."""
    folded = unicodedata.normalize("NFKC", text).casefold()
    return _LOOSE.sub("", _ASIDE.sub("", folded))


@dataclass(frozen=True, slots=True)
class Column:
    """One column: its name in the contract, how a cell of it becomes a value, whether a file may leave it out.

    ``title`` is its heading in either language, ``headings`` are others that people write; ``note`` says in a template
    what is to be written and ``example`` shows it. ``words`` is the closed list of its values. A ``number`` is one to a
    spreadsheet, too; everything else is text there. One that ``comes_only`` says how others are to be read; no export
    has it.
    """

    name: str
    read: Read[Any] = parsing.plain
    optional: bool = False
    title: Message | None = None
    headings: tuple[str, ...] = ()
    note: Message | None = None
    example: str = ""
    words: tuple[Word, ...] = ()
    number: bool = False
    comes_only: bool = False

    @property
    def label(self) -> Message:
        """Its heading for people; its name where it has none."""
        return self.title or message("%(name)s", name=self.name)

    def written(self, value: Any, locale: str | None) -> Any:
        """Return a value as an export writes it: by the contract, or, in the words of ``locale``, for people."""
        if locale is None or value is None or value == "":
            return value
        if isinstance(value, bool):
            return translate((Answer.YES if value else Answer.NO).label, locale)
        if self.words and isinstance(value, str):
            head, colon, rest = value.partition(":")
            word = next((word for word in self.words if word == head), None)
            return value if word is None else translate(word.label, locale) + colon + rest
        return value


def closed(
    name: str,
    words: Iterable[Word],
    *,
    default: Any = None,
    also: Mapping[str, Word] | None = None,
    **further: Any,
) -> Column:
    """Return the column of a closed list; with a ``default`` for an empty cell, a file may leave it out."""
    known = tuple(words)
    read: Read[Any] = parsing.one_of(known, also)
    if default is not None or further.get("optional"):
        read, further["optional"] = parsing.if_given(read, default), True
    return Column(name, read, words=known, **further)


def yes_no(name: str, *, default: bool | None = None, **further: Any) -> Column:
    """Return the column of a yes or no that may be left out; empty it stands for ``default``."""
    read = parsing.if_given(parsing.flag, default)
    return Column(name, read, optional=True, words=tuple(Answer), **further)


def coordinates() -> tuple[Column, Column]:
    """Return the two columns of a position, which may be left out together."""
    read = parsing.if_given(parsing.degrees)
    north, east = message("Latitude"), message("Longitude")
    return (
        Column("latitude", read, optional=True, title=north, headings=("北纬",), example="30.1785", number=True),
        Column("longitude", read, optional=True, title=east, headings=("东经",), example="120.2646", number=True),
    )


def coordinate_system() -> Column:
    """Return the column that says in which system the degrees of a row are."""
    return closed(
        "coordinates",
        Datum,
        default=Datum.WGS84,
        title=message("Coordinate system"),
        headings=("坐标系", "坐标系统"),
        note=message("Points read off maps sold in China are GCJ-02 and lie some 500 m off; they are converted."),
        comes_only=True,
    )


def place_in_wgs84(cells: dict[str, Any]) -> None:
    """Turn the position of a row into WGS-84; what it was given in is not asked again."""
    datum, latitude, longitude = cells.pop("coordinates"), cells["latitude"], cells["longitude"]
    if latitude is not None and longitude is not None:
        cells["latitude"], cells["longitude"] = in_wgs84(latitude, longitude, Datum(datum))


class HeaderRefusal(Refusal):
    """A header says something else than was expected: ``header`` is what stands there."""

    def __init__(self, error: Refusal, header: Sequence[str]) -> None:
        super().__init__(error.text, field=error.field, value=error.value)
        self.header = list(header)


@dataclass(frozen=True)
class SourceMapping:
    """How a source calls things: its headings (by :func:`heading_key`) -> our columns, "" for one to be passed over.

    ``values``: our column -> the source's word, as the cell has it -> ours.
    """

    headings: Mapping[str, str]
    values: Mapping[str, Mapping[str, str]]


NO_MAPPING = SourceMapping({}, {})


class Columns:
    """The columns of a kind of file, in their order. ``others``: a file may have more, under their own names."""

    def __init__(self, *columns: Column, others: bool = False) -> None:
        self.all: Sequence[Column] = columns
        self.exported: Sequence[Column] = [column for column in columns if not column.comes_only]
        self.names: Sequence[str] = tuple(column.name for column in columns)
        self.optional = frozenset(column.name for column in columns if column.optional)
        self._others = others

    @cached_property
    def _by_heading(self) -> Mapping[str, str]:
        """What is known by each heading; made when it is first asked for: the catalogues are there then."""
        known: dict[str, str] = {}
        for column in self.all:
            titles = [translate(column.title, locale) for locale in LOCALES] if column.title else []
            for heading in (*column.headings, *titles):
                known[heading_key(heading)] = column.name
        passed_over = {heading_key(translate(BECAUSE, locale)): "" for locale in LOCALES}
        return passed_over | known | {heading_key(name): name for name in self.names}

    def find(self, heading: str, mapping: SourceMapping = NO_MAPPING) -> str | None:
        """Return the column a heading means, "" for one that a mapping passes over, None for an unknown one."""
        key = heading_key(heading)
        return mapping.headings.get(key, self._by_heading.get(key))

    def titled(self, name: str) -> Message | str:
        """Return what people call a column; a name that is none stays as it is."""
        return next((column.label for column in self.all if column.name == name), name)

    def worded(self, name: str, value: str) -> Message | str:
        """Return what people call a word of a column's closed list; another value stays as it is."""
        words = (word for column in self.all if column.name == name for word in column.words)
        return next((word.label for word in words if word == value), value)

    def read(self, cells: Mapping[str, Cell], remarks: list[Remark] | None = None) -> dict[str, Any]:
        """Return the values of one row; see :meth:`RowReader.read`."""
        return RowReader(self).read(cells, remarks)

    def place(self, header: Sequence[str], mapping: SourceMapping = NO_MAPPING, *, whole: bool = True) -> list[str]:
        """Return the column of each heading, "" for one to be passed over or without a name.

        ``whole``: all the columns that a file must have are asked for.

        Raises
        ------
        Refusal
            Naming every unknown, doubled or missing column of ``header``.
        """
        found = [self.find(heading, mapping) if heading else "" for heading in header]
        unknown = [heading for heading, name in zip(header, found, strict=True) if name is None]
        if unknown and not self._others:
            known = listed(self._known_names())
            text = message(
                "Unknown column: %(names)s. Known columns: %(known)s.", names=", ".join(unknown), known=known
            )
            raise Refusal(text, field=unknown[0])
        names = [heading if name is None else name for heading, name in zip(header, found, strict=True)]
        doubled = sorted({name for name in names if name and names.count(name) > 1})
        if doubled:
            text = message("This column appears twice: %(names)s.", names=listed(map(self.titled, doubled)))
            raise Refusal(text, field=doubled[0])
        if whole:
            self._require(names)
        return names

    def _known_names(self) -> list[Message | str]:
        return [
            message("%(title)s (%(name)s)", title=column.title, name=column.name) if column.title else column.name
            for column in self.all
        ]

    def _require(self, names: Collection[str]) -> None:
        missing = [name for name in self.names if name not in names and name not in self.optional]
        if missing:
            text = message("This column is missing: %(names)s.", names=listed(map(self.titled, missing)))
            raise Refusal(text, field=missing[0])


class RowReader:
    """Reads the rows of one file.

    What the first texts of a column stand for is remembered: most columns say the same few things again and again.
    Readers depend on their cell alone, and nobody changes a value in place.
    """

    def __init__(self, columns: Columns) -> None:
        self._reads = [(column.name, column.read, dict[Any, Any]()) for column in columns.all]

    def read(self, cells: Mapping[str, Cell], remarks: list[Remark] | None = None) -> dict[str, Any]:
        """Return the value of every column by its name; a column that the file leaves out is an empty cell.

        ``remarks`` receives what is wrong with cells that keep nothing else of the row out.

        Raises
        ------
        Refusal
            At the first column whose cell says nothing it may say.
        """
        values: dict[str, Any] = {}
        for name, read, met in self._reads:
            cell = cells.get(name, "")
            is_text = cell.__class__ is str  # an equal number, or a text marked as such, may stand for something else
            value = met.get(cell, _NOT_MET) if is_text else _NOT_MET
            if value is _NOT_MET:
                try:
                    value = read(cell)
                except Remark as remark:
                    remark.field, value = name, remark.taken
                    if remarks is not None:
                        remarks.append(remark)
                except Refusal as error:
                    raise Refusal(error.text, field=name, value=error.value) from error
                else:
                    if is_text and len(met) < CELLS_MET:
                        met[cell] = value
            values[name] = value
        return values
