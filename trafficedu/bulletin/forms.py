"""The shape of what the papers of a month are asked; all of it lives in the address."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from flask_babel import lazy_gettext as _l
from wtforms import SelectField
from wtforms.validators import Optional

from trafficedu.areas.fields import AreaFilter
from trafficedu.core.fields import FilterForm, MonthField, TrimmedField, choices, show_month
from trafficedu.core.month import Month
from trafficedu.core.text import LOCALES
from trafficedu.core.web import locale, translated
from trafficedu.evaluation.queries.runs import ResultFilter
from trafficedu.evaluation.rules.names import KIND_NAMES

LANGUAGES = {"zh": "中文", "en": "English"}


class _AskForm(FilterForm):
    """A month that is over; the last one where none was asked for, or where it is not over."""

    month = MonthField(_l("Month"), [Optional()])

    def settle_month(self, today: date) -> Month:
        """Return the month asked for, put right, and show it in the field."""
        self.validate()
        last = Month.of(today) - 1
        month = min(self.month.data, last) if self.month.data else last
        show_month(self.month, month)
        return month


class BulletinForm(_AskForm):
    """Month, area and language of a bulletin."""

    area = AreaFilter()
    lang = SelectField(_l("Language of the bulletin"), validate_choice=False)

    def offer(self) -> str:
        """Fill the list of languages; return the one asked for, or that of the page."""
        self.lang.choices = choices((one, LANGUAGES[one]) for one in LOCALES)
        if self.lang.data not in LOCALES:
            self.lang.data = locale()
        return str(self.lang.data)


class ScorecardForm(_AskForm):
    """Which scorecards are listed."""

    q = TrimmedField(_l("Name or code"))
    kind = SelectField(_l("Level"), validate_choice=False)

    def offer(self, kinds: Sequence[str]) -> ResultFilter:
        """Fill the list of levels, and return what the list is narrowed to."""
        self.kind.choices = choices((kind, translated(KIND_NAMES[kind])) for kind in kinds)
        if self.kind.data not in kinds:
            self.kind.data = kinds[0]
        return ResultFilter(self.kind.data, words=self.q.data or "")
