"""The certificate a rider keeps after the study. Knows what is shown, not who may see it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date

from trafficedu.core.text import Message, message, translate
from trafficedu.reports import fonts, words
from trafficedu.reports.blocks import Flow
from trafficedu.reports.layout import A4_LANDSCAPE, ACCENT, HAIR, INK, SMALL, TINT, Page, Style, Text
from trafficedu.reports.letter import Letter
from trafficedu.reports.proof import PLAIN, Stamp

PAGE = Page(A4_LANDSCAPE, margin=64, top=64, bottom=34)
EDGE = 28.0
DISPLAY = Style(30, 40, fonts.BOLD, ACCENT)
NAME = replace(DISPLAY, colour=INK)
TEXT = Style(11, 18)
TEXT_STRONG = replace(TEXT, font=fonts.BOLD)
SIGNATURE_Y = 476.0
CODE_SIDE = 96.0
CODE_Y = 396.0
ROW = 22.0


@dataclass(frozen=True)
class StudyModule:
    """One part of a course with its minutes: those studied, or those planned; ``online`` of them were seen at home."""

    name: str
    minutes: int
    online: int = 0


@dataclass(frozen=True)
class CertificateData:
    """What a certificate says, already masked and named in the language asked for.

    ``masked_id`` is the identity number as it may be shown; ``studied_from`` and ``studied_to`` are equal
    for a study of one day; ``quiz_score`` is out of 100, ``None`` for a course without a quiz. ``by_exception``: not
    everything was studied, so the paper does not say that the study was completed.
    """

    number: str
    district: str
    rider_name: str
    masked_id: str
    courses: tuple[str, ...]
    station: str
    studied_from: date
    studied_to: date
    modules: tuple[StudyModule, ...]
    quiz_score: int | None
    signer: str
    issued_on: date
    verify_url: str
    by_exception: bool = False


def render(data: CertificateData, locale: str, stamp: Stamp = PLAIN) -> bytes:
    """Set a certificate on A4, landscape: Chinese above English for ``zh``, English alone for ``en``.

    What the front cannot hold, many modules or many courses, is listed overleaf, and the front says so.
    """
    return _Certificate(data, locale, stamp).to_pdf()


class _Certificate(Letter[CertificateData]):
    PAGE = PAGE
    NAME = message("Certificate of Road Safety Study")
    left, left_width = PAGE.column(0, 8)
    right, right_width = PAGE.column(9, 3)

    def lay_out(self) -> None:
        y = self._statement()
        modules_overleaf = not self._modules_fit(y)
        if modules_overleaf:
            note = self._both(message("The modules are listed overleaf."))
            self.sheet.write(note, self.left, y + 12, self.left_width, SMALL)
        elif self.data.modules:
            self._modules(y + 12)
        self._signature()
        courses_overleaf = self._panel()
        self._code()
        self._overleaf(self.data.courses if courses_overleaf else (), self.data.modules if modules_overleaf else ())

    def _both(self, text: Message) -> str:
        """Say a label in Chinese and English, or in English alone."""
        if self.locale == "en":
            return self.sheet.say(text)
        return f"{self.sheet.say(text)}  {translate(text, 'en')}"

    def _ground(self) -> None:
        width, height = PAGE.size
        panel = self.right - 32
        self.sheet.fill(panel, EDGE, width - EDGE - panel, height - 2 * EDGE, TINT)
        self.sheet.frame(EDGE, EDGE, width - 2 * EDGE, height - 2 * EDGE, colour=HAIR)
        self.sheet.fill(EDGE, EDGE, width - 2 * EDGE, 4, ACCENT)

    def footer(self) -> str:
        return ""

    def head(self) -> float:
        self._ground()
        sheet = self.sheet
        y = sheet.write(self.data.district, self.left, PAGE.top, self.left_width, TEXT_STRONG)
        y = sheet.write_fitting(self.NAME, self.left, y + 8, self.left_width, DISPLAY, smallest=16, tag="H1")
        if self.locale == "zh":
            y = sheet.write(translate(self.NAME, "en"), self.left, y, self.left_width, TEXT, language="en")
        return y

    def _statement(self) -> float:
        sheet, data = self.sheet, self.data
        y = sheet.write_fitting(data.rider_name, self.left, self.flow.y + 32, self.left_width, NAME, smallest=14)
        label = self._both(message("Identity document"))
        y = sheet.write(f"{label}  {data.masked_id}", self.left, y, self.left_width, SMALL)
        y = sheet.write(self._sentence(self.locale), self.left, y + 12, self.left_width, TEXT)
        if self.locale == "zh":
            y = sheet.write(self._sentence("en"), self.left, y + 4, self.left_width, SMALL, language="en")
        return y

    def _sentence(self, locale: str) -> str:
        at_home = sum(module.online for module in self.data.modules)
        facts = {
            "minutes": sum(module.minutes for module in self.data.modules),
            "station": self.data.station,
            "when": words.days(self.data.studied_from, self.data.studied_to, locale),
        }
        if self.data.by_exception:
            sentence = message(
                "This is to certify that the study task of the rider named above was closed by exception "
                "at %(station)s (%(when)s). Minutes of road safety study: %(minutes)s.",
                **facts,
            )
        elif at_home:
            sentence = message(
                "This is to certify that the rider named above completed %(minutes)s minutes of road safety study "
                "(%(when)s), %(at_home)s of them with a film at home, the others at %(station)s.",
                **facts,
                at_home=at_home,
            )
        else:
            sentence = message(
                "This is to certify that the rider named above completed "
                "%(minutes)s minutes of road safety study at %(station)s (%(when)s).",
                **facts,
            )
        return translate(sentence, locale)

    def _columns(self) -> int:
        return 1 if len(self.data.modules) <= 4 else 2

    def _modules_fit(self, y: float) -> bool:
        rows = -(-len(self.data.modules) // self._columns())
        width = self._module_width()
        one_line = all(TEXT.width(self._named(module)) <= width - 56 for module in self.data.modules)
        return one_line and y + 12 + 20 + rows * ROW <= SIGNATURE_Y - 16

    def _module_width(self) -> float:
        return (self.left_width - 24 * (self._columns() - 1)) / self._columns()

    def _modules(self, y: float) -> None:
        y = self.sheet.write(self._both(message("Modules")), self.left, y, self.left_width, SMALL, tag="H2") + 4
        width = self._module_width()
        columns = self._columns()
        with self.sheet.group("Table"):
            for first in range(0, len(self.data.modules), columns):
                with self.sheet.group("TR"):
                    for place, module in enumerate(self.data.modules[first : first + columns]):
                        self._module(module, self.left + place * (width + 24), y, width)
                y += ROW

    def _module(self, module: StudyModule, x: float, y: float, width: float) -> None:
        sheet = self.sheet
        sheet.rule(x, y, width)
        sheet.write(self._named(module), x, y + 2, width - 56, TEXT, tag="TD")
        sheet.write(words.minutes(module.minutes), x, y + 2, width, replace(TEXT, align="right"), tag="TD")

    def _named(self, module: StudyModule) -> str:
        """Return a module's name, and how much of it was seen at home."""
        if not module.online:
            return module.name
        text = message("%(module)s (%(minutes)d min of it at home)", module=module.name, minutes=module.online)
        return self.sheet.say(text)

    def _signature(self) -> None:
        half = (self.left_width - 24) / 2
        signed = (
            (message("Signed off by"), self.data.signer),
            (message("Issued on"), words.day(self.data.issued_on, self.locale)),
        )
        for place, (label, value) in enumerate(signed):
            x = self.left + place * (half + 24)
            style = self.sheet.fitting(value, half, TEXT_STRONG, smallest=8)
            lines = self.sheet.lines(value, half, style)
            y = SIGNATURE_Y + 20 - len(lines) * style.leading  # a long name grows upwards from its line
            self.sheet.put(lines, x, y, half, style, self.sheet.element("P"))
            self.sheet.rule(x, SIGNATURE_Y + 24, half, colour=INK)
            self.sheet.write(self._both(label), x, SIGNATURE_Y + 28, half, SMALL)

    def _panel(self) -> bool:
        """Write the facts beside the text; return whether the courses had to go overleaf."""
        facts = self._facts("\n".join(self.data.courses))
        overleaf = PAGE.top + self._height(facts) > CODE_Y
        if overleaf:
            facts = self._facts(message("listed overleaf"))
        y = PAGE.top
        for label, value in facts:
            y = self.sheet.write(self._both(label), self.right, y, self.right_width, SMALL)
            y = self.sheet.write(value, self.right, y, self.right_width, TEXT) + 12
        return overleaf

    def _facts(self, courses: Text) -> list[tuple[Message, Text]]:
        facts: list[tuple[Message, Text]] = [
            (message("Certificate number"), self.data.number),
            (message("Course"), courses),
        ]
        if self.data.quiz_score is not None:
            facts.append((message("Quiz"), message("%(score)s out of 100", score=self.data.quiz_score)))
        proof = self.stamp.proof
        if proof is not None and proof.replaces:
            facts.append((message("Replaces certificate"), proof.replaces))
        if proof is not None and proof.marks:
            facts.append((message("Remark"), "\n".join(self.sheet.say(mark) for mark in proof.marks)))
        return facts

    def _height(self, facts: list[tuple[Message, Text]]) -> float:
        lines = sum(len(self.sheet.lines(value, self.right_width, TEXT)) for _, value in facts)
        return lines * TEXT.leading + len(facts) * (SMALL.leading + 12)

    def _code(self) -> None:
        sheet = self.sheet
        what = message("Verify this certificate: %(address)s", address=self.data.verify_url)
        y = sheet.code(self.data.verify_url, self.right, CODE_Y, CODE_SIDE, alternative=what)
        sheet.write(self._both(message("Scan to verify")), self.right, y + 12, self.right_width, SMALL)

    def _overleaf(self, courses: tuple[str, ...], modules: tuple[StudyModule, ...]) -> None:
        """List on further pages what the front could not hold; none if there is nothing to list."""
        lists: tuple[tuple[Message, list[tuple[str, Text]]], ...] = (
            (message("Course"), [(name, "") for name in courses]),
            (message("Modules"), [(self._named(module), words.minutes(module.minutes)) for module in modules]),
        )
        flow = self.flow
        flow.y = PAGE.floor
        for label, rows in lists:
            if rows:
                flow.room(TEXT.leading * 3)
                flow.y = self.sheet.write(self._both(label), flow.x, flow.y + 12, flow.width, SMALL, tag="H2") + 4
            for name, minutes in rows:
                self._overleaf_row(flow, name, minutes)

    def continued(self) -> float:
        x, width = PAGE.column(0, 12)
        return self.sheet.write(f"{self.sheet.say(self.NAME)} {self.data.number}", x, PAGE.top, width, TEXT_STRONG)

    def _overleaf_row(self, flow: Flow, name: str, minutes: Text) -> None:
        lines = self.sheet.lines(name, flow.width - 64, TEXT)
        flow.room(len(lines) * TEXT.leading + 24)
        self.sheet.rule(flow.x, flow.y, flow.width)
        self.sheet.put(lines, flow.x, flow.y + 2, flow.width - 64, TEXT, self.sheet.element("P"))
        self.sheet.write(minutes, flow.x, flow.y + 2, flow.width, replace(TEXT, align="right"))
        flow.gap(len(lines) * TEXT.leading + 4)
