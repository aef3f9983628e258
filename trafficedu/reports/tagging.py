"""The structure tree that lets a screen reader follow a document. Knows PDF objects, not what they say.

ReportLab writes no tagged PDF; what is added here is small: marked content around everything painted, and a
tree of structure elements (ISO 32000-1, 14.7 and 14.8) that says which mark is a heading, a cell, a picture.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from reportlab.pdfbase import pdfdoc
from reportlab.pdfgen.canvas import Canvas


@dataclass(eq=False)
class Element:
    """One element of the tree: its standard type (``H1``, ``P``, ``Figure``...), its parts, its page marks.

    ``alternative`` is read aloud instead of a picture; ``language`` where it differs from the document's.
    """

    kind: str
    parent: Element | None = None
    alternative: str = ""
    language: str = ""
    children: list[Element] = field(default_factory=list)
    marks: list[tuple[int, int]] = field(default_factory=list)

    def add(self, kind: str, *, alternative: str = "", language: str = "") -> Element:
        """Append and return a child."""
        child = Element(kind, self, alternative, language)
        self.children.append(child)
        return child

    def walk(self) -> Iterator[Element]:
        """Yield the element and all below it, in reading order."""
        yield self
        for child in self.children:
            yield from child.walk()


class _Written(pdfdoc.PDFObject):  # type: ignore[misc]  # reportlab carries no types
    """A PDF object whose text is known by the time the file is written."""

    __RefOnly__ = 1
    text = b""

    def format(self, document: pdfdoc.PDFDocument) -> bytes:
        """Return the object as ReportLab asks for it."""
        return self.text


class Marker:
    """Puts marks around what a canvas paints and writes the tree when all pages are done."""

    def __init__(self, canvas: Canvas, root: Element) -> None:
        self._canvas = canvas
        self._root = root
        self._pages: list[list[Element]] = [[]]

    @contextmanager
    def marked(self, element: Element | None) -> Iterator[None]:
        """Mark what is painted inside as part of ``element``; ``None`` marks it as decoration."""
        code = self._canvas._code
        if element is None:
            code.append("/Artifact BMC")
        else:
            page = self._pages[-1]
            code.append(f"/{element.kind} <</MCID {len(page)}>> BDC")
            element.marks.append((len(self._pages) - 1, len(page)))
            page.append(element)
        yield
        code.append("EMC")

    def end_page(self) -> None:
        """Close the canvas page and tie it to its entry of the parent tree."""
        self._canvas.showPage()
        page = self._canvas._doc.Pages.pages[-1]
        page.__NoDefault__ = [*page.__NoDefault__, "StructParents", "Tabs"]
        page.StructParents = len(self._pages) - 1
        page.Tabs = pdfdoc.PDFName("S")
        self._pages.append([])

    def write_tree(self) -> None:
        """Add the structure tree to the document; nothing may be painted afterwards."""
        document = self._canvas._doc
        used = [element for element in self._root.walk() if element.marks or element.children]
        objects = {element: _Written() for element in used}
        names = {element: self._name(written) for element, written in objects.items()}
        tree = _Written()
        tree_name = self._name(tree)
        page_names = [self._name(page) for page in document.Pages.pages]
        for element, written in objects.items():
            parent = names[element.parent] if element.parent else tree_name
            written.text = _element_text(element, parent, names, page_names)
        nums = " ".join(
            f"{index} [{' '.join(names[element] for element in page)}]" for index, page in enumerate(self._pages[:-1])
        )
        tree.text = (
            f"<</Type /StructTreeRoot /K {names[self._root]} /ParentTree <</Nums [{nums}]>>"
            f" /ParentTreeNextKey {len(self._pages) - 1}>>"
        ).encode("ascii")
        document.Catalog.StructTreeRoot = tree
        document.Catalog.MarkInfo = pdfdoc.PDFDictionary({"Marked": pdfdoc.PDFtrue})

    def _name(self, thing: pdfdoc.PDFObject) -> str:
        document = self._canvas._doc
        reference: bytes = document.Reference(thing).format(document)
        return reference.decode("ascii")


def _element_text(element: Element, parent: str, names: dict[Element, str], pages: list[str]) -> bytes:
    parts = [f"<</Type /MCR /Pg {pages[page]} /MCID {mark}>>" for page, mark in element.marks]
    parts += [names[child] for child in element.children if child in names]
    text = f"<</Type /StructElem /S /{element.kind} /P {parent} /K [{' '.join(parts)}]"
    if element.alternative:
        text += f" /Alt <{_hexadecimal(element.alternative)}>"
    if element.language:
        text += f" /Lang ({element.language})"
    if element.kind == "TH":
        text += " /A <</O /Table /Scope /Column>>"
    return f"{text}>>".encode("ascii")


def _hexadecimal(text: str) -> str:
    return ("\ufeff" + text).encode("utf-16-be").hex()
