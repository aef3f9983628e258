"""The base of every form, and the fields that the district needs in several features."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterable, Sequence
from datetime import date
from typing import Any

import wtforms
from flask import g, request
from flask_babel import LazyString
from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import DateField, Field, HiddenField, SelectField, StringField, TextAreaField, fields
from wtforms.fields.choices import SelectChoice
from wtforms.validators import InputRequired, Length, Optional, Regexp, ValidationError

from trafficedu.core import clock, personal, typed
from trafficedu.core.errors import Stale
from trafficedu.core.month import EARLIEST, LATEST, Month, Period
from trafficedu.core.orm import Valid
from trafficedu.core.parsing import CODE, TELEPHONE
from trafficedu.core.seen import held
from trafficedu.core.states import Word
from trafficedu.core.text import message
from trafficedu.core.web import translated


class Form(FlaskForm):
    """What is typed on a page that changes something; it carries the token against forged requests."""

    def validate_on_submit(self, extra_validators: Any = None) -> bool:
        """Tell whether it was sent, may be acted upon (``core.seen.held``) and nothing in it is wrong."""
        return held() is None and bool(super().validate_on_submit(extra_validators))

    def leave_out(self, *names: str) -> None:
        """Forget what was typed into fields that the page hides by now: the last choice wins."""
        for name in names:
            field = self[name]
            field.data, field.raw_data, field.process_errors = None, [], []


class OnceForm(Form):
    """A form that makes a record: sent twice, it gives the first one (``core.once``).

    ``record_page`` is the endpoint that shows a record; ``recorded`` the number of the first one, where this form made
    one and says something else now: sent once more, it makes another.
    """

    client_reference = HiddenField("", [Length(max=60)], default=lambda: uuid.uuid4().hex)
    record_page = ""
    recorded = ""

    def begin_anew(self, recorded: str) -> None:
        """Let what is sent next be a new record beside the one ``recorded``."""
        self.recorded, self.client_reference.data = recorded, uuid.uuid4().hex


class FormPart(wtforms.Form):
    """Fields that stand several times inside a form; the token is the form's."""


class FilterForm(FlaskForm):
    """What is chosen in the address of a page that only reads: it needs no token."""

    usual: dict[str, str] | None = None
    """What a page begins with where its address does not say it, by the name of the field."""

    class Meta:
        """A form in the address can forge nothing."""

        csrf = False

    def validate(self, extra_validators: Any = None) -> bool:
        """Check every field, and that no period ends before it begins."""
        sound = bool(super().validate(extra_validators))
        for first, last in (("since", "until"), ("due_from", "due_until")):
            begin, end = (self[name].data if name in self else None for name in (first, last))
            if begin and end and begin > end:
                self[last].errors = [*self[last].errors, str(_l("This day lies before the first one."))]
                sound = False
        return sound

    @property
    def is_untouched(self) -> bool:
        """Whether the address chooses nothing: the page may choose a period for a beginning."""
        return not request.args.keys() - {"after", "before", "columns", "lang", "sort", "view"}


class ChoiceFilter(SelectField):
    """One entry of a list, or all: either the words of a closed list, or what :meth:`offer` fills in later."""

    data: Any

    def __init__(self, label: Any, pairs: Iterable[tuple[Any, Any]] = (), **kwargs: Any) -> None:
        super().__init__(label, choices=all_or(pairs), default="", validate_choice=False, **kwargs)

    def pre_validate(self, form: Any) -> None:
        """Say of what the list does not have that it is not there; it narrows nothing then."""
        offered = {str(value) for value, *_ in self.iter_choices()}
        if len(offered) > 1 and self.data and str(self.data) not in offered:
            self.data = ""
            raise ValidationError(str(_l("This is not in the list. Choose an entry of it, or all.")))

    def offer(self, pairs: Iterable[tuple[Any, Any]]) -> None:
        """Fill the list with (value, label) pairs."""
        self.choices = all_or(pairs)


MATCHES_SHOWN = 12
"""How many places are offered where a name may mean several."""
NAME_OR_CODE, SEVERAL = _l("Name or code"), _l("Which one?")
UNKNOWN = _l("There is no place with this name or code.")
TOO_MANY = _l("Which one? Only the first ones are listed. Enter more of the name.")


