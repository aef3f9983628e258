"""The paper: sizes, colours, type, one grid, and a sheet on which text is placed. Knows no document.

Lengths are points. Positions count from the top left corner, as one reads; they are turned round only when
the canvas is painted. A sheet collects what is to be painted, page by page, so that the last page is known
before the first footer ("page 1 of 3") is written.
"""

from __future__ import annotations

import io
import math
import re
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, replace
from functools import partial

from reportlab import rl_config
from reportlab.lib.colors import Color, HexColor, black
from reportlab.lib.utils import ImageReader
from reportlab.pdfgen.canvas import Canvas

from trafficedu.core.text import Message, message, translate
from trafficedu.reports import fonts, linebreak, qr
from trafficedu.reports.tagging import Element, Marker

rl_config.useA85 = 0  # else every page is written as ASCII, a quarter longer, for mailers of the 1980s

MM = 72 / 25.4
A4 = (210 * MM, 297 * MM)
A4_LANDSCAPE = (297 * MM, 210 * MM)
A5 = (148 * MM, 210 * MM)

INK = HexColor(0x1A2126)
SOFT = HexColor(0x55616B)  # 6.3 : 1 on white: small print stays readable
HAIR = HexColor(0xCBD3D9)
TINT = HexColor(0xF1F5F6)
ACCENT = HexColor(0x0B5563)
ACROSS = Color(0.70, 0.15, 0.12, alpha=0.16)
ACROSS_SIZE = 110.0

SPACE = (0, 4, 8, 12, 16, 24, 32, 48)
"""The one scale of distances; nothing is set apart by another amount."""

COLUMNS = 12
GUTTER = 12.0
LANGUAGES = {"zh": "zh-CN", "en": "en-GB"}
CURLED_IN_ENGLISH = re.compile(r"(?<![\u2E80-\uFFEF])[“”‘’](?![\u2E80-\uFFEF])")
"""The font draws curled quotes as wide as an ideograph, which would tear an English word apart."""
SPELLED_OUT = message("〔U+…〕 stands for a character missing from the printing font and gives its Unicode number.")
Paint = Callable[[Canvas], None]
Text = Message | str


@dataclass(frozen=True)
class Style:
    """How a text is set: font name, size and leading in points, colour, and where its lines align."""

    size: float
    leading: float
    font: str = fonts.REGULAR
    colour: Color = INK
    align: str = "left"

    def width(self, text: str) -> float:
        """Return the width of ``text`` in points."""
        return fonts.width(text, self.font, self.size)

    @property
    def baseline(self) -> float:
        """How far below the top of its line a text stands."""
        return (self.leading - self.size) / 2 + 0.88 * self.size


BODY = Style(10, 15)
STRONG = Style(10, 15, fonts.BOLD)
SMALL = Style(8, 12, colour=SOFT)
TITLE = Style(20, 28, fonts.BOLD, ACCENT)


@dataclass(frozen=True)
class Page:
    """A paper size with its margins; the grid's twelve columns lie between them."""

    size: tuple[float, float]
    margin: float
    top: float
    bottom: float

    @property
    def width(self) -> float:
        """The width between the margins."""
        return self.size[0] - 2 * self.margin

    @property
    def floor(self) -> float:
        """Where running text has to end."""
        return self.size[1] - self.bottom

    def column(self, first: int, span: int) -> tuple[float, float]:
        """Return the left edge and the width of ``span`` grid columns beginning with column ``first``."""
        step = (self.width + GUTTER) / COLUMNS
        return self.margin + first * step, span * step - GUTTER


@dataclass(frozen=True)
class Operation:
    """Something to be painted and the element of the structure tree it belongs to, if it says anything."""

    element: Element | None
    paint: Paint


