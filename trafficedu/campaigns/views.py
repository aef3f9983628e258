"""Pages of campaigns: the list, one campaign with what evaluation says of it, the forms."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, render_template, request

from trafficedu.areas.models import TOWN
from trafficedu.campaigns import queries, services
from trafficedu.campaigns.forms import CampaignFilterForm, CampaignForm, CancelForm, EndForm
from trafficedu.campaigns.models import Campaign
from trafficedu.campaigns.rules import CampaignState
from trafficedu.core.access import actor, requires
from trafficedu.core.clock import today, utc_now
from trafficedu.core.database import session
from trafficedu.core.forms import form_page, submitted
from trafficedu.core.list_views import list_page
from trafficedu.core.seen import changes_nothing_seen, seen
from trafficedu.core.text import message
from trafficedu.core.web import back_to, flash_message, locale, panels_for
from trafficedu.violations.queries.kinds import list_kinds

pages = Blueprint("campaigns", __name__)


@pages.get("/campaigns")
@requires("campaigns:campaign:read")
def index() -> Any:
    """I look for a campaign."""
    form = CampaignFilterForm(request.args)
    form.validate()
    return list_page("campaigns/index.html", queries.campaigns_on(today()), form, form.to_input(today()))


@pages.route("/campaigns/new", methods=["GET", "POST"])
@requires("campaigns:campaign:manage")
@changes_nothing_seen("what it makes is new")
def create() -> Any:
    """I enter a campaign, before it begins if I can."""
    form = CampaignForm()
    _offer(form)
    if accepted := submitted(form, lambda: services.plan_campaign(session(), form.to_input(), actor(), utc_now())):
        flash_message(message("Campaign entered."))
        return back_to("campaigns.show", number=accepted.value.number)
    return form_page("campaigns/form.html", form, campaign=None)


@pages.get("/campaigns/<number>")
@requires("campaigns:campaign:read")
def show(number: str) -> Any:
    """I read what a campaign set out to do, and what it changed."""
    campaign = _campaign(number)
    kinds = {kind.code: kind for kind in list_kinds(session())}
    state = campaign.state_on(today())
    return render_template(
        "campaigns/show.html",
        campaign=campaign,
        state=state,
        kinds=[kinds[code].name(locale()) if code in kinds else code for code in campaign.kind_codes],
        days=(campaign.last_day - campaign.first_day).days + 1,
        may_end=state in {CampaignState.PLANNED, CampaignState.RUNNING} and campaign.last_day > campaign.first_day,
        extra=panels_for("campaigns.show", campaign_number=number),
    )


@pages.route("/campaigns/<number>/edit", methods=["GET", "POST"])
@requires("campaigns:campaign:manage")
def edit(number: str) -> Any:
    """I change a campaign."""
    campaign = seen(_campaign(number))
    form = CampaignForm(obj=campaign, data=None if request.method == "POST" else _chosen(campaign))
    _offer(form)
    if submitted(
        form, lambda: services.change_campaign(session(), campaign, form.to_input(), form.version.data, actor())
    ):
        flash_message(message("Campaign changed."))
        return back_to("campaigns.show", number=number)
    return form_page("campaigns/form.html", form, campaign=campaign)


@pages.route("/campaigns/<number>/end", methods=["GET", "POST"])
@requires("campaigns:campaign:manage")
def end(number: str) -> Any:
    """I let a campaign end earlier than planned."""
    campaign = seen(_campaign(number))
    form = EndForm(version=campaign.version)
    if submitted(
        form, lambda: services.end_campaign(session(), campaign, form.last_day.data, form.version.data, actor())
    ):
        flash_message(message("The campaign ends on %(day)s.", day=form.last_day.data.isoformat()))
        return back_to("campaigns.show", number=number)
    return form_page("campaigns/end.html", form, campaign=campaign)


@pages.route("/campaigns/<number>/cancel", methods=["GET", "POST"])
@requires("campaigns:campaign:manage")
def cancel(number: str) -> Any:
    """I cancel a campaign that did not take place."""
    campaign = seen(_campaign(number))
    form = CancelForm(version=campaign.version)
    if submitted(
        form,
        lambda: services.cancel_campaign(session(), campaign, form.reason.data, form.version.data, actor(), utc_now()),
    ):
        flash_message(message("Campaign cancelled."))
        return back_to("campaigns.show", number=number)
    return form_page("campaigns/cancel.html", form, campaign=campaign)


def _campaign(number: str) -> Campaign:
    return queries.find_campaign(session(), number, actor())


def _chosen(campaign: Campaign) -> dict[str, Any]:
    """Return the ticks of a campaign's form."""
    return {
        "towns": [area.code for area in campaign.areas if area.level == TOWN],
        "villages": [area.code for area in campaign.areas if area.level != TOWN],
        "kinds": campaign.kind_codes,
    }


def _offer(form: CampaignForm) -> None:
    kinds = {kind.code: kind.name(locale()) for kind in list_kinds(session(), today())}
    form.offer(queries.list_towns(session(), actor(), today()), list(kinds.items()))
