"""What the pages of others show of evaluation: the effect of a campaign, the own colour."""

from __future__ import annotations

from flask import render_template

from trafficedu.analysis.colours.first.explaining import contributions
from trafficedu.campaigns import queries as campaigns
from trafficedu.campaigns.rules import CampaignState
from trafficedu.core import jobs
from trafficedu.core.access import actor, panel_for
from trafficedu.core.clock import today, utc_now
from trafficedu.core.database import session
from trafficedu.core.transactions import writing
from trafficedu.core.web import locale
from trafficedu.evaluation import charts
from trafficedu.evaluation.dimensions.registry import TITLES
from trafficedu.evaluation.queries import runs
from trafficedu.evaluation.rules.comparisons import counted_by, effect_sentence, placebo_sentence, unknown_sentences
from trafficedu.evaluation.rules.names import FIRM_NAMES
from trafficedu.evaluation.services import fits

SHOWN_WORSE = 8
LEAST_DAYS = 28
"""A campaign younger than this has no effect to speak of: nothing is computed."""


def effect(campaign_number: str) -> str:
    """Campaign: what it changed, as far as counts can tell."""
    campaign = campaigns.find_campaign(session(), campaign_number, actor())
    day = today()
    state = campaign.state_on(day)
    if not actor().may("evaluation:trend:read") or state == CampaignState.CANCELLED:
        return ""
    last = fits.last_counted(campaign, day)
    days = (last - campaign.first_day).days + 1
    if state == CampaignState.PLANNED or days < LEAST_DAYS:
        return render_template("evaluation/_effect.html", shown=None, days=max(days, 0), least=LEAST_DAYS)
    shown = fits.effect_shown(session(), campaign, last, actor(), utc_now(), locale())
    running, kinds = state == CampaignState.RUNNING, bool(campaign.kind_codes)
    if shown.due is not None:
        with writing(session()) as own:
            jobs.ask(own, shown.due, actor(), utc_now(), locale())
    payload = shown.kept.payload if shown.kept is not None else {}
    return render_template(
        "evaluation/_effect.html",
        found=payload,
        shown=shown,
        number=campaign_number,
        days=days,
        least=LEAST_DAYS,
        running=running,
        sentence=effect_sentence(payload) if "percent" in payload else None,
        counted=counted_by(payload["measure"], kinds) if payload else None,
        placebo=placebo_sentence(payload),
        unknown=unknown_sentences(payload),
        figure=charts.effect_figure(payload, locale()) if "percent" in payload else None,
    )


@panel_for("evaluation:result:read")
def own_colour() -> str:
    """First screen of a town, a village or a company: the own colour of the last month published, and why."""
    who = actor()
    own = runs.find_own(session(), who)
    if own is None:
        return ""
    lost = [(part, part.most - part.points) for part in contributions(own.dimensions) if part.points and part.most]
    before = runs.find_own(session(), who, own.run.month - 1)
    if before is not None and not runs.same_scheme(before.run, own.run):
        before = None
    return render_template(
        "evaluation/_own_colour.html",
        result=own,
        month=own.run.month,
        names=TITLES,
        firm_names=FIRM_NAMES,
        lost=sorted(lost, key=lambda pair: -pair[1])[:2],
        before=before,
        worse=runs.list_worse_below(session(), own, who)[:SHOWN_WORSE],
    )
