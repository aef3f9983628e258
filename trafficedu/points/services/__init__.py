"""Use cases that change points: entering, taking back, what events enter, activities, expectations."""

from trafficedu.points.services.catalogue import (
    ActivityInput,
    ExpectationInput,
    add_activity,
    end_activity,
    expect_points,
    load_activities,
    renew_activity,
)
from trafficedu.points.services.entries import NOT_YOURS, NewEntry, counter_entry, may_counter, record_entry
from trafficedu.points.services.happenings import (
    TAKEN_BACK,
    credit_fixed_hazard,
    debit_overdue_hazard,
    enter_happenings,
)

__all__ = [
    "NOT_YOURS",
    "TAKEN_BACK",
    "ActivityInput",
    "ExpectationInput",
    "NewEntry",
    "add_activity",
    "counter_entry",
    "credit_fixed_hazard",
    "debit_overdue_hazard",
    "end_activity",
    "enter_happenings",
    "expect_points",
    "load_activities",
    "may_counter",
    "record_entry",
    "renew_activity",
]
