"""Who is it: looking riders up on the record page, by its button and while somebody types.

What was typed stays in the body of the request: no address and no log holds a plate, a number or a name.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from flask import render_template, request
from flask_babel import gettext as _
from flask_babel import ngettext

from trafficedu.companies import queries as companies
from trafficedu.configuration.queries import figure
from trafficedu.core.access import actor, requires
from trafficedu.core.clock import local_date, today, utc_now
from trafficedu.core.database import session
from trafficedu.core.errors import Missing
from trafficedu.core.lanes import kerb
from trafficedu.core.seen import changes_nothing_seen
from trafficedu.core.transactions import writing
from trafficedu.core.web import translated
from trafficedu.riders.models import PlateUse, Rider
from trafficedu.riders.queries import engagements, lookup
from trafficedu.riders.queries import people as riders
from trafficedu.riders.queries.lookup import Found
from trafficedu.riders.rules import Answer, LookupKey, age_on, colour_code, searched_plate
from trafficedu.riders.services import lookups, plates
from trafficedu.violations.forms.records import RecordForm
from trafficedu.violations.models.records import Violation, ViolationKind
from trafficedu.violations.queries import figures, records
from trafficedu.violations.queries.kinds import list_kinds
from trafficedu.violations.rules import checks
from trafficedu.violations.rules.states import Offender
from trafficedu.violations.views.blueprint import pages

FIELDS: Mapping[str, LookupKey] = {
    "id_number": LookupKey.DOCUMENT,
    "phone": LookupKey.PHONE,
    "plate": LookupKey.PLATE,
    "name": LookupKey.NAME,
}
"""Fields that somebody may be looked up by, in the order in which the button tries them."""
LATELY = 3


@dataclass(frozen=True)
class RiderCard:
    """A rider looked up, as the record page shows one: enough to recognise the person, nothing to copy.

    ``companies`` are code and name of those that engage the rider on the day; ``lately`` the last records that the
    reader may see.
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
    lately: Sequence[Violation]


@dataclass(frozen=True)
class Candidate:
    """A rider to choose from several: masked, with what tells people of one name apart."""

    number: str
    name_masked: str
    id_masked: str
    home_area_name: str
    age: int | None
    plate: str


@dataclass(frozen=True)
class Shown:
    """What the record page shows of a look-up.

    ``card`` is somebody recognised; ``taken``: who the record will be of, unless another is chosen. ``by_field``: found
    by a field beside the plate, which stays on the page. ``said`` is what the reader is told besides.
    """

    card: RiderCard | None = None
    taken: bool = True
    by_field: bool = False
    candidates: Sequence[Candidate] = ()
    said: Sequence[str] = ()

    @property
    def cards(self) -> Sequence[RiderCard]:
        """Who the record will be of: one, or nobody."""
        return [self.card] if self.card is not None and self.taken else []


def day_of(form: RecordForm) -> date:
    """Return the day that a record is of."""
    return local_date(form.occurred_at.data) if form.occurred_at.data else today()


@pages.post("/record/riders")
@requires("violations:violation:record")
@changes_nothing_seen("it reads")
@kerb
def riders_typed() -> Any:
    """While I type, I am shown who that may be; what I typed stays where it is."""
    form = RecordForm()
    typed = request.form.get("typed", "")
    shown = _typed(form, typed)
    cards, day = shown.cards, day_of(form)
    form.offer_companies(cards[0].companies if cards else (), companies.list_names(session()))
    return render_template(
        "violations/_found_typed.html",
        form=form,
        shown=shown,
        cards=cards,
        met=met(form, cards, day),
        riding_age=figure(session(), "violations.rider_from_age"),
        milder=milder(cards, list_kinds(session(), day), form.kind_code),
    )


