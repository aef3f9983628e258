"""The series whose trend is shown, and what two periods are compared by."""

from __future__ import annotations

from trafficedu.analysis.said import series
from trafficedu.analysis.said.series import Series

CASUALTY, ACCIDENTS, VIOLATIONS = series.CASUALTY.key, series.ACCIDENTS.key, series.VIOLATIONS.key
EDUCATION, HELMETS, FATAL_ONLY = series.EDUCATION.key, series.HELMETS.key, series.FATAL.key
SERIES: dict[str, Series] = {
    one.key: one for one in (series.CASUALTY, series.ACCIDENTS, series.VIOLATIONS, series.EDUCATION, series.HELMETS)
}
"""KEY -> series, in the order of the list."""
MEASURES: dict[str, Series] = {
    one.key: one for one in (series.FATAL, series.CASUALTY, series.ACCIDENTS, series.VIOLATIONS)
}
"""What two periods may be compared by: counts of events, not of people, since one event may hurt several."""
