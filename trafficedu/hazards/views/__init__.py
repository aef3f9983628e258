"""Pages of hazards: the report, the list, one hazard from plan to verification, overdue by tier, rolling checks."""

from trafficedu.hazards.views import browsing, checks, kinds, reporting, working
from trafficedu.hazards.views.blueprint import pages

__all__ = ["browsing", "checks", "kinds", "pages", "reporting", "working"]
