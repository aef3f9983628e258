"""Reads of points: the ledger, balances, activities, expectations. The scope is applied here."""

from trafficedu.points.queries.balances import (
    SORTS,
    Balance,
    kinds_seen,
    list_month,
    month_points,
    page_month,
)
from trafficedu.points.queries.catalogue import (
    Expectations,
    activity_is_used_from,
    expectations,
    find_activity,
    find_activity_on,
    list_activities,
    list_expectations,
)
from trafficedu.points.queries.entries import (
    COUNTER,
    EntryFilter,
    Line,
    balance_of,
    filtered,
    find_by_once_key,
    find_entry,
    list_entries,
    list_of_target,
)
from trafficedu.points.queries.happenings import Happening, list_open_days, list_overdue, list_taken_back
from trafficedu.points.queries.scope import (
    Target,
    find_target,
    list_targets,
    of_area,
    of_company,
    sees_companies,
    visible,
)
from trafficedu.points.rules import MonthPoints

__all__ = [
    "COUNTER",
    "SORTS",
    "Balance",
    "EntryFilter",
    "Expectations",
    "Happening",
    "Line",
    "MonthPoints",
    "Target",
    "activity_is_used_from",
    "balance_of",
    "expectations",
    "filtered",
    "find_activity",
    "find_activity_on",
    "find_by_once_key",
    "find_entry",
    "find_target",
    "kinds_seen",
    "list_activities",
    "list_entries",
    "list_expectations",
    "list_month",
    "list_of_target",
    "list_open_days",
    "list_overdue",
    "list_taken_back",
    "list_targets",
    "month_points",
    "of_area",
    "of_company",
    "page_month",
    "sees_companies",
    "visible",
]