class SearchedFilter(StringField):
    """One entry of a list too long to be sent with a page, by its name or its code; ``data`` is the code, or "".

    The page offers the names by a file of its own that ``source`` (an endpoint) gives, once for many pages; without
    one, or without JavaScript, the name or the code is typed. :meth:`settle` finds what was typed; ``unknown`` says
    that it is none.
    """

    errors: Sequence[str]

    def __init__(
        self, label: Any, source: str = "", asked: Any = NAME_OR_CODE, unknown: Any = UNKNOWN, **kwargs: Any
    ) -> None:
        super().__init__(
            label, render_kw={"autocomplete": "off", "spellcheck": "false", "placeholder": asked}, **kwargs
        )
        self.source, self.unknown = source, unknown
        self.matches: Sequence[tuple[str, str]] = ()
        self.asks = False
        self._shown = ""

    def process_formdata(self, valuelist: list[str]) -> None:
        """Take what was typed."""
        self.data = self._shown = typed.line(valuelist[0]) if valuelist else ""

    def settle(self, find: Callable[[str, int], Sequence[tuple[str, str]]]) -> None:
        """Find what was typed by ``find``, which returns codes and names: one is meant, several are offered.

        It is asked for one more than :data:`MATCHES_SHOWN`, so that the page says so where there are more.
        It ``asks`` where several or none are meant: the page says so at the field and narrows nothing by it until
        somebody says which one, and no file is made meanwhile.
        """
        typed = self.data or ""
        if not typed:
            return
        found = find(typed, MATCHES_SHOWN + 1)
        if len(found) == 1:
            self.data, self._shown = found[0][0], f"{found[0][1]} {found[0][0]}"
        else:
            self.data, self.matches, self.asks = "", found[:MATCHES_SHOWN], True
            asks = SEVERAL if found else self.unknown
            self.errors = [*self.errors, str(TOO_MANY if len(found) > MATCHES_SHOWN else asks)]

    def _value(self) -> str:
        return self._shown


class ActiveFilter(ChoiceFilter):
    """What is active, as a list begins; what was deactivated, or all."""

    def __init__(self, **kwargs: Any) -> None:
        offered = [("", _l("active")), ("no", _l("deactivated")), ("all", _l("all"))]
        super().__init__(_l("State"), **kwargs)
        self.choices = choices(offered)

    @property
    def active(self) -> bool | None:
        """What the mark ``active`` has to be, None for either."""
        return {"no": False, "all": None}.get(self.data or "", True)


FIRST_DAY, LAST_DAY = date(1900, 1, 1), date(2999, 12, 31)
"""Between them lies every day that somebody may mean: of a birth, of a record, of what will hold."""


def within_calendar(day: date | None) -> None:
    """Raise ValueError for a day that nobody means, such as one of the year 1 or 9999."""
    if day is not None and not FIRST_DAY <= day <= LAST_DAY:
        raise ValueError(str(_l("Enter a date between 1900 and 2999.")))


class DayField(DateField):
    """A day; ``data`` is None where none is typed, or none that somebody may mean."""

    data: Any

    def process_formdata(self, valuelist: list[str]) -> None:
        """Read the typed text."""
        if not any(value.strip() for value in valuelist):
            self.data = None
            return
        try:
            super().process_formdata(valuelist)
        except ValueError as error:
            self.data = None
            raise ValueError(str(_l("Write the date like 2026-11-23."))) from error
        typed_day, self.data = self.data, None
        within_calendar(typed_day)
        self.data = typed_day


class MonthField(fields.MonthField):
    """A month; ``data`` is a :class:`Month`, None where nothing is typed."""

    data: Any

    def process_formdata(self, valuelist: list[str]) -> None:
        """Read the typed month."""
        super().process_formdata(valuelist)
        self.data = None if self.data is None else Month.of(self.data)
        if self.data is not None and not EARLIEST <= self.data <= LATEST:
            self.data = None
            raise ValueError(str(_l("Write the month like 2026-11.")))

    def _value(self) -> str:
        return " ".join(self.raw_data) if self.raw_data else str(self.data or "")


class PeriodForm(FilterForm):
    """Months from one to another, both included; lives in the address."""

    first = MonthField(_l("From month"), [Optional()])
    last = MonthField(_l("To month"), [Optional()])

    def settle(self, usual: Month) -> Period:
        """Return the period chosen, put right and shown so; without a choice it ends with the month ``usual``."""
        self.validate()
        period = Period.chosen(self.first.data, self.last.data, Month.of(clock.today()), usual)
        show_month(self.first, period.first)
        show_month(self.last, period.last)
        return period


def show_month(field: MonthField, month: Month) -> None:
    """Show ``month`` in the field, whatever was typed there."""
    field.data, field.raw_data = month, None


class TrimmedField(StringField):
    """One line of text as ``core.typed`` writes it; an empty one is ``""``. It may hold nobody's number."""

    def process_formdata(self, valuelist: list[str]) -> None:
        """Bring what was typed into the form in which it is stored and looked for."""
        self.data = typed.line(valuelist[0]) if valuelist else ""

    def pre_validate(self, form: Any) -> None:
        """Refuse identity and phone numbers."""
        _refuse_numbers(form, self)


class TextField(TextAreaField):
    """A text of several lines as ``core.typed`` writes it; an empty one is ``""``. It may hold nobody's number."""

    def process_formdata(self, valuelist: list[str]) -> None:
        """Bring what was typed into the form in which it is stored and looked for."""
        self.data = typed.lines(valuelist[0]) if valuelist else ""

    def pre_validate(self, form: Any) -> None:
        """Refuse identity and phone numbers."""
        _refuse_numbers(form, self)


