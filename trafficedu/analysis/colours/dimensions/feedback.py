"""Notices to a company that were to be answered."""

from __future__ import annotations

from trafficedu.analysis.colours.dimensions.due import Due
from trafficedu.analysis.colours.rule_set import COMPANY, FEEDBACK


class Feedback(Due):
    """Answered in time, of those due."""

    name = FEEDBACK
    kinds = (COMPANY,)
    unit = "notices"
    prior_mean = 0.8
