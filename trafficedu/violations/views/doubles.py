"""Two records that may be of one offence, compared: one of them kept, or both."""

from __future__ import annotations

from typing import Any

from flask_babel import gettext as _

from trafficedu.core.access import actor, requires
from trafficedu.core.clock import utc_now
from trafficedu.core.database import session
from trafficedu.core.fields import choices
from trafficedu.core.forms import form_page, submitted
from trafficedu.core.list_views import list_page
from trafficedu.core.seen import seen
from trafficedu.core.text import message
from trafficedu.core.web import back_to, flash_message
from trafficedu.violations.forms.doubles import CompareForm
from trafficedu.violations.models.decisions import ViolationPair
from trafficedu.violations.queries.doubles import DUPLICATES, find_pair, nearness
from trafficedu.violations.services import doubles, merging
from trafficedu.violations.views.blueprint import pages

APART = "apart"


@pages.get("/violations/duplicates")
@requires("violations:violation:void")
def duplicates() -> Any:
    """I see the records that may be of one offence, the oldest first."""
    return list_page("violations/duplicates.html", DUPLICATES, None, None, near=nearness(session()))


@pages.route("/violations/<number>/compare/<other>", methods=["GET", "POST"])
@requires("violations:violation:void")
def compare(number: str, other: str) -> Any:
    """I compare two records, void one as the duplicate of the other, or say that they are two offences."""
    pair = seen(find_pair(session(), number, other, actor()), lambda found: [found, *found.records])
    form = CompareForm()
    form.decision.choices = choices(
        [
            *((one.number, _("One offence: keep %(kept)s, void the other", kept=one.number)) for one in pair.records),
            (APART, _("Two offences: keep both")),
        ]
    )
    if submitted(form, lambda: _decide(pair, form.decision.data)):
        flash_message(message("Decided. What follows from it is done."))
        return back_to("violations.duplicates")
    return form_page("violations/compare.html", form, pair=find_pair(session(), number, other, actor()))


def _decide(pair: ViolationPair, decision: str) -> None:
    if decision == APART:
        doubles.tell_apart(session(), pair, actor(), utc_now())
        return
    voided = pair.second_id if decision == pair.first.number else pair.first_id
    merging.merge(session(), pair, voided, actor(), utc_now())
