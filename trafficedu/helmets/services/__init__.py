"""Use cases: keeping sites and drawing plans; taking in what was counted, once, and voiding what was wrong."""

from trafficedu.helmets.services.counting import Received, Sheet, receive
from trafficedu.helmets.services.places import DrawInput, SiteChange, SiteInput, create_draw, create_site, update_site
from trafficedu.helmets.services.surveys import Counted, NewSurvey, add_survey, void

__all__ = [
    "Counted",
    "DrawInput",
    "NewSurvey",
    "Received",
    "Sheet",
    "SiteChange",
    "SiteInput",
    "add_survey",
    "create_draw",
    "create_site",
    "receive",
    "update_site",
    "void",
]
