"""Use cases that change campaigns: plan, change, end earlier, cancel."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session
from sqlalchemy.orm.attributes import flag_modified

from trafficedu.areas.models import Area
from trafficedu.areas.queries import tree as areas
from trafficedu.campaigns.models import Campaign, CampaignKind
from trafficedu.campaigns.rules import check_days, outermost
from trafficedu.core import audit
from trafficedu.core.actors import Actor
from trafficedu.core.errors import Refusal, entered
from trafficedu.core.numbers import new_number
from trafficedu.core.orm import expect_version
from trafficedu.core.text import message
from trafficedu.violations.queries.kinds import find_kind


@dataclass(frozen=True)
class CampaignInput:
    """What is entered for a campaign. No kinds means every kind."""

    name: str
    first_day: date
    last_day: date
    area_codes: tuple[str, ...]
    kind_codes: tuple[str, ...] = ()
    effort_hours: int | None = None
    notes: str = ""


def plan_campaign(session: Session, new: CampaignInput, by: Actor, now: datetime) -> Campaign:
    """Enter a campaign, planned or already run.

    Raises
    ------
    Refusal
        At ``last_day`` (days out of order), ``towns`` (no area, or the whole district), ``kinds``.
    Missing
        An area outside the own post.
    """
    campaign = Campaign(number=new_number("K"), recorded_by_id=by.user_id, recorded_utc=now)
    _apply(session, campaign, new, by)
    session.add(campaign)
    session.flush()
    _note(session, "plan", campaign, by)
    return campaign


def change_campaign(session: Session, campaign: Campaign, new: CampaignInput, version: int, by: Actor) -> None:
    """Change a campaign that is not cancelled. Raises Stale and what :func:`plan_campaign` raises."""
    _require_own(session, campaign, version, by)
    _apply(session, campaign, new, by)
    flag_modified(campaign, "notes")  # a change of areas or kinds alone raises the version too
    session.flush()
    _note(session, "change", campaign, by)


def end_campaign(session: Session, campaign: Campaign, last_day: date, version: int, by: Actor) -> None:
    """Let a campaign end earlier than planned. Raises Stale, Refusal at ``last_day``."""
    _require_own(session, campaign, version, by)
    if not campaign.first_day <= last_day < campaign.last_day:
        text = message(
            "Choose a day from %(first)s to the day before %(last)s.",
            first=campaign.first_day.isoformat(),
            last=campaign.last_day.isoformat(),
        )
        raise Refusal(text, field="last_day")
    campaign.last_day = last_day
    session.flush()
    _note(session, "end", campaign, by)


def cancel_campaign(session: Session, campaign: Campaign, reason: str, version: int, by: Actor, now: datetime) -> None:
    """Cancel a campaign that did not take place; it stays in the list. Raises Stale, Refusal at ``reason``."""
    _require_own(session, campaign, version, by)
    if not reason.strip():
        raise Refusal(message("Say why the campaign is being cancelled."), field="reason")
    campaign.cancelled_utc, campaign.cancel_reason = now, reason.strip()
    session.flush()
    _note(session, "cancel", campaign, by)


def _apply(session: Session, campaign: Campaign, new: CampaignInput, by: Actor) -> None:
    check_days(new.first_day, new.last_day)
    campaign.areas = _areas(session, new, by)
    campaign.name, campaign.first_day, campaign.last_day = new.name, new.first_day, new.last_day
    campaign.effort_hours, campaign.notes = new.effort_hours, new.notes
    with entered("kind"):
        chosen = {find_kind(session, code).code for code in new.kind_codes}
    kept = [kind for kind in campaign.kinds if kind.kind_code in chosen]
    missing = sorted(chosen - {kind.kind_code for kind in kept})
    campaign.kinds = [*kept, *(CampaignKind(kind_code=code) for code in missing)]


def _areas(session: Session, new: CampaignInput, by: Actor) -> list[Area]:
    """Return the areas named, the villages of a town named as well left out."""
    with entered("towns"):
        by_path = {area.path: area for area in (areas.find_visible_area(session, code, by) for code in new.area_codes)}
    if not by_path:
        raise Refusal(message("Choose at least one town or village."), field="towns")
    if any(area.level.may_be_top for area in by_path.values()):
        text = message("A campaign covering the whole district leaves nothing to compare it with. Choose its towns.")
        raise Refusal(text, field="towns")
    return [by_path[path] for path in outermost(by_path)]


def _require_own(session: Session, campaign: Campaign, version: int, by: Actor) -> None:
    """Refuse what is stale, cancelled, or reaches beyond the own post."""
    expect_version(campaign, version)
    if campaign.cancelled_utc is not None:
        raise Refusal(message("This campaign has been cancelled. Enter a new one instead."))
    ids = [area.id for area in campaign.areas]
    own = set(session.scalars(select(Area.id).where(Area.id.in_(ids), areas.visible_to(by))))
    if own != set(ids):
        raise Refusal(message("This campaign extends beyond your area. Contact the district command centre."))


def _note(session: Session, verb: str, campaign: Campaign, by: Actor) -> None:
    audit.write(
        session,
        f"campaigns:campaign:{verb}",
        by,
        subject=campaign,
        areas=[area.code for area in campaign.areas],
        kinds=campaign.kind_codes,
        first_day=campaign.first_day.isoformat(),
        last_day=campaign.last_day.isoformat(),
    )
