"""Pages of violations: recording at the kerb, the list and a record, reviews and objections, the catalogue."""

from trafficedu.violations.views import browsing, catalogue, deciding, recording
from trafficedu.violations.views.blueprint import pages

__all__ = ["browsing", "catalogue", "deciding", "pages", "recording"]
