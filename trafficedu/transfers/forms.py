"""The shape of what is chosen to take a file in or write one out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from flask_babel import lazy_gettext as _l
from flask_wtf.file import FileField, FileRequired
from wtforms import BooleanField, HiddenField, RadioField, SelectField
from wtforms.validators import InputRequired, Optional

from trafficedu.core.columns import Columns
from trafficedu.core.fields import FilterForm, Form, MonthField, TrimmedField, at_most
from trafficedu.core.fields import choices as as_choices
from trafficedu.core.month import Month
from trafficedu.core.web import translated
from trafficedu.transfers.queries.jobs import JobFilter
from trafficedu.transfers.rules import KIND_NAMES, LONGEST_SOURCE


@dataclass(frozen=True)
class ExportChoice:
    """What is to be written: the kind, the format and, where the kind knows months, the month."""

    kind: str
    suffix: str
    month: Month | None
    clear: bool
    headings: str = ""


class UploadForm(Form):
    """The file to be taken in and its kind."""

    kind = SelectField(_l("What is in the file"), [InputRequired(_l("Choose what is in the file."))])
    file = FileField(
        _l("File"),
        [FileRequired(_l("Choose a file."))],
        description=_l("CSV or XLSX, with the headings of the template, in Chinese or English."),
        render_kw={"accept": ".csv,.txt,.tsv,.xlsx"},
    )
    sheet = TrimmedField(
        _l("Sheet"),
        [Optional(), at_most(31)],
        description=_l("Only if the workbook has several with something in them."),
        render_kw={"autocomplete": "off"},
    )
    mapping = SelectField(_l("Headings of the source"), [Optional()], default="")

    source = TrimmedField(
        _l("Source"),
        [Optional(), at_most(LONGEST_SOURCE)],
        description=_l("Only if another body, with numbers of its own, gave the references. Always the same name."),
        render_kw={"autocomplete": "off"},
    )

    def offer(self, kinds: Sequence[str], mappings: Sequence[str]) -> None:
        """Fill the lists of kinds and of kept headings, which is not asked for where none are kept."""
        self.kind.choices = as_choices((kind, translated(KIND_NAMES[kind])) for kind in kinds)
        self.mapping.choices = as_choices([("", _l("none kept")), *((name, name) for name in mappings)])
        if not mappings:
            del self.mapping


class PairForm(Form):
    """A source's headings and words beside ours; :func:`pair_form` adds a field for each."""

    name = TrimmedField(
        _l("Name of the source"),
        [InputRequired(_l("Enter a name.")), at_most(60)],
        description=_l("What is kept under a name already is added to."),
    )
    told: ClassVar[Sequence[tuple[str, str, str]]] = ()
    """Field, column ("" for a heading), what the source says."""

    def pairs(self) -> list[Any]:
        """Return the fields of the pairs."""
        return [self[field] for field, _, _ in self.told]

    def headings(self) -> dict[str, str]:
        """Return heading -> column; a heading nobody chose for is passed over."""
        return {said: self[field].data or "" for field, column, said in self.told if not column}

    def words(self) -> dict[str, dict[str, str]]:
        """Return column -> the source's word -> ours."""
        found: dict[str, dict[str, str]] = {}
        for field, column, said in self.told:
            if column:
                found.setdefault(column, {})[said] = self[field].data or ""
        return found


class RenameForm(Form):
    """Another name for what is kept of a source."""

    name = TrimmedField(_l("Name of the source"), [InputRequired(_l("Enter a name.")), at_most(60)])


def pair_form(columns: Columns, header: Sequence[str], words: Mapping[str, Sequence[str]], name: str) -> PairForm:
    """Return the form for the headings of a file and for words it has in our columns."""
    ours = as_choices(
        [("", _l("leave this column out")), *((each.name, translated(each.label)) for each in columns.all)]
    )
    fields: dict[str, Any] = {}
    told: list[tuple[str, str, str]] = []
    for place, heading in enumerate(dict.fromkeys(heading for heading in header if heading)):
        field = f"heading_{place}"
        fields[field] = SelectField(heading, [Optional()], choices=ours, default=columns.find(heading) or "")
        told.append((field, "", heading))
    for column in columns.all:
        offered = as_choices([("", _l("choose")), *((word.value, translated(word.label)) for word in column.words)])
        for place, word in enumerate(words.get(column.name, ())):
            field = f"word_{column.name}_{place}"
            fields[field] = SelectField(
                f"{translated(column.label)}: {word}", [Optional()], choices=offered, default=""
            )
            told.append((field, column.name, word))
    form: PairForm = type("PairForm", (PairForm,), fields | {"told": told})(name=name)
    return form


class ConfirmForm(Form):
    """The confirmation after the trial: which waiting file, and what becomes of rows that were refused."""

    kind = HiddenField(validators=[InputRequired()])
    token = HiddenField(validators=[InputRequired()])
    source = HiddenField()
    sheet = HiddenField()
    mapping = HiddenField()
    name_of_file = HiddenField()
    skip_errors = BooleanField()
    accept_differing = BooleanField(_l("They are the same records: change them as the file says"))


class ExportForm(Form):
    """What is to be written."""

    kind = SelectField(_l("What to export"), [InputRequired(_l("Choose what to export."))])
    month = MonthField(_l("Month"), [Optional()], description=_l("Leave empty for all months."))
    suffix = RadioField(_l("Format"), choices=as_choices([("csv", "CSV"), ("xlsx", "XLSX")]), default="csv")
    headings = RadioField(
        _l("Headings and words"),
        choices=as_choices([("", _l("English names")), ("zh", _l("Chinese"))]),
        default="",
        description=_l("Both import again."),
    )
    clear = BooleanField(
        _l("With unmasked personal data"),
        description=_l("This needs a separate permission and is recorded in the audit trail."),
    )

    def offer(self, kinds: Sequence[str]) -> None:
        """Fill the list of kinds."""
        self.kind.choices = as_choices((kind, translated(KIND_NAMES[kind])) for kind in kinds)

    def to_input(self) -> ExportChoice:
        """Return what was chosen."""
        clear = "clear" in self and self.clear.data  # the field is taken away from who may not ask for it
        return ExportChoice(self.kind.data, self.suffix.data, self.month.data, clear, self.headings.data or "")


class JobFilterForm(FilterForm):
    """Whose jobs are listed; only who looks after all of them is asked."""

    whose = SelectField(
        _l("Whose jobs"), choices=as_choices([("", _l("my own")), ("all", _l("everybody's"))]), default=""
    )

    def to_input(self) -> JobFilter:
        """Return what was chosen."""
        return JobFilter(everybody=self.whose.data == "all")
