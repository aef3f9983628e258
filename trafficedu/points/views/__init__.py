"""Pages of points: balances, the ledger, entering and taking back, activities and expectations."""

from trafficedu.points.views import browsing, catalogue, recording
from trafficedu.points.views.blueprint import pages

__all__ = ["browsing", "catalogue", "pages", "recording"]