class OutsideField(TextField):
    """A text written by somebody outside, who cannot know what it may hold: numbers in it are masked, not refused."""

    def process_formdata(self, valuelist: list[str]) -> None:
        """Mask what was typed."""
        super().process_formdata(valuelist)
        self.data = personal.hide_personal(self.data or "")


class SearchField(TrimmedField):
    """The text field of a list; what is found by it stands in it until somebody types."""

    def __init__(self, finds: Any, **kwargs: Any) -> None:
        super().__init__(_l("Find"), render_kw={"placeholder": finds}, **kwargs)

    @property
    def finds(self) -> Any:
        """What is found by it, in words."""
        return self.render_kw["placeholder"]

    @finds.setter
    def finds(self, finds: Any) -> None:
        """Say that less is found by it, for those who may see less."""
        self.render_kw = {"placeholder": finds}

    @property
    def holds_personal(self) -> bool:
        """Whether somebody typed an identity or phone number: no list is searched by these, addresses are kept."""
        return personal.holds_personal(self.data or "")


class NumbersField(TrimmedField):
    """One line that is somebody's number, or may be, and is kept as such: no free text."""

    def pre_validate(self, form: Any) -> None:
        """Let numbers pass."""


def _refuse_numbers(form: Any, field: Field) -> None:
    """Refuse a text that holds an identity number or a phone, unless it only narrows what a page shows."""
    if field.data and not isinstance(form, FilterForm) and personal.holds_personal(field.data):
        raise ValidationError(translated(personal.HINT))


class VersionField(HiddenField):
    """The version of the record the form was opened with (optimistic locking)."""

    def process_formdata(self, valuelist: list[str]) -> None:
        """Read the number; a missing or broken one counts as 0, which is always stale."""
        text = valuelist[0] if valuelist else ""
        self.data = int(text) if text.isdecimal() and len(text) < 10 else 0

    def _value(self) -> str:
        """Carry what was posted, or the version now where that was held and is shown to be sent again."""
        return str(g.seen_version if held() is not None and g.get("seen_version") else self.data or 0)


class VersionForm(Form):
    """An entry of a catalogue, or its next version."""

    valid_from = DayField(_l("Valid from"), [InputRequired(_l("Enter the date."))])
    version = VersionField(default=0)
    seen_from = HiddenField()

    def follow(self, present: Valid) -> None:
        """Begin the version after ``present``; raise Stale where somebody made another one meanwhile."""
        now = present.valid_from.isoformat()
        if not self.is_submitted():
            self.valid_from.data, self.seen_from.data = None, now
        elif held() is not None:
            self.seen_from.data = now
        elif self.seen_from.data != now:
            raise Stale(message("Someone else has made a new version in the meantime. Check the catalogue."))


class EndForm(Form):
    """The last day of an entry of a catalogue."""

    last_day = DayField(_l("Last day in force"), [InputRequired(_l("Enter the date."))])
    version = VersionField(default=0)


def at_most(characters: int) -> Length:
    """Refuse a longer text."""
    return Length(max=characters, message=_l("At most %(max)d characters."))


def code_field(hint: Any) -> TrimmedField:
    """Return the field of a code that is chosen once; ``hint`` says what it is for."""
    return TrimmedField(
        _l("Code"),
        [
            InputRequired(_l("Enter a code.")),
            at_most(20),
            Regexp(f"^{CODE.pattern}$", message=_l("Use only letters (A to Z), numbers and hyphens.")),
        ],
        description=hint,
        render_kw={"autocapitalize": "characters", "autocomplete": "off", "spellcheck": "false"},
    )


def telephone_field(hint: Any = "") -> NumbersField:
    """Return the field of a business number."""
    return NumbersField(
        _l("Telephone"),
        [
            Optional(),
            at_most(30),
            Regexp(f"^{TELEPHONE.pattern}$", message=_l("Use only numbers, spaces, hyphens and brackets.")),
        ],
        description=hint,
        render_kw={"type": "tel", "inputmode": "tel", "autocomplete": "off"},
    )


def choices(pairs: Iterable[tuple[Any, Any]]) -> list[SelectChoice]:
    """Return (value, label) pairs as the choices of a select or radio field; labels may be lazy."""
    return [SelectChoice(value, label) for value, label in pairs]


def all_or(pairs: Iterable[tuple[Any, Any]]) -> list[SelectChoice]:
    """Return the choices of a filter: all, or one of the (value, label) pairs."""
    return choices([("", _l("all")), *pairs])


def named(words: Iterable[Word]) -> list[tuple[Word, LazyString]]:
    """Return the pairs for :func:`choices` of a closed list: each word with what pages call it."""
    return [(word, LazyString(translated, word.label)) for word in words]
