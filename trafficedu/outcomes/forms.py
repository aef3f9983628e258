"""Months and area of outcomes and of signatures; live in the address."""

from __future__ import annotations

from trafficedu.areas.fields import AreaFilter
from trafficedu.core.fields import PeriodForm


class OutcomeForm(PeriodForm):
    """Months and area."""

    area = AreaFilter()
