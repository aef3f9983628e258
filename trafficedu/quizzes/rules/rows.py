"""A question as one row of a table: the shipped file, imports and exports have the same columns. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from trafficedu.core.errors import Refusal
from trafficedu.core.text import message
from trafficedu.quizzes.rules.questions import MOST_OPTIONS, Both, NewQuestion, Option, true_or_false
from trafficedu.quizzes.rules.words import QuestionForm

MOST_DIGITS = 4
"""Of a number in a row: beyond that it is no number of an answer and no weight."""
OPTION_COLUMNS = tuple(
    f"option_{place}_{language}" for place in range(1, MOST_OPTIONS + 1) for language in ("zh", "en")
)
COLUMN_NAMES = (
    "code",
    "form",
    "kinds",
    "weights",
    "text_zh",
    "text_en",
    *OPTION_COLUMNS,
    "right",
    "explanation_zh",
    "explanation_en",
    "source_zh",
    "source_en",
    "sign",
    "alt_zh",
    "alt_en",
)


def read(cells: Mapping[str, Any]) -> NewQuestion:
    """Return the question of a row. Raises Refusal at the column that cannot be understood.

    ``right`` are the numbers of the right options, counted from 1; of a statement ``true`` or ``false``.
    """
    form = QuestionForm(cells["form"])
    right = _right(form, str(cells["right"]))
    options: tuple[Option, ...]
    if form == QuestionForm.TRUE_FALSE:
        options = true_or_false(right == {1})
    else:
        texts = [_both(cells, f"option_{place}") for place in range(1, MOST_OPTIONS + 1)]
        while texts and not texts[-1].said("zh"):
            texts.pop()
        if any(not text.said("zh") for text in texts):
            raise Refusal(message("An answer is empty between two others."), field="option_1_zh")
        if right and max(right) > len(texts):
            text = message("There is no answer %(number)d to be right.", number=max(right))
            raise Refusal(text, field="right", value=str(max(right)))
        options = tuple(Option(text, place in right) for place, text in enumerate(texts, start=1))
    return NewQuestion(
        form,
        _both(cells, "text"),
        options,
        _both(cells, "explanation"),
        _both(cells, "source"),
        tuple(str(cells.get("kinds") or "").split()),
        read_weights(str(cells.get("weights") or "")),
        str(cells.get("sign") or ""),
        _both(cells, "alt"),
    )


def read_weights(text: str) -> dict[str, int]:
    """Return the weights written ``basic=2 intensive=0``. Raises Refusal at ``weights``."""
    weights: dict[str, int] = {}
    for part in text.split():
        code, _, weight = part.partition("=")
        if not code or not weight.isdecimal() or len(weight) > MOST_DIGITS:
            raise Refusal(message("Write weights like basic=2 intensive=0."), field="weights", value=part)
        weights[code] = int(weight)
    return weights


def write_weights(weights: Mapping[str, int]) -> str:
    """Return weights as :func:`read_weights` reads them."""
    return " ".join(f"{code}={weight}" for code, weight in sorted(weights.items()))


def write(code: str, question: NewQuestion) -> dict[str, str]:
    """Return the row of a question, by column."""
    row = dict.fromkeys(COLUMN_NAMES, "")
    row |= {"code": code, "form": question.form.value, "sign": question.sign}
    row |= {"kinds": " ".join(question.kinds), "weights": write_weights(question.weights)}
    for name in ("text", "explanation", "source", "alt"):
        both: Both = getattr(question, name)
        row |= {f"{name}_zh": both.zh, f"{name}_en": both.en}
    if question.form == QuestionForm.TRUE_FALSE:
        row["right"] = "true" if question.options[0].right else "false"
        return row
    for place, option in enumerate(question.options, start=1):
        row |= {f"option_{place}_zh": option.text.zh, f"option_{place}_en": option.text.en}
    row["right"] = " ".join(str(place) for place, option in enumerate(question.options, start=1) if option.right)
    return row


def _both(cells: Mapping[str, Any], name: str) -> Both:
    return Both(str(cells.get(f"{name}_zh") or ""), str(cells.get(f"{name}_en") or ""))


def _right(form: QuestionForm, text: str) -> set[int]:
    """Return the right options of a row, counted from 1; of a statement 1 for true and 2 for false."""
    if form == QuestionForm.TRUE_FALSE:
        known = {"true": 1, "正确": 1, "对": 1, "false": 2, "错误": 2, "错": 2}
        if text.strip().lower() not in known:
            raise Refusal(message("Write true or false: which is right."), field="right", value=text)
        return {known[text.strip().lower()]}
    parts = text.replace(",", " ").replace("，", " ").replace("、", " ").split()
    if not parts or not all(part.isdecimal() and len(part) <= MOST_DIGITS for part in parts):
        raise Refusal(message("Write the numbers of the right answers, like 1 3."), field="right", value=text)
    return {int(part) for part in parts}
