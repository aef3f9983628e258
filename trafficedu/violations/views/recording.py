"""The record page and what it answers: the heart of the product, used with one hand in the rain."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from flask import render_template, request
from flask import session as cookie
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from trafficedu.companies import queries as companies
from trafficedu.configuration.queries import figure
from trafficedu.core.access import actor, requires
from trafficedu.core.clock import local, today, utc_now
from trafficedu.core.database import session
from trafficedu.core.errors import Missing
from trafficedu.core.fields import choices
from trafficedu.core.forms import submitted
from trafficedu.core.lanes import kerb
from trafficedu.core.seen import changes_nothing_seen, held
from trafficedu.core.text import message
from trafficedu.core.web import back_to, flash_message, locale
from trafficedu.riders.rules import age_on
from trafficedu.riders.services import lookups
from trafficedu.violations.forms.records import AS_ENGAGED, LOOK_UP, OTHER, RecordForm
from trafficedu.violations.models.records import Violation, ViolationKind
from trafficedu.violations.queries import records
from trafficedu.violations.queries.kinds import list_kinds
from trafficedu.violations.rules import checks
from trafficedu.violations.rules.states import DoubleAnswer
from trafficedu.violations.services import correcting, recording
from trafficedu.violations.services.doubles import DoubleMet
from trafficedu.violations.views import looking_up
from trafficedu.violations.views.blueprint import pages
from trafficedu.violations.views.evidence import shown_of
from trafficedu.violations.views.looking_up import Shown

VILLAGE_COOKIE, LAST_COOKIE = "village", "last_record"
"""What the next record begins with: the village, which other pages use too; village, place, penalty of the last."""


@pages.route("/record", methods=["GET", "POST"])
@requires("violations:violation:record")
@changes_nothing_seen("what it makes is new")
@kerb
def record() -> Any:
    """I record what I saw; the answer tells the rider where to study."""
    form = RecordForm()
    if request.method == "GET":
        begin_with_last(form)
        form.kind.data = request.args.get("kind") or None
        form.occurred_at.data = utc_now() if form.kind.data else None  # a key of the first screen was tapped just now
        if request.args.get("like"):
            _begin_like(form, records.find_violation(session(), request.args["like"], actor()))
        return record_page(form)
    if held() is None and request.form.get("action") == "look_up":
        return record_page(form, looking_up.by_button(form))
    if held() is None and request.form.get("choose"):
        return record_page(form, looking_up.by_choice(form, request.form["choose"]))
    if request.form.get("action") == "forget":
        form.rider_number.data = form.id_number.data = form.found_by_plate.data = ""
        form.company_code.data = AS_ENGAGED
        return record_page(form)
    if form.has_another_plate:
        return _another_plate(form)
    if accepted := submitted(form, lambda: _record(form)):
        cookie[VILLAGE_COOKIE] = form.area_code.data
        cookie[LAST_COOKIE] = [form.area_code.data, form.place.data, form.penalty.data]
        if form.double_answer.data == DoubleAnswer.SAME:
            flash_message(message("Nothing was recorded twice: this is the earlier record."))
            return back_to("violations.show", number=accepted.value)
        return back_to("violations.recorded", number=accepted.value)
    asked = form.company_code.errors and not form.rider_number.data
    return record_page(form, looking_up.by_button(form) if asked else None), 422


def begin_with_last(form: RecordForm) -> None:
    """Begin with village, place and penalty of one's record before; a fine asks for its amount anew."""
    area_code, place, penalty = cookie.get(LAST_COOKIE) or ("", "", "")
    form.area_code.begin_with(cookie.get(VILLAGE_COOKIE, ""))
    if area_code and form.area_code.data == area_code:
        form.place.data = place
    if penalty:
        form.penalty.data = penalty


def _record(form: RecordForm) -> str:
    """Record what the form says; of the earlier record that may be of the same offence the page tells then."""
    now, photos = utc_now(), form.photos_announced.data or 0
    phone = recording.Phone(now, photos_announced=photos) if photos else None
    try:
        violation = recording.record(session(), form.to_input(), actor(), now, phone)
    except DoubleMet as met:
        form.ask_double(met.earlier.number)
        raise
    if form.rider_number.data:  # somebody who was looked up
        lookups.note_record(session(), violation.rider_id, actor(), now)
    return violation.number


def _earlier(form: RecordForm) -> Violation | None:
    """Return the record that the page asks to be compared with."""
    try:
        return records.find_violation(session(), form.double_met.data or "", actor()) if form.double_met.data else None
    except Missing:
        form.double_met.data, form.double_answer.data = "", None
        return None


