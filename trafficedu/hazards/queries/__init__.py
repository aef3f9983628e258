"""Reads of hazards: records, photos, figures by tier and month, rolling checks, the sheet; scope is applied here."""

from trafficedu.hazards.queries.checks import (
    WatchFilter,
    find_watch,
    list_checkers,
    list_reachable_checkers,
    list_watches,
)
from trafficedu.hazards.queries.figures import (
    HazardCounts,
    TierRow,
    count_by_tier,
    count_overdue,
    count_to_plan,
    indicators,
)
from trafficedu.hazards.queries.kinds import find_kind, list_kinds
from trafficedu.hazards.queries.records import (
    SORTS,
    HazardFilter,
    filter_conditions,
    find_by_client_reference,
    find_hazard,
    find_photo,
    has_photo_of_fix,
    list_filtered,
    list_hazards,
    list_steps,
    photos_of,
)
from trafficedu.hazards.queries.scope import overdue_on, visible
from trafficedu.hazards.queries.sheet import render_any, render_plan

__all__ = [
    "SORTS",
    "HazardCounts",
    "HazardFilter",
    "TierRow",
    "WatchFilter",
    "count_by_tier",
    "count_overdue",
    "count_to_plan",
    "filter_conditions",
    "find_by_client_reference",
    "find_hazard",
    "find_kind",
    "find_photo",
    "find_watch",
    "has_photo_of_fix",
    "indicators",
    "list_checkers",
    "list_filtered",
    "list_hazards",
    "list_kinds",
    "list_reachable_checkers",
    "list_steps",
    "list_watches",
    "overdue_on",
    "photos_of",
    "render_any",
    "render_plan",
    "visible",
]
