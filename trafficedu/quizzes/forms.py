"""The shape of what is typed about questions, and of the answers of a rider."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from flask_babel import lazy_gettext as _l
from flask_wtf.file import FileField, FileRequired
from wtforms import (
    BooleanField,
    FieldList,
    FormField,
    HiddenField,
    IntegerField,
    RadioField,
    SelectField,
    SelectMultipleField,
)
from wtforms.validators import InputRequired, NumberRange, Optional
from wtforms.widgets import CheckboxInput, ListWidget

from trafficedu.core.fields import (
    ChoiceFilter,
    FilterForm,
    Form,
    FormPart,
    SearchField,
    TextField,
    TrimmedField,
    VersionField,
    at_most,
    choices,
    named,
)
from trafficedu.core.web import locale
from trafficedu.quizzes.models import QuestionVersion
from trafficedu.quizzes.queries.bank import GENERAL, QuestionFilter
from trafficedu.quizzes.rules import signs
from trafficedu.quizzes.rules.questions import (
    LONGEST_CODE,
    LONGEST_OPTION,
    LONGEST_SOURCE,
    LONGEST_TEXT,
    MOST_OPTIONS,
    MOST_WEIGHT,
    Both,
    NewQuestion,
    Option,
    true_or_false,
)
from trafficedu.quizzes.rules.words import QuestionForm, QuestionState


class OptionPart(FormPart):
    """One answer to choose from; an empty one is left out."""

    zh = TrimmedField(_l("Answer in Chinese"), [Optional(), at_most(LONGEST_OPTION)])
    en = TrimmedField(_l("Answer in English"), [Optional(), at_most(LONGEST_OPTION)])
    right = BooleanField(_l("right"))


class WeightPart(FormPart):
    """How often a question is drawn in one course."""

    course = HiddenField()
    weight = IntegerField(
        "", [Optional(), NumberRange(0, MOST_WEIGHT, _l("A weight must be between %(min)s and %(max)s."))], default=1
    )


class QuestionEntry(Form):
    """A question, or its next version."""

    code = TrimmedField(
        _l("Code"),
        [InputRequired(_l("Enter a code.")), at_most(LONGEST_CODE)],
        description=_l("Letters, digits and hyphens, such as helmet-07. It stays."),
        render_kw={"autocomplete": "off", "spellcheck": "false"},
    )
    form = RadioField(_l("Kind of answer"), choices=choices(named(QuestionForm)), default=QuestionForm.SINGLE)
    text_zh = TextField(
        _l("Question in Chinese"),
        [InputRequired(_l("Enter the question.")), at_most(LONGEST_TEXT)],
        render_kw={"rows": 3},
    )
    text_en = TextField(_l("Question in English"), [Optional(), at_most(LONGEST_TEXT)], render_kw={"rows": 3})
    options = FieldList(FormField(OptionPart), min_entries=MOST_OPTIONS, max_entries=MOST_OPTIONS)
    is_true = BooleanField(_l("The statement is true"))
    explanation_zh = TextField(
        _l("Why, in Chinese"),
        [InputRequired(_l("Enter why the answer is right: riders read it after the quiz.")), at_most(LONGEST_TEXT)],
        render_kw={"rows": 3},
    )
    explanation_en = TextField(_l("Why, in English"), [Optional(), at_most(LONGEST_TEXT)], render_kw={"rows": 3})
    source_zh = TrimmedField(
        _l("Law or standard, in Chinese"),
        [InputRequired(_l("Enter the law or standard that the answer rests on.")), at_most(LONGEST_SOURCE)],
    )
    source_en = TrimmedField(_l("Law or standard, in English"), [Optional(), at_most(LONGEST_SOURCE)])
    kinds = SelectMultipleField(
        _l("Violations asked about"),
        description=_l("Riders caught for these get it more often. None: a general question."),
        option_widget=CheckboxInput(),
        widget=ListWidget(prefix_label=False),
    )
    weights = FieldList(FormField(WeightPart))
    sign = SelectField(_l("Shipped picture"), [Optional()], default="")
    picture = FileField(
        _l("Picture of your own"),
        description=_l("JPEG, PNG or WebP. It takes the place of the shipped one."),
        render_kw={"accept": "image/jpeg,image/png,image/webp"},
    )
    alt_zh = TrimmedField(_l("What the picture shows, in Chinese"), [Optional(), at_most(LONGEST_SOURCE)])
    alt_en = TrimmedField(_l("What the picture shows, in English"), [Optional(), at_most(LONGEST_SOURCE)])
    version = VersionField(default=0)

    def offer(self, kinds: Iterable[tuple[str, str]], courses: Sequence[tuple[str, str]]) -> None:
        """Fill the lists of kinds and pictures, and give each course its weight."""
        self.kinds.choices = choices(kinds)
        said = {name: both.said(locale()) for name, (_, both) in signs.SIGNS.items()}
        self.sign.choices = choices([("", _l("none")), *said.items()])
        if not self.weights.entries:
            for code, _name in courses:
                self.weights.append_entry({"course": code, "weight": 1})
        names = dict(courses)
        for part in self.weights:
            part.form.weight.label.text = names.get(part.form.course.data, part.form.course.data)

    def fill(self, present: QuestionVersion, courses: Sequence[tuple[str, str]]) -> None:
        """Show what a version says, to be changed."""
        new = present.as_entered
        self.code.data, self.form.data, self.kinds.data, self.sign.data = (
            present.question.code,
            new.form,
            list(new.kinds),
            new.sign,
        )
        for name in ("text", "explanation", "source", "alt"):
            both: Both = getattr(new, name)
            self[f"{name}_zh"].data, self[f"{name}_en"].data = both.zh, both.en
        self.is_true.data = new.options[0].right
        if new.form != QuestionForm.TRUE_FALSE:
            for part, option in zip(self.options, new.options, strict=False):
                part.form.zh.data, part.form.en.data, part.form.right.data = (
                    option.text.zh,
                    option.text.en,
                    option.right,
                )
        for code, _name in courses:
            self.weights.append_entry({"course": code, "weight": new.weights.get(code, 1)})
        self.version.data = present.question.version

    def to_input(self) -> NewQuestion:
        """Return what was entered."""
        options: Sequence[Option]
        if self.form.data == QuestionForm.TRUE_FALSE:
            options = true_or_false(bool(self.is_true.data))
        else:
            given = [part.form for part in self.options if part.form.zh.data or part.form.en.data]
            options = [Option(Both(each.zh.data or "", each.en.data or ""), bool(each.right.data)) for each in given]
        sign = "" if self.picture.data else self.sign.data or ""
        alt = Both(self.alt_zh.data or "", self.alt_en.data or "")
        weights = {part.form.course.data: part.form.weight.data for part in self.weights}
        return NewQuestion(
            QuestionForm(self.form.data),
            self._both("text"),
            tuple(options),
            self._both("explanation"),
            self._both("source"),
            tuple(self.kinds.data or ()),
            {code: weight for code, weight in weights.items() if weight is not None and weight != 1},
            sign,
            alt,
        )

    def _both(self, name: str) -> Both:
        return Both(self[f"{name}_zh"].data or "", self[f"{name}_en"].data or "")


class BankForm(FilterForm):
    """What the bank is narrowed to."""

    q = SearchField(_l("code, words of the question, law"))
    kind = ChoiceFilter(_l("Kind of violation"))
    state = ChoiceFilter(_l("State"), named(QuestionState))
    form = ChoiceFilter(_l("Kind of answer"), named(QuestionForm))

    def offer(self, kinds: Iterable[tuple[str, str]]) -> None:
        """Fill the list of kinds."""
        self.kind.offer([(GENERAL, _l("general")), *kinds])

    def to_input(self) -> QuestionFilter:
        """Return what was chosen."""
        return QuestionFilter(
            self.q.data or "",
            self.kind.data or "",
            QuestionState(self.state.data) if self.state.data else None,
            QuestionForm(self.form.data) if self.form.data else None,
        )


class GiftForm(Form):
    """A file of questions in GIFT."""

    file = FileField(
        _l("GIFT file"),
        [FileRequired(_l("Choose a file."))],
        description=_l("Text in UTF-8, as Moodle writes it."),
        render_kw={"accept": ".gift,.txt,text/plain"},
    )


class AnswerForm(Form):
    """The answer to one question: the places of the options chosen."""

    item = HiddenField(validators=[InputRequired()])
    choice = SelectMultipleField(_l("Chosen answer"), choices=(), validate_choice=False)

    def chosen(self) -> set[int]:
        """Return the places chosen; what is no number is a place that no question has."""
        given: Any = self.choice.data or ()
        return {int(place) if str(place).isdecimal() and len(str(place)) < 3 else 99 for place in given}

    def item_id(self) -> int:
        """Return which question was answered; 0, which there is none of, for anything else."""
        text = str(self.item.data or "")
        return int(text) if text.isdecimal() and len(text) < 12 else 0
