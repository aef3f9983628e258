"""Pages of riders: looking one up, the rider's page, registering, engagements, plates, data in clear."""

from __future__ import annotations

from datetime import date
from typing import Any

from flask import render_template, request

from trafficedu.companies import queries as companies
from trafficedu.core import clock
from trafficedu.core.access import actor, requires
from trafficedu.core.clock import utc_now
from trafficedu.core.database import session
from trafficedu.core.errors import Missing
from trafficedu.core.forms import form_page, submitted
from trafficedu.core.reach import WINDOW
from trafficedu.core.seen import changes_nothing_seen, seen
from trafficedu.core.text import message
from trafficedu.core.transactions import writing
from trafficedu.core.web import back_to, flash_message, translated
from trafficedu.riders import rules
from trafficedu.riders.forms import (
    EditForm,
    EngagementForm,
    PlateForm,
    RegisterForm,
    SearchForm,
    UnmaskForm,
    UseForm,
)
from trafficedu.riders.models import PlateUse, Rider
from trafficedu.riders.queries import engagements as engagement_queries
from trafficedu.riders.queries import people as queries
from trafficedu.riders.queries import plates as plate_queries
from trafficedu.riders.queries import vehicles
from trafficedu.riders.services import engagements, people, plates
from trafficedu.riders.views.blueprint import pages


@pages.route("/riders", methods=["GET", "POST"])
@requires("riders:rider:read")
@changes_nothing_seen("it reads, or makes a file of what is read")
def index() -> Any:
    """I look a rider up by document, phone, plate or name; one found exactly opens at once."""
    form = SearchForm()
    if not form.validate_on_submit():
        recent = [queries.describe(session(), rider) for rider in queries.list_recent(session(), actor())]
        return form_page("riders/index.html", form, recent=recent, matching=None, looked_at=None)
    with writing(session()) as own:
        page = people.search(own, form.words.data, actor(), clock.today())
        matching = [queries.describe(own, rider) for rider in page.items]
        vehicle = plates.search(own, form.words.data, actor())
    looked_at = WINDOW if page.looked_to is not None else None
    if len(matching) == 1 and looked_at is None:
        return back_to("riders.show", number=matching[0].number)
    if not matching and vehicle is not None:
        return back_to("riders.vehicle", number=vehicle.number)
    return render_template(
        "riders/index.html",
        form=form,
        recent=[],
        matching=matching,
        is_cut=len(matching) == queries.SHOWN_AT_MOST,
        looked_at=looked_at,
    )


@pages.route("/riders/new", methods=["GET", "POST"])
@requires("riders:rider:manage")
@changes_nothing_seen("what it makes is new")
def register() -> Any:
    """I register a rider, or come to the one who has this document already."""
    form = RegisterForm()
    if accepted := submitted(form, lambda: _register(form)):
        registered = accepted.value
        flash_message(
            message("Rider registered.")
            if registered.is_new
            else message("This rider was already registered; nothing was overwritten.")
        )
        return back_to("riders.show", number=registered.rider.number)
    return form_page("riders/register.html", form, met=_met(form))


def _register(form: RegisterForm) -> people.Registered:
    registered = people.register(session(), form.to_input(), actor(), utc_now())
    plate = rules.normalise_plate(form.plate.data or "")
    if plate:
        answer, met = form.plate_answer.data or "", form.plate_met.data or ""
        usual = plates.note(
            session(), plates.Seen(plate, registered.rider, clock.today(), answer=answer, met=met), actor()
        )
        if usual is not None:
            raise plates.PlateMet(usual)
    return registered


def _met(form: RegisterForm) -> PlateUse | None:
    """Return whose e-bike it is where the form has to ask what that means, and prepare the question."""
    if not form.plate_answer.errors:
        return None
    with writing(session()) as own:
        use = plates.show_met(own, rules.searched_plate(form.plate.data or ""), None, clock.today(), actor())
    if use is not None:
        form.ask(use.rider.number)
    return use


@pages.get("/riders/<number>")
@requires("riders:rider:read")
def show(number: str) -> Any:
    """I read who a rider is, masked, what they ride and for whom they work."""
    return _page(queries.find_rider(session(), number, actor(), utc_now()))


@pages.route("/riders/<number>/unmask", methods=["GET", "POST"])
@requires("riders:identity:unmask")
@changes_nothing_seen("it reads, or makes a file of what is read")
def unmask(number: str) -> Any:
    """I see a rider's number and phone in clear, once, and say what for."""
    if request.method == "GET":  # the address of an answer already given: nothing to show again
        return back_to("riders.show", number=number)
    rider = queries.find_rider(session(), number, actor(), utc_now())
    form = UnmaskForm()
    if not form.validate_on_submit():
        return _page(rider, unmask_form=form), 422
    with writing(session()) as own:
        clear = people.unmask(own, rider, form.purpose.data, actor())
        shown = queries.describe(own, rider)
    return render_template(
        "riders/unmask.html",
        shown=shown,
        clear=clear,
        id_type=translated(shown.id_type.label),
        purpose=translated(rules.Purpose(form.purpose.data).label),
    )


