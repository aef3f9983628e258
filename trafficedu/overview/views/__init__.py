"""Pages that join features: the first screen, the overview, the one screen, the red-yellow-black list."""

from trafficedu.overview.views import browsing, listing, screen
from trafficedu.overview.views.blueprint import pages

__all__ = ["browsing", "listing", "pages", "screen"]
