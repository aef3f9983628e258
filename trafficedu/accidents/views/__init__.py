"""Pages of accidents: the form, the list, one record with its riders, duplicates."""

from trafficedu.accidents.views import browsing, deciding, recording
from trafficedu.accidents.views.blueprint import pages

__all__ = ["browsing", "deciding", "pages", "recording"]
