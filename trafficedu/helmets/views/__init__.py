"""Pages of helmets: results, sites and plans, surveys, and the counting page."""

from trafficedu.helmets.views import counting, results, sites, surveys
from trafficedu.helmets.views.blueprint import pages

__all__ = ["counting", "pages", "results", "sites", "surveys"]