@pages.route("/riders/<number>/edit", methods=["GET", "POST"])
@requires("riders:rider:manage")
def edit(number: str) -> Any:
    """I mend what is recorded of a rider; a masked number or phone stays as it is."""
    rider = seen(queries.find_rider(session(), number, actor(), utc_now()))
    shown = queries.describe(session(), rider)
    form = EditForm(
        data={
            "id_type": rider.id_type,
            "id_number": shown.id_masked,
            "name": rider.name,
            "phone": shown.phone_masked,
            "birth_date": rider.birth_date,
            "home_area_id": rider.home_area_id,
            "version": rider.version,
        }
    )
    if rules.birth_date_of(rider.id_type, queries.id_number_of(session(), rider)) is not None:
        del form.birth_date  # it is part of the masked number
    if submitted(
        form,
        lambda: people.update_rider(
            session(),
            rider,
            form.to_input(rider.birth_date),
            form.version.data,
            actor(),
            utc_now(),
            renaming=form.renaming.data or "",
        ),
    ):
        flash_message(message("Rider changed."))
        return back_to("riders.show", number=number)
    return form_page("riders/edit.html", form, shown=shown)


@pages.route("/riders/<number>/engagements/new", methods=["GET", "POST"])
@requires("riders:rider:manage")
def engage(number: str) -> Any:
    """I record that a company engages the rider."""
    rider = seen(queries.find_rider(session(), number, actor(), utc_now()))
    form = EngagementForm()
    form.offer(companies.choices(session()))
    if submitted(form, lambda: engagements.engage(session(), rider, form.to_input(), actor(), utc_now())):
        flash_message(message("Engagement recorded."))
        return back_to("riders.show", number=number)
    return form_page("riders/engagement.html", form, rider=rider, engagement=None)


@pages.route("/riders/<number>/engagements/<company>/<since>", methods=["GET", "POST"])
@requires("riders:rider:manage")
def engagement(number: str, company: str, since: str) -> Any:
    """I end an engagement, or mend its days or its legal basis."""
    rider = queries.find_rider(session(), number, actor(), utc_now())
    present = seen(engagement_queries.find_engagement(session(), rider, company, _day(since)))
    form = EngagementForm(obj=present)
    del form.company_id
    if submitted(
        form,
        lambda: engagements.change_engagement(
            session(), present, form.to_change(), form.version.data, actor(), utc_now()
        ),
    ):
        flash_message(message("Engagement changed."))
        return back_to("riders.show", number=number)
    return form_page("riders/engagement.html", form, rider=rider, engagement=present)


@pages.route("/riders/<number>/plates/new", methods=["GET", "POST"])
@requires("riders:rider:manage")
def add_plate(number: str) -> Any:
    """I note what the rider is to an e-bike: its owner, its regular rider, or somebody who borrowed it."""
    rider = seen(queries.find_rider(session(), number, actor(), utc_now()))
    form = PlateForm()
    if submitted(form, lambda: plates.add_use(session(), rider, form.to_input(), actor(), clock.today())):
        flash_message(message("Plate added."))
        return back_to("riders.show", number=number)
    return form_page("riders/plate.html", form, rider=rider)


@pages.route("/riders/<number>/plates/<use>", methods=["GET", "POST"])
@requires("riders:rider:manage")
def plate(number: str, use: str) -> Any:
    """I end a use of a plate, or confirm it, and say why."""
    rider = queries.find_rider(session(), number, actor(), utc_now())
    present = seen(plate_queries.find_use(session(), rider, use))
    form = UseForm(obj=present if request.method == "GET" else None)
    form.reason.data = form.reason.data if request.method == "POST" else ""
    if submitted(
        form, lambda: plates.change_use(session(), present, form.to_change(), form.version.data, actor(), clock.today())
    ):
        flash_message(message("Plate changed."))
        return back_to("riders.show", number=number)
    return form_page("riders/use.html", form, rider=rider, use=present)


@pages.get("/vehicles/<number>")
@requires("riders:rider:read")
def vehicle(number: str) -> Any:
    """I read who rode an e-bike, from when to when, and by which record that is known."""
    vehicle = vehicles.find_vehicle(session(), number, actor(), utc_now())
    uses = plate_queries.uses_of_vehicle(session(), vehicle.id)
    return render_template(
        "riders/vehicle.html",
        vehicle=vehicle,
        uses=uses,
        seen=vehicles.seen_among(session(), uses, actor(), utc_now()),
        masked=rules.mask_name,
        today=clock.today(),
    )


def _page(rider: Rider, unmask_form: UnmaskForm | None = None) -> str:
    """Render the rider's page, with a form that was refused where there is one."""
    today = clock.today()
    return render_template(
        "riders/show.html",
        rider=rider,
        shown=queries.describe(session(), rider),
        id_type=translated(rider.id_type.label),
        age=rules.age_on(rider.birth_date, today) if rider.birth_date else None,
        present=engagement_queries.list_on(session(), rider.id, today),
        today=today,
        unmask_form=unmask_form or UnmaskForm(formdata=None),
        uses=plate_queries.uses_of_rider(session(), rider.id),
    )


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise Missing(message("This engagement does not exist.")) from error
