"""The record page and what it answers: the heart of the product, used with one hand in the rain."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from flask import render_template, request
from flask import session as cookie
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from trafficedu.companies import queries as companies
from trafficedu.configuration.queries import figure
from trafficedu.core.access import actor, requires
from trafficedu.core.clock import local, local_date, today, utc_now
from trafficedu.core.database import session
from trafficedu.core.fields import choices
from trafficedu.core.forms import submitted
from trafficedu.core.lanes import kerb
from trafficedu.core.seen import changes_nothing_seen, held
from trafficedu.core.transactions import writing
from trafficedu.core.web import back_to, locale, translated
from trafficedu.riders.models import PlateUse, Rider
from trafficedu.riders.queries import engagements
from trafficedu.riders.queries import people as riders
from trafficedu.riders.rules import Answer, age_on, colour_code, searched_plate
from trafficedu.riders.services import plates
from trafficedu.riders.services.people import open_rider
from trafficedu.violations import rules
from trafficedu.violations.forms.records import AS_ENGAGED, LOOK_UP, OTHER, RecordForm
from trafficedu.violations.models import Violation, ViolationKind
from trafficedu.violations.queries import figures, records
from trafficedu.violations.queries.kinds import list_kinds
from trafficedu.violations.services import correcting, recording
from trafficedu.violations.views.blueprint import pages

VILLAGE_COOKIE = "village"


@dataclass(frozen=True)
class RiderCard:
    """A rider looked up, as the record page shows one: enough to recognise the person, nothing to copy.

    ``companies`` are code and name of those that engage the rider on the day.
    """

    number: str
    name: str
    id_type: str
    id_masked: str
    home_area_name: str
    age: int | None
    colour: str
    violations: int
    days: int
    companies: Sequence[tuple[str, str]]


@pages.route("/record", methods=["GET", "POST"])
@requires("violations:violation:record")
@changes_nothing_seen("what it makes is new")
@kerb
def record() -> Any:
    """I record what I saw; the answer tells the rider where to study."""
    form = RecordForm()
    if request.method == "GET":
        form.area_code.begin_with(cookie.get(VILLAGE_COOKIE, ""))
        form.kind.data = request.args.get("kind") or None
        form.occurred_at.data = utc_now() if form.kind.data else None  # a key of the first screen was tapped just now
        if request.args.get("like"):
            _begin_like(form, records.find_violation(session(), request.args["like"], actor()))
        return _page(form)
    if held() is None and request.form.get("action") == "look_up":
        return _page(form, _look_up(form), looked_up=True)
    if request.form.get("action") == "forget":
        form.rider_number.data = form.id_number.data = form.found_by_plate.data = ""
        form.company_code.data = AS_ENGAGED
        return _page(form)
    if form.has_another_plate:
        return _another_plate(form)
    if accepted := submitted(form, lambda: recording.record(session(), form.to_input(), actor(), utc_now()).number):
        cookie[VILLAGE_COOKIE] = form.area_code.data
        return back_to("violations.recorded", number=accepted.value)
    asked = form.company_code.errors and not form.rider_number.data
    return _page(form, _look_up(form) if asked else None), 422


def _another_plate(form: RecordForm) -> Any:
    """Ask whether the rider, who was found by another plate, rides this one; or look up who does."""
    if form.still_them.data == LOOK_UP and form.still_on.data == form.plate.data:
        form.id_number.data = form.phone.data = ""
        return _page(form, _look_up(form), looked_up=True)
    form.still_them.data, form.still_on.data = LOOK_UP, form.plate.data
    form.still_them.errors = [_("This rider was found by plate %(plate)s.", plate=form.found_by_plate.data)]
    return _page(form), 422


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
    milder = rules.milder_fine(age, kind.fine_min_yuan, kind.fine_max_yuan, from_age)
    return milder if milder and violation.fine_yuan > milder[1] else None


def _look_up(form: RecordForm) -> Sequence[Rider]:
    """Find riders by what was typed: document, else phone, else plate. Each one shown is audited."""
    typed = form.id_number.data or form.phone.data or form.plate.data or ""
    matching = riders.list_exact(session(), typed, _day_of(form)) if typed else []
    if matching:
        with writing(session()) as own:
            for rider in matching:
                open_rider(own, rider, actor(), "document")
    form.rider_number.data = matching[0].number if len(matching) == 1 else ""
    form.still_them.data, form.still_on.data = None, ""
    by_plate = form.rider_number.data and not (form.id_number.data or form.phone.data)
    form.found_by_plate.data = form.plate.data if by_plate else ""
    return matching


def _day_of(form: RecordForm) -> date:
    return local_date(form.occurred_at.data) if form.occurred_at.data else today()


def _met(form: RecordForm, shown: Sequence[Rider], day: date) -> PlateUse | None:
    """Return whose e-bike it usually is where the page has to ask what it means that another rider rides it."""
    if form.still_them.errors:  # one question at a time
        return None
    plate = searched_plate(form.plate.data or "")
    rider = shown[0] if len(shown) == 1 else None
    if form.plate_answer.data == Answer.MISTYPED and form.plate.errors:
        form.plate_answer.data = None
    elif plate and (form.plate_answer.errors or (rider is not None and form.offender.data == rules.Offender.RIDER)):
        with writing(session()) as own:
            use = plates.show_met(own, plate, rider, day, actor())
        if use is not None:
            form.ask(use.rider.number)
        return use
    return None


def _chosen(form: RecordForm) -> Sequence[Rider]:
    if not form.rider_number.data:
        return []
    rider = riders.find_rider_if_seen(session(), form.rider_number.data, actor(), utc_now())
    if rider is None:
        form.rider_number.data = ""
        return []
    return [rider]


def _page(form: RecordForm, matching: Sequence[Rider] | None = None, looked_up: bool = False) -> str:
    shown = _chosen(form) if matching is None else matching
    day = _day_of(form)
    met = _met(form, shown, day)
    cards = [_card(rider, day) for rider in shown]
    kinds = list_kinds(session(), day)
    _offer(form, kinds, cards[0].companies if len(cards) == 1 else ())
    return render_template(
        "violations/record.html",
        form=form,
        cards=cards,
        looked_up=looked_up,
        met=met,
        fine_hint=_fine_hint(kinds, form.kind_code),
        riding_age=figure(session(), "violations.rider_from_age"),
        milder=_milder(cards, kinds, form.kind_code),
    )


def _card(rider: Rider, day: date) -> RiderCard:
    masked = riders.describe(session(), rider)
    engaging = [engagement.company for engagement in engagements.list_on(session(), rider.id, day)]
    days = figure(session(), "riders.colour_period_days")
    count = figures.count_of_rider(session(), rider.id, day - timedelta(days=days), day)
    return RiderCard(
        number=rider.number,
        name=masked.name,
        id_type=translated(rider.id_type.label),
        id_masked=masked.id_masked,
        home_area_name=masked.home_area_name,
        age=age_on(rider.birth_date, day) if rider.birth_date else None,
        colour=colour_code(count, figure(session(), "riders.colour_red_from")),
        violations=count,
        days=days,
        companies=[(company.code, company.name) for company in engaging],
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


def _milder(cards: Sequence[RiderCard], kinds: Sequence[ViolationKind], code: str) -> tuple[int, int] | None:
    """Return the fines advised for a young rider found, for the kind chosen, or the first one."""
    kind = next((kind for kind in kinds if kind.code == code), kinds[0] if kinds else None)
    if len(cards) != 1 or kind is None:
        return None
    from_age = figure(session(), "violations.fine_from_age")
    return rules.milder_fine(cards[0].age, kind.fine_min_yuan, kind.fine_max_yuan, from_age)
