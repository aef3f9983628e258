"""Questions in GIFT, the text format in which Moodle and others exchange quizzes: read and written. Pure.

What is understood: one right answer, several right answers with weights, true or false; titles, comments, categories,
feedback after ``####``, escapes (``~ = # { } :`` and the backslash), UTF-8, texts in two languages as Moodle's
``multilang`` spans. What has no place in GIFT (law, kinds of violation, weights by course, picture, code) stands in
comments ``// @name value`` before the question, which other programs pass over. Other types (matching, numerical,
essay, missing word) are refused with line and column. What was written reads as the same.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from trafficedu.core.errors import Refusal
from trafficedu.core.text import Message, message
from trafficedu.quizzes.rules import rows
from trafficedu.quizzes.rules.questions import FEWEST_OPTIONS, MOST_OPTIONS, Both, NewQuestion, Option, true_or_false
from trafficedu.quizzes.rules.words import QuestionForm

SPECIAL = "~=#{}:"
_SPAN = re.compile(r'<span\s+lang="(zh|zh_cn|zh-CN|en)"\s+class="multilang">', re.IGNORECASE)
_SPAN_END = re.compile("</span>", re.IGNORECASE)
_NOTE = re.compile(r"//\s*@(\w+)\s+(.*)")
_WEIGHT = re.compile(r"%(-?\d+(?:\.\d+)?)%")
_FORMAT = re.compile(r"^\[(html|moodle|plain|markdown)\]", re.IGNORECASE)
TRUTH = {"T": True, "TRUE": True, "F": False, "FALSE": False}


class GiftFault(Refusal):
    """Something that is no GIFT, or none of what is understood, with the place in the file."""

    def __init__(self, line: int, column: int, why: Message) -> None:
        text = message("Line %(line)d, column %(column)d: %(why)s", line=line, column=column, why=why)
        super().__init__(text, field="file")
        self.line, self.column = line, column


@dataclass(frozen=True)
class GiftQuestion:
    """A question of a file: its code (the title where no comment says it), what it is, and the line it begins on."""

    code: str
    question: NewQuestion
    line: int


@dataclass
class _Block:
    """The lines of one question, the notes before it, and where each stands in the file."""

    start: int
    lines: list[str] = field(default_factory=list)
    notes: dict[str, str] = field(default_factory=dict)

    @property
    def text(self) -> str:
        return "\n".join(self.lines)

    def fault(self, at: int, why: Message) -> GiftFault:
        """Return the fault at a place of the text."""
        before = self.text[:at]
        return GiftFault(self.start + before.count("\n"), at - (before.rfind("\n") + 1) + 1, why)


def read(text: str) -> list[GiftQuestion]:
    """Return the questions of a file. Raises GiftFault at the first place that is not understood."""
    return [_question(block, number) for number, block in enumerate(_blocks(text.removeprefix("\ufeff")), start=1)]


def _blocks(text: str) -> Iterable[_Block]:
    """Yield the questions as blocks of lines: a blank line parts them, comments and categories are none."""
    block, notes = _Block(1), {}
    for number, line in enumerate([*text.replace("\r\n", "\n").split("\n"), ""], start=1):
        stripped = line.strip()
        if stripped.startswith("//"):
            if note := _NOTE.match(stripped):
                notes[note[1]] = note[2].strip()
            if block.lines:
                block.lines.append("")  # the place of what follows in the file stays right
        elif stripped.startswith("$CATEGORY:"):
            continue
        elif stripped:
            if not block.lines:
                block = _Block(number, notes=notes)
                notes = {}
            block.lines.append(line)
        elif any(part.strip() for part in block.lines):
            yield block
            block = _Block(number)


def _question(block: _Block, number: int) -> GiftQuestion:
    text, at, title = block.text, 0, ""
    lead = len(text) - len(text.lstrip())
    if text.startswith("::", lead):
        end = _find(text, "::", lead + 2)
        if end < 0:
            raise block.fault(lead, message("The title is not closed by two colons."))
        title, at = _plain(text[lead + 2 : end]), end + 2
    opening = _find(text, "{", at)
    if opening < 0:
        raise block.fault(at, message("The question has no answers in braces."))
    closing = _find(text, "}", opening + 1)
    if closing < 0:
        raise block.fault(opening, message("The brace is not closed."))
    if text[closing + 1 :].strip():
        why = message("Text after the answers (a missing word) is not understood. Put the whole question before them.")
        raise block.fault(closing + 1, why)
    asked = _both(text[at:opening])
    return GiftQuestion(
        block.notes.get("code", "") or title or f"gift-{number:03d}",
        _made(block, asked, opening, text[opening + 1 : closing]),
        block.start,
    )


def _made(block: _Block, asked: Both, opening: int, inner: str) -> NewQuestion:
    answers, _, general = _cut(inner, "####")
    word = _plain(_cut(answers, "#")[0]).upper()
    options: Sequence[Option]
    if word in TRUTH:
        form, options = QuestionForm.TRUE_FALSE, true_or_false(TRUTH[word])
    else:
        form, options = _options(block, opening + 1, answers)
    notes = block.notes
    return NewQuestion(
        form,
        asked,
        tuple(options),
        _both(general),
        Both(notes.get("source_zh", ""), notes.get("source_en", "")),
        tuple(notes.get("kinds", "").split()),
        rows.read_weights(notes.get("weights", "")),
        notes.get("sign", ""),
        Both(notes.get("alt_zh", ""), notes.get("alt_en", "")),
    )


def _options(block: _Block, offset: int, answers: str) -> tuple[QuestionForm, list[Option]]:
    """Return the options of a question: ``=`` before the right one, ``~`` before others, ``%50%`` for a part of it."""
    marks = [at for at in range(len(answers)) if answers[at] in "=~" and not _escaped(answers, at)]
    if len(marks) > MOST_OPTIONS:
        why = message("A question has %(least)d to %(most)d answers.", least=FEWEST_OPTIONS, most=MOST_OPTIONS)
        raise block.fault(offset + marks[MOST_OPTIONS], why)
    if not marks or answers[: marks[0]].strip():
        raise block.fault(offset, message("Answers begin with = or ~. Other kinds of question are not understood."))
    parts = [answers[at + 1 : end] for at, end in zip(marks, [*marks[1:], len(answers)], strict=True)]
    if all(answers[at] == "=" and "->" in part for at, part in zip(marks, parts, strict=True)):
        raise block.fault(offset + marks[0], message("Matching questions are not understood."))
    options, weighted = [], False
    for at, part in zip(marks, parts, strict=True):
        said, right = part.strip(), answers[at] == "="
        if weight := _WEIGHT.match(said):
            weighted, said = True, said[weight.end() :]
            right = right or float(weight[1]) > 0
        text = _both(_cut(said, "#")[0])
        if not text.said("zh"):
            raise block.fault(offset + at, message("This answer is empty."))
        options.append(Option(text, right))
    if all(option.right for option in options) and not weighted:
        raise block.fault(offset, message("Short answers are not understood: give wrong answers with ~ as well."))
    several = weighted or sum(option.right for option in options) > 1
    return QuestionForm.SEVERAL if several else QuestionForm.SINGLE, options


def write(questions: Iterable[tuple[str, NewQuestion]]) -> str:
    """Return a file with questions, by their codes; what :func:`read` makes of it is the same."""
    return "\n".join(_written(code, question) for code, question in questions)


def _written(code: str, question: NewQuestion) -> str:
    told: Mapping[str, str] = {
        "code": code,
        "source_zh": question.source.zh,
        "source_en": question.source.en,
        "kinds": " ".join(question.kinds),
        "weights": rows.write_weights(question.weights),
        "sign": question.sign,
        "alt_zh": question.alt.zh,
        "alt_en": question.alt.en,
    }
    notes = [f"// @{name} {' '.join(value.split())}" for name, value in told.items() if value]
    if question.form == QuestionForm.TRUE_FALSE:
        answers = ["TRUE" if question.options[0].right else "FALSE"]
    else:
        answers = [_mark(question, option) + _escape(_spans(option.text)) for option in question.options]
    reason = ["####" + _escape(_spans(question.explanation))] if question.explanation.said("zh") else []
    asked = f"::{_escape(code)}::[html]{_escape(_spans(question.text))} {{"
    return "\n".join([*notes, asked, *(f"  {line}" for line in [*answers, *reason]), "}", ""])


def _mark(question: NewQuestion, option: Option) -> str:
    if question.form != QuestionForm.SEVERAL:
        return "=" if option.right else "~"
    right = sum(each.right for each in question.options)
    return f"~%{100 / right:.5f}".rstrip("0").rstrip(".") + "%" if option.right else "~%-100%"


def _spans(text: Both) -> str:
    if not text.is_whole:
        return text.said("zh")
    pairs = (("zh", text.zh), ("en", text.en))
    return "".join(f'<span lang="{language}" class="multilang">{said}</span>' for language, said in pairs)


def _both(text: str) -> Both:
    """Return a text in both languages where its spans say so, else in Chinese alone, unless no character is Chinese."""
    said = _unescaped(_FORMAT.sub("", text.strip()))
    if spans := dict(_spans_of(said)):
        return Both(spans.get("zh", ""), spans.get("en", ""))
    plain = " ".join(said.split())
    return Both(plain) if re.search(r"[\u3400-\u9fff]", plain) or not plain else Both(plain, plain)


def _spans_of(text: str) -> Iterable[tuple[str, str]]:
    """Yield language and words of each span; looks at every character once, whatever is left open."""
    at = 0
    while (opening := _SPAN.search(text, at)) and (closing := _SPAN_END.search(text, opening.end())):
        language = "en" if opening[1].lower() == "en" else "zh"
        yield language, " ".join(text[opening.end() : closing.start()].split())
        at = closing.end()


def _plain(text: str) -> str:
    return " ".join(_unescaped(text).split())


def _escape(text: str) -> str:
    whole = " ".join(text.split()).replace("\\", "\\\\")
    return "".join(f"\\{letter}" if letter in SPECIAL else letter for letter in whole)


def _unescaped(text: str) -> str:
    return re.sub(r"\\([~=#{}:\\n])", lambda found: " " if found[1] == "n" else found[1], text)


def _escaped(text: str, at: int) -> bool:
    """Tell whether an odd number of backslashes stands before a place."""
    first = at
    while first > 0 and text[first - 1] == "\\":
        first -= 1
    return (at - first) % 2 == 1


def _find(text: str, part: str, start: int) -> int:
    """Return where ``part`` stands unescaped, -1 where it does not."""
    at = text.find(part, start)
    while at >= 0 and _escaped(text, at):
        at = text.find(part, at + 1)
    return at


def _cut(text: str, part: str) -> tuple[str, str, str]:
    """Cut a text at the first unescaped ``part``."""
    at = _find(text, part, 0)
    return (text, "", "") if at < 0 else (text[:at], part, text[at + len(part) :])