def _typed(form: RecordForm, typed: str) -> Shown:
    before = chosen(form)
    if typed == "code":
        return _by_code(form, request.form.get("code", ""))
    if typed not in FIELDS:
        return before
    keeps = typed == "plate" and before.card is not None
    if keeps and not form.found_by_plate.data:  # known by document: the plate says nothing about who it is
        return before
    shown = _look_up(form, FIELDS[typed], form[typed].data or "")
    if keeps and shown.card is None and not shown.candidates:
        changed = form.found_by_plate.data != form.plate.data
        told = [_("This rider was found by plate %(plate)s.", plate=form.found_by_plate.data)] if changed else []
        return Shown(before.card, said=[*told, *shown.said])
    _take(form, shown, typed)
    return shown


def _look_up(form: RecordForm, key: LookupKey, text: str) -> Shown:
    """Look somebody up by one field as far as ``key`` and the limits allow; one rider found is opened."""
    now, by = utc_now(), actor()
    if not lookup.is_enough(key, text):
        return Shown()
    if (ends := lookups.limited_until(session(), by, now)) is not None:
        return Shown(said=[_limited((ends - now).total_seconds())])
    return _show(form, lookup.find(session(), key, text, by, now, day_of(form)))


def _show(form: RecordForm, found: Found) -> Shown:
    now, by = utc_now(), actor()
    opened = found.riders if len(found.riders) == 1 else ()
    with writing(session()) as own:
        limited = lookups.note(own, found, by, now, opened)
    if limited is not None:
        return Shown(said=[_limited((limited.until - now).total_seconds())])
    if opened:
        plate = found.plates.get(opened[0].id, "")
        taken = found.whole and plate in {"", form.plate.data}
        return Shown(card_of(opened[0], day_of(form)), taken, found.key != LookupKey.PLATE)
    said = nobody([found.key]) if not found.riders else [_("There are more. Type more of it.")] if found.more else []
    return Shown(candidates=[_candidate(rider, found, day_of(form)) for rider in found.riders], said=said)


