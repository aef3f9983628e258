"""Reads of accidents: records, possible duplicates, figures; scope is applied here."""

from trafficedu.accidents.queries.duplicates import list_close, list_pairs
from trafficedu.accidents.queries.figures import (
    AreaMonthCount,
    MonthCount,
    Tally,
    count_by_area_and_month,
    count_by_month,
    count_fatal,
    count_responsible,
    count_responsible_of_companies,
    first_day,
    tally,
)
from trafficedu.accidents.queries.records import (
    CASUALTIES,
    SORTS,
    AccidentFilter,
    Step,
    filter_conditions,
    find_accident,
    find_by_client_reference,
    find_link,
    history_of,
    list_accidents,
    list_riders,
)
from trafficedu.accidents.queries.scope import visible

__all__ = [
    "CASUALTIES",
    "SORTS",
    "AccidentFilter",
    "AreaMonthCount",
    "MonthCount",
    "Step",
    "Tally",
    "count_by_area_and_month",
    "count_by_month",
    "count_fatal",
    "count_responsible",
    "count_responsible_of_companies",
    "filter_conditions",
    "find_accident",
    "find_by_client_reference",
    "find_link",
    "first_day",
    "history_of",
    "list_accidents",
    "list_close",
    "list_pairs",
    "list_riders",
    "tally",
    "visible",
]
