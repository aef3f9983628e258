"""What happens after what, which page shows whose panels, what can be imported: small tables, no framework.

The only place where features meet. Whoever asks "what happens after X?" reads the answer here.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from sqlalchemy.orm import Session

from trafficedu.areas import imports as areas
from trafficedu.configuration import services as configuration
from trafficedu.configuration.services import Chore
from trafficedu.core import audit, throttle
from trafficedu.core.events import Handlers
from trafficedu.core.tabular import Exporter, Importer
from trafficedu.core.web import Panel
from trafficedu.education import models as _education  # noqa: F401 - its tables
from trafficedu.feedback import models as _feedback  # noqa: F401 - its tables
from trafficedu.helmets import imports as helmets
from trafficedu.helmets import panels as helmets_panels
from trafficedu.violations.services.kinds import load_kinds

HANDLERS: Handlers = {}
"""EVENT -> handlers, run in this order in the transaction of the event."""

PANELS: Mapping[str, Sequence[Panel]] = {
    "home": [helmets_panels.count_key],
    "overview": [helmets_panels.rate_of_area],
}
"""PAGE -> panels of higher features, shown in this order; a panel returns "" where it has nothing to say."""

REFERENCE: Sequence[Callable[[Session], Any]] = [configuration.load_defaults, areas.load_shipped, load_kinds]
"""What ``trafficedu init`` loads, in this order; each does nothing the second time."""

CHORES: Mapping[str, Chore] = {
    "audit rows sealed": audit.seal,
    "expired locks forgotten": throttle.forget_expired,
}
"""What the worker does in every round, in this order."""

IMPORTERS: Mapping[str, Importer] = {
    "areas": areas.AREAS_IMPORTER,
    "ebikes": areas.EBIKES_IMPORTER,
    "helmets": helmets.IMPORTER,
}
"""KIND -> what ``trafficedu import`` and the page of imports do with a file of that kind."""

EXPORTERS: Mapping[str, Exporter] = {
    "areas": areas.AREAS_EXPORTER,
    "ebikes": areas.EBIKES_EXPORTER,
    "helmets": helmets.EXPORTER,
}
"""KIND -> what ``trafficedu export`` and the page write; the same kinds, the same columns."""