def _another_plate(form: RecordForm) -> Any:
    """Ask whether the rider, who was found by another plate, rides this one; or look up who does."""
    if form.still_them.data == LOOK_UP and form.still_on.data == form.plate.data:
        form.id_number.data = form.phone.data = ""
        return record_page(form, looking_up.by_button(form))
    form.still_them.data, form.still_on.data = LOOK_UP, form.plate.data
    form.still_them.errors = [_("This rider was found by plate %(plate)s.", plate=form.found_by_plate.data)]
    return record_page(form), 422


@pages.get("/record/<number>")
@requires("violations:violation:record")
@kerb
def recorded(number: str) -> Any:
    """I see what my record opened, and tell the rider."""
    violation = records.find_violation(session(), number, actor())
    ends = correcting.own_change_ends(session(), violation, actor())
    changeable = ends is not None and correcting.may_change(session(), violation, actor(), utc_now())
    return render_template(
        "violations/recorded.html",
        violation=violation,
        advice=_advice(violation),
        evidence=shown_of(violation),
        kinds=[kind for kind in list_kinds(session(), today()) if kind.position is not None],
        changes_end=local(ends).strftime("%H:%M") if ends is not None and changeable else "",
    )


def _begin_like(form: RecordForm, earlier: Violation) -> None:
    """Begin with what an earlier record says happened; whose offence it was is asked anew."""
    form.kind.data, form.place.data = earlier.kind.code, earlier.place
    form.occurred_at.data = earlier.occurred_utc if earlier.hour_known else None
    form.penalty.data, form.fine_yuan.data = earlier.penalty, earlier.fine_yuan
    form.area_code.begin_with(earlier.area.code)


def _advice(violation: Any) -> tuple[int, int] | None:
    """Return the milder end of the fines where the rider is young and the fine lies above it."""
    born = violation.rider.birth_date if violation.rider else None
    if violation.fine_yuan is None or born is None:
        return None
    kind, age = violation.kind, age_on(born, violation.occurred_on)
    from_age = figure(session(), "violations.fine_from_age")
    milder = checks.milder_fine(age, kind.fine_min_yuan, kind.fine_max_yuan, from_age)
    return milder if milder and violation.fine_yuan > milder[1] else None


def record_page(
    form: RecordForm,
    shown: Shown | None = None,
    kept: bool = False,
    **frame: Any,
) -> str:
    """Draw the page; ``kept``: as a phone keeps it, with what the ``frame`` says instead of names."""
    shown = looking_up.chosen(form) if shown is None else shown
    day = looking_up.day_of(form)
    cards = shown.cards
    met = looking_up.met(form, cards, day)
    kinds = list_kinds(session(), day)
    _offer(form, kinds, cards[0].companies if cards else ())
    return render_template(
        "violations/record.html",
        form=form,
        shown=shown,
        cards=cards,
        met=met,
        earlier=_earlier(form),
        fine_hint=_fine_hint(kinds, form.kind_code),
        riding_age=figure(session(), "violations.rider_from_age"),
        milder=looking_up.milder(cards, kinds, form.kind_code),
        kept=kept,
        **frame,
    )


def _offer(form: RecordForm, kinds: Sequence[ViolationKind], engaging: Sequence[tuple[str, str]]) -> None:
    """Fill the lists; only a page that is shown needs them, a record that is taken does not."""
    language = locale()
    keys = [(kind.code, kind.name(language)) for kind in kinds if kind.position is not None]
    rest = [(kind.code, kind.name(language)) for kind in kinds if kind.position is None]
    form.kind.choices = choices([*keys, (OTHER, _l("Another kind"))])
    form.other_kind.choices = choices([("", _l("none")), *rest])
    form.offer_companies(engaging, companies.list_names(session()))


def _fine_hint(kinds: Sequence[ViolationKind], code: str) -> str:
    """Say the legal range of the kind chosen; before one is, the usual range and the kinds that differ."""
    chosen = next((kind for kind in kinds if kind.code == code), None)
    if chosen is not None:
        return _range(chosen.name(locale()), (chosen.fine_min_yuan, chosen.fine_max_yuan))
    ranges = [(kind.fine_min_yuan, kind.fine_max_yuan) for kind in kinds]
    usual = max(ranges, key=ranges.count, default=(0, 0))
    differing = [_range(kind.name(locale()), own) for kind, own in zip(kinds, ranges, strict=True) if own != usual]
    return " ".join([_("%(low)s to %(high)s yuan.", low=usual[0], high=usual[1]), *differing])


def _range(name: str, fines: tuple[int, int]) -> str:
    return str(_("%(kind)s: %(low)s to %(high)s yuan.", kind=name, low=fines[0], high=fines[1]))
