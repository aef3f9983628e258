"""What a question consists of and what makes it one that can be asked. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from trafficedu.core.errors import Refusal
from trafficedu.core.text import message
from trafficedu.quizzes.rules.words import QuestionForm

FEWEST_OPTIONS, MOST_OPTIONS = 2, 6
LONGEST_TEXT, LONGEST_OPTION, LONGEST_SOURCE, LONGEST_CODE, LONGEST_KINDS = 500, 200, 200, 40, 198
MOST_WEIGHT = 9
"""How much likelier than others a question may be drawn in a course; 0 keeps it out of that course."""


@dataclass(frozen=True)
class Both:
    """A text in Chinese and English; "" where a language is missing."""

    zh: str = ""
    en: str = ""

    def said(self, locale: str) -> str:
        """Return the text in a language, or in the other one where it is missing."""
        return (self.en or self.zh) if locale == "en" else (self.zh or self.en)

    @property
    def is_whole(self) -> bool:
        """Whether neither language is missing."""
        return bool(self.zh and self.en)


@dataclass(frozen=True)
class Option:
    """One answer to choose from."""

    text: Both
    right: bool = False


TRUE, FALSE = Both("正确", "True"), Both("错误", "False")


def true_or_false(is_true: bool) -> tuple[Option, Option]:
    """Return the two options of a statement."""
    return Option(TRUE, is_true), Option(FALSE, not is_true)


@dataclass(frozen=True)
class NewQuestion:
    """A question as it is entered, imported or shipped.

    ``kinds`` are codes of kinds of violation, none for a general question; ``weights`` says by the code of a course how
    much likelier than others it is drawn there (1 where it says nothing).
    """

    form: QuestionForm
    text: Both
    options: Sequence[Option]
    explanation: Both
    source: Both
    kinds: Sequence[str] = ()
    weights: Mapping[str, int] = field(default_factory=dict)
    sign: str = ""
    alt: Both = Both()

    @property
    def is_whole(self) -> bool:
        """Whether it can be asked in both languages."""
        texts = [self.text, self.explanation, self.source, *(option.text for option in self.options)]
        return all(text.is_whole for text in texts)


def check(new: NewQuestion, kinds: Iterable[str], courses: Iterable[str], signs: Iterable[str]) -> None:
    """Raise Refusal, at the field, for what cannot be asked: it names what is wrong and how to mend it."""
    if not new.text.said("zh"):
        raise Refusal(message("Enter the question."), field="text_zh")
    _check_lengths(new)
    _check_options(new)
    if not new.explanation.said("zh"):
        raise Refusal(message("Enter why the answer is right: riders read it after the quiz."), field="explanation_zh")
    if not new.source.said("zh"):
        raise Refusal(message("Enter the law or standard that the answer rests on."), field="source_zh")
    for code in sorted(set(new.kinds) - set(kinds)):
        text = message("There is no kind of violation with the code %(code)s.", code=code)
        raise Refusal(text, field="kinds", value=code)
    for code, weight in new.weights.items():
        if code not in set(courses):
            raise Refusal(message("There is no course with the code %(code)s.", code=code), field="weights", value=code)
        if not 0 <= weight <= MOST_WEIGHT:
            text = message("A weight must be between 0 and %(most)d.", most=MOST_WEIGHT)
            raise Refusal(text, field="weights", value=str(weight))
    if new.sign and new.sign not in set(signs):
        raise Refusal(message("There is no shipped picture %(name)s.", name=new.sign), field="sign", value=new.sign)


def _check_lengths(new: NewQuestion) -> None:
    """Refuse what is longer than it is kept: a file has no field that would stop it."""
    texts = [("text", new.text, LONGEST_TEXT), ("explanation", new.explanation, LONGEST_TEXT)]
    texts += [("source", new.source, LONGEST_SOURCE), ("alt", new.alt, LONGEST_SOURCE)]
    given = [(f"{name}_{lang}", getattr(both, lang), most) for name, both, most in texts for lang in ("zh", "en")]
    given += [("options", getattr(each.text, lang), LONGEST_OPTION) for each in new.options for lang in ("zh", "en")]
    given.append(("kinds", " ".join(new.kinds), LONGEST_KINDS))
    for field_name, text, most in given:
        if len(text) > most:
            raise Refusal(message("At most %(max)d characters.", max=most), field=field_name)


def _check_options(new: NewQuestion) -> None:
    options = list(new.options)
    if not FEWEST_OPTIONS <= len(options) <= MOST_OPTIONS:
        text = message("A question has %(least)d to %(most)d answers.", least=FEWEST_OPTIONS, most=MOST_OPTIONS)
        raise Refusal(text, field="options")
    right = sum(option.right for option in options)
    if new.form == QuestionForm.SEVERAL:
        if right < 1:
            raise Refusal(message("Mark at least one answer as right."), field="options")
    elif right != 1:
        raise Refusal(message("Mark exactly one answer as right, or choose several right answers."), field="options")
    for language in ("zh", "en"):
        texts = [getattr(option.text, language) for option in options if getattr(option.text, language)]
        if len(set(texts)) < len(texts):
            raise Refusal(message("Two answers say the same."), field="options")
    if new.form == QuestionForm.TRUE_FALSE and [option.text for option in options] != [TRUE, FALSE]:
        raise Refusal(message("A statement is answered with true or false only."), field="options")
