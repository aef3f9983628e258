"""Decisions: a record voided, two records compared."""

from __future__ import annotations

from typing import Any

from flask_babel import gettext as _

from trafficedu.accidents.forms import CompareForm, VoidForm
from trafficedu.accidents.queries import records
from trafficedu.accidents.queries.duplicates import DUPLICATES
from trafficedu.accidents.services import closing
from trafficedu.accidents.views.blueprint import pages
from trafficedu.core.access import actor, requires
from trafficedu.core.clock import utc_now
from trafficedu.core.database import session
from trafficedu.core.fields import choices
from trafficedu.core.forms import form_page, submitted
from trafficedu.core.list_views import list_page
from trafficedu.core.seen import seen
from trafficedu.core.text import message
from trafficedu.core.transactions import writing
from trafficedu.core.web import back_to, flash_message


@pages.route("/<number>/void", methods=["GET", "POST"])
@requires("accidents:accident:void")
def void(number: str) -> Any:
    """I take a record found wrong out of every figure; the page says what that means."""
    accident = seen(records.find_accident(session(), number, actor()))
    form = VoidForm()
    if submitted(form, lambda: closing.void(session(), accident, form.reason.data, actor(), utc_now())):
        flash_message(message("Record voided and removed from all figures."))
        return back_to("accidents.show", number=number)
    accident = records.find_accident(session(), number, actor())
    return form_page("accidents/void.html", form, accident=accident)


@pages.get("/duplicates")
@requires("accidents:accident:void")
def duplicates() -> Any:
    """I see the records that may be of one accident."""
    return list_page("accidents/duplicates.html", DUPLICATES, None, None)


@pages.route("/<number>/compare/<other>", methods=["GET", "POST"])
@requires("accidents:accident:void")
def compare(number: str, other: str) -> Any:
    """I compare two records, void one as a duplicate of the other, or say that they are two accidents."""
    first, second = pair = seen([records.find_accident(session(), each, actor()) for each in (number, other)])
    form = CompareForm()
    form.decision.choices = choices(
        [
            ("one", _("Same accident: keep %(kept)s, void %(voided)s", kept=first.number, voided=second.number)),
            ("two", _("Same accident: keep %(kept)s, void %(voided)s", kept=second.number, voided=first.number)),
            ("apart", _("Two accidents: keep both")),
        ]
    )
    if form.validate_on_submit():
        kept, voided = pair if form.decision.data == "one" else reversed(pair)
        with writing(session()) as own:
            if form.decision.data == "apart":
                closing.tell_apart(own, first, second, actor())
                outcome = message("Both records are kept as separate accidents.")
            else:
                closing.mark_duplicate(own, voided, kept, actor(), utc_now())
                outcome = message("Duplicate voided. The other record is kept.")
        flash_message(outcome)
        return back_to("accidents.duplicates")
    return form_page("accidents/compare.html", form, records=pair, open=not any(record.is_voided for record in pair))