def _limited(seconds: float) -> str:
    minutes = max(1, -(-int(seconds) // 60))
    wait = ngettext("%(num)s minute", "%(num)s minutes", minutes)
    return str(_("You have looked up very many riders. Look up again in %(wait)s; recording goes on.", wait=wait))


def nobody(keys: Sequence[LookupKey]) -> list[str]:
    """Say by what nobody was found, and how far was looked."""
    by = " · ".join(translated(key.label) for key in keys)
    told = [_("No rider found by: %(keys)s. Enter the rider below.", keys=by)]
    if set(keys) - {LookupKey.CODE}:
        told.append(_("By an end or a name only riders of your area are found; others by the whole number or plate."))
    return [str(sentence) for sentence in told]


def _by_code(form: RecordForm, number: str) -> Shown:
    """Find the rider of a receipt that was scanned; a record that I may not see is none."""
    now, by = utc_now(), actor()
    if (ends := lookups.limited_until(session(), by, now)) is not None:
        return Shown(said=[_limited((ends - now).total_seconds())])
    try:
        rider = records.find_violation(session(), number, by).rider
    except Missing:
        rider = None
    shown = _show(form, Found(LookupKey.CODE, [rider] if rider is not None else [], whole=True))
    _take(form, shown, "code")
    return shown


def _take(form: RecordForm, shown: Shown, typed: str) -> None:
    """Let the form say who the record is of."""
    taken = shown.card is not None and shown.taken
    form.rider_number.data = shown.card.number if shown.card is not None and taken else ""
    form.found_by_plate.data = form.plate.data if taken and typed == "plate" else ""
    form.still_them.data, form.still_on.data = None, ""


def by_button(form: RecordForm) -> Shown:
    """Look somebody up by what was filled in, one field after the other until one finds somebody.

    Whom the first of them finds is taken; whom only a later one finds has to be chosen: the first may be right.
    """
    tried: list[LookupKey] = []
    for name, key in FIELDS.items():
        if not form[name].data or not lookup.is_enough(key, form[name].data):
            continue
        shown = _look_up(form, key, form[name].data)
        if shown.card is not None or shown.candidates:
            shown = _beside(shown, tried)
            _take(form, shown, name)
            return shown
        if tried and shown.said and lookups.limited_until(session(), actor(), utc_now()) is not None:
            return shown
        tried.append(key)
    form.rider_number.data = form.found_by_plate.data = ""
    little = _("Enter a plate, a number or a name, or at least the last four of one.")
    return Shown(said=nobody(tried) if tried else [little])


def _beside(shown: Shown, tried: Sequence[LookupKey]) -> Shown:
    if not tried:
        return shown
    said = [*nobody(tried), *shown.said]
    return Shown(shown.card, taken=False, by_field=shown.by_field, candidates=shown.candidates, said=said)


def by_choice(form: RecordForm, number: str) -> Shown:
    """Take one of those whom a look-up by the same fields showed; the form gets the plate that this one rides."""
    now, by = utc_now(), actor()
    for found in _found_again(form):
        rider = next((one for one in found.riders if one.number == number), None)
        if rider is None:
            continue
        with writing(session()) as own:
            lookups.note(own, found, by, now, [rider])
        by_plate = found.key == LookupKey.PLATE
        form.plate.data = found.plates.get(rider.id, form.plate.data)
        form.rider_number.data, form.found_by_plate.data = number, form.plate.data if by_plate else ""
        return Shown(card_of(rider, day_of(form)), by_field=not by_plate)
    return Shown(said=[str(_("The rider's details are no longer available. Look up the rider again."))])


def _found_again(form: RecordForm) -> Iterator[Found]:
    now, by = utc_now(), actor()
    for name, key in FIELDS.items():
        if form[name].data:
            yield lookup.find(session(), key, form[name].data, by, now, day_of(form))


def chosen(form: RecordForm) -> Shown:
    """Return the rider whom the form names, as far as it may."""
    if not form.rider_number.data:
        return Shown()
    rider = riders.find_rider_if_seen(session(), form.rider_number.data, actor(), utc_now())
    if rider is None:
        form.rider_number.data = ""
        return Shown()
    return Shown(card_of(rider, day_of(form)), by_field=not form.found_by_plate.data)


def met(form: RecordForm, cards: Sequence[RiderCard], day: date) -> PlateUse | None:
    """Return whose e-bike it usually is where the page has to ask what it means that another rider rides it."""
    if form.still_them.errors:  # one question at a time
        return None
    plate = searched_plate(form.plate.data or "")
    rider = riders.find_rider_if_seen(session(), cards[0].number, actor(), utc_now()) if cards else None
    if form.plate_answer.data == Answer.MISTYPED and form.plate.errors:
        form.plate_answer.data = None
    elif plate and (form.plate_answer.errors or (rider is not None and form.offender.data == Offender.RIDER)):
        with writing(session()) as own:
            use = plates.show_met(own, plate, rider, day, actor())
        if use is not None:
            form.ask(use.rider.number)
        return use
    return None


def card_of(rider: Rider, day: date) -> RiderCard:
    """Return what the page shows of a rider whom the record may be of."""
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
        lately=records.list_of_rider(session(), actor(), rider.id, LATELY),
    )


def _candidate(rider: Rider, found: Found, day: date) -> Candidate:
    masked = riders.describe(session(), rider)
    age = age_on(rider.birth_date, day) if rider.birth_date else None
    plate = found.plates.get(rider.id, "")
    return Candidate(rider.number, masked.name_masked, masked.id_masked, masked.home_area_name, age, plate)


def milder(cards: Sequence[RiderCard], kinds: Sequence[ViolationKind], code: str) -> tuple[int, int] | None:
    """Return the fines advised for a young rider found, for the kind chosen, or the first one."""
    kind = next((kind for kind in kinds if kind.code == code), kinds[0] if kinds else None)
    if len(cards) != 1 or kind is None:
        return None
    from_age = figure(session(), "violations.fine_from_age")
    return checks.milder_fine(cards[0].age, kind.fine_min_yuan, kind.fine_max_yuan, from_age)