class Sheet:
    """Pages being laid out.

    Parameters
    ----------
    page
        Paper and grid.
    locale
        ``zh`` or ``en``: the language of the labels and of the document.
    title
        What the document is and its number, for the window title and the reader who searches.
    author
        The authority it comes from.
    footer
        What stands at the foot of every page beside the page number.
    across
        A word written large across every page, and before the title: what is no document, or none any more.

    Attributes
    ----------
    spelled_out
        Whether a character was written by its number, which has to be explained once.
    black
        Whether it is for a printer that knows no colour and no grey: all is black, and tinted ground stays white.
    """

    def __init__(
        self, page: Page, locale: str, *, title: str, author: str, footer: str = "", across: Text | None = None
    ) -> None:
        self.page = page
        self.locale = locale
        self.across = self.say(across) if across is not None else ""
        self.title = fonts.legible(f"{self.across} {title}".strip())[0]
        self.author = fonts.legible(author)[0]
        self.footer = footer
        self.root = Element("Document")
        self._open = self.root
        self._pages: list[list[Operation]] = [[]]
        self._cut = False
        self.spelled_out = False
        self.black = False

    def say(self, text: Text) -> str:
        """Put a message into the sheet's language; words are said as they are. All that is written is said first."""
        return text if isinstance(text, str) else translate(text, self.locale)

    @property
    def page_count(self) -> int:
        """How many pages there are so far."""
        return len(self._pages)

    def new_page(self) -> None:
        """Go on at the top of another page."""
        self._pages.append([])

    def cut(self, height: float) -> None:
        """End the only page at ``height``, as paper from a roll is cut; nothing more is written at its foot."""
        self.page = replace(self.page, size=(self.page.size[0], height))
        self._cut = True

    def group(self, kind: str) -> ExitStack:
        """Open an element (``Table``, ``TR``) that holds what is written inside the ``with`` block."""
        outer = self._open
        self._open = outer.add(kind)
        closing = ExitStack()
        closing.callback(setattr, self, "_open", outer)
        return closing

    def element(self, kind: str, *, alternative: Text = "", language: str = "") -> Element:
        """Add an element to the innermost open group."""
        return self._open.add(kind, alternative=self.say(alternative), language=language)

    def lines(self, text: Text, width: float, style: Style, *, language: str = "") -> list[str]:
        """Break ``text`` into lines of printable characters; ``language`` if it is not the sheet's."""
        printable, spelled_out = fonts.legible(self.say(text))
        self.spelled_out |= spelled_out
        in_english = (language or self.locale) == "en"
        if in_english:
            printable = CURLED_IN_ENGLISH.sub(lambda mark: "\"\"''"["“”‘’".index(mark[0])], printable)
        return linebreak.wrap(printable, width, style.width, in_english=in_english)

    def put(self, lines: list[str], x: float, y: float, width: float, style: Style, element: Element | None) -> float:
        """Place lines already broken; return where the next thing may begin."""
        self.paint(element, partial(self._paint_lines, list(lines), x, y, width, style))
        return y + len(lines) * style.leading

    def write(
        self, text: Text, x: float, y: float, width: float, style: Style = BODY, *, tag: str = "P", language: str = ""
    ) -> float:
        """Break ``text`` and place it; return where the next thing may begin."""
        element = self.element(tag, language=language)
        lines = self.lines(text, width, style, language=language)
        return self.put(lines, x, y, width, style, element)

    def write_fitting(
        self, text: Text, x: float, y: float, width: float, style: Style, *, smallest: float, tag: str = "P"
    ) -> float:
        """Write ``text`` in one line, as large as ``style`` or as small as needed; below that, in several."""
        return self.write(text, x, y, width, self.fitting(text, width, style, smallest), tag=tag)

    def fitting(self, text: Text, width: float, style: Style, smallest: float) -> Style:
        """Return ``style``, made smaller until ``text`` fits one line or ``smallest`` points are reached."""
        natural = style.width(fonts.legible(self.say(text))[0])
        size = max(smallest, min(style.size, style.size * width / natural * 0.999)) if natural else style.size
        return replace(style, size=size, leading=style.leading * size / style.size)

    def rule(self, x: float, y: float, width: float, *, colour: Color = HAIR, weight: float = 0.5) -> None:
        """Draw a horizontal line."""
        self.fill(x, y - weight / 2, width, weight, colour)

    def fill(self, x: float, y: float, width: float, height: float, colour: Color) -> None:
        """Fill a rectangle."""
        self.paint(None, partial(self._paint_rectangle, x, y, width, height, colour, True))

    def frame(self, x: float, y: float, width: float, height: float, *, colour: Color = HAIR) -> None:
        """Draw a rectangle's outline."""
        self.paint(None, partial(self._paint_rectangle, x, y, width, height, colour, False))

    def code(self, address: str, x: float, y: float, side: float, *, alternative: Text) -> float:
        """Place a QR code that is also a link; return where the next thing may begin."""
        element = self.element("Figure", alternative=alternative)
        self.paint(element, partial(self._paint_code, address, x, y, side))
        return y + side

    def picture(self, data: bytes, x: float, y: float, width: float, height: float, *, alternative: Text) -> None:
        """Place a picture (JPEG, PNG) as large as fits the box, at its top left corner."""
        element = self.element("Figure", alternative=alternative)
        self.paint(element, partial(self._paint_picture, data, x, y, width, height))

    def to_pdf(self) -> bytes:
        """Paint everything; the same content gives the same bytes."""
        self._write_footers()
        with fonts.RENDERING:
            fonts.font(fonts.REGULAR)
            fonts.font(fonts.BOLD)
            canvas = Canvas(
                io.BytesIO(),
                pagesize=self.page.size,
                pageCompression=1,
                invariant=1,
                initialFontName=fonts.REGULAR,  # else every page refers to Helvetica, which is not embedded
                lang=LANGUAGES[self.locale],
                pdfVersion=(1, 7),
            )
            self._describe(canvas)
            marker = Marker(canvas, self.root)
            for page in self._pages:
                for operation in page:
                    with marker.marked(operation.element):
                        operation.paint(canvas)
                if self.across:
                    with marker.marked(None):
                        self._paint_across(canvas)
                marker.end_page()
            marker.write_tree()
            data: bytes = canvas.getpdfdata()
            return data

    def _describe(self, canvas: Canvas) -> None:
        canvas.setTitle(self.title)
        canvas.setAuthor(self.author)
        canvas.setSubject(self.title)
        canvas.setCreator("trafficedu")
        canvas.setProducer("trafficedu")
        canvas.setViewerPreference("DisplayDocTitle", "true")

    def _write_footers(self) -> None:
        if self._cut:
            return
        pages, total = self._pages, len(self._pages)
        left: list[Text] = [self.footer] if self.footer else []
        if self.spelled_out:
            left.insert(0, SPELLED_OUT)
        bottom = self.page.size[1] - self.page.bottom / 2 + SMALL.leading / 2
        two_thirds = self.page.width * 2 / 3
        for number, page in enumerate(pages, start=1):
            self._pages = [page]
            y = bottom - len(left) * SMALL.leading
            for line in left:
                y = self.put(self.lines(line, two_thirds, SMALL)[:1], self.page.margin, y, two_thirds, SMALL, None)
            if total > 1:
                place = self.say(message("Page %(number)s of %(total)s", number=number, total=total))
                style = replace(SMALL, align="right")
                y = bottom - SMALL.leading
                self.put([place], self.page.margin, y, self.page.width, style, None)
        self._pages = pages

    def paint(self, element: Element | None, paint: Paint) -> None:
        """Have ``paint`` draw on the page as part of ``element``; ``None`` is decoration."""
        self._pages[-1].append(Operation(element, paint))

    def _paint_lines(self, lines: list[str], x: float, y: float, width: float, style: Style, canvas: Canvas) -> None:
        baseline = self.page.size[1] - y - style.baseline
        text = canvas.beginText(x, baseline)
        text.setFont(style.font, style.size, style.leading)
        text.setFillColor(black if self.black else style.colour)
        for number, line in enumerate(lines):
            start = x - fonts.overhang(line) * style.size
            if style.align == "right":
                start = x + width - style.width(line)
            elif style.align == "centre":
                start = x + (width - style.width(line)) / 2
            for segment, offset in fonts.segments(line, style.font):
                text.setTextOrigin(start + offset * style.size, baseline - number * style.leading)
                text.textOut(segment)
        canvas.drawText(text)

    def _paint_across(self, canvas: Canvas) -> None:
        """Write the word from corner to corner, so that what is below stays readable."""
        width, height = self.page.size
        size = min(ACROSS_SIZE, 0.7 * math.hypot(width, height) / fonts.width(self.across, fonts.BOLD, 1))
        canvas.saveState()
        canvas.translate(width / 2, height / 2)
        canvas.rotate(math.degrees(math.atan2(height, width)))
        text = canvas.beginText()
        text.setFont(fonts.BOLD, size)
        text.setFillColor(ACROSS)
        start = -fonts.width(self.across, fonts.BOLD, size) / 2
        for segment, offset in fonts.segments(self.across, fonts.BOLD):
            text.setTextOrigin(start + offset * size, -0.35 * size)
            text.textOut(segment)
        canvas.drawText(text)
        canvas.restoreState()

    def _paint_rectangle(
        self, x: float, y: float, width: float, height: float, colour: Color, filled: bool, canvas: Canvas
    ) -> None:
        if self.black:
            if colour is TINT:
                return
            colour = black
        if filled:
            canvas.setFillColor(colour)
        else:
            canvas.setStrokeColor(colour)
            canvas.setLineWidth(0.5)
        canvas.rect(x, self.page.size[1] - y - height, width, height, stroke=int(not filled), fill=int(filled))

    def _paint_code(self, address: str, x: float, y: float, side: float, canvas: Canvas) -> None:
        bottom = self.page.size[1] - y - side
        canvas.setFillColor(black if self.black else INK)
        qr.paint(canvas, address, x, bottom, side)
        canvas.linkURL(address, (x, bottom, x + side, bottom + side))

    def _paint_picture(self, data: bytes, x: float, y: float, width: float, height: float, canvas: Canvas) -> None:
        picture = ImageReader(io.BytesIO(data))
        natural_width, natural_height = picture.getSize()
        scale = min(width / natural_width, height / natural_height)
        size = natural_width * scale, natural_height * scale
        canvas.drawImage(picture, x, self.page.size[1] - y - size[1], *size)
