"""The door of the demo: is there one, load it."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from trafficedu.accounts.models import User
from trafficedu.companies.models import Company
from trafficedu.configuration.queries import list_runs
from trafficedu.configuration.services import logged_run
from trafficedu.core import audit
from trafficedu.core.actors import SYSTEM
from trafficedu.core.clock import local_date
from trafficedu.core.errors import Refusal
from trafficedu.core.tabular import Progress, silent
from trafficedu.core.text import message
from trafficedu.demo.afterwards import enter_campaigns, enter_points, enter_pushes
from trafficedu.demo.district import District
from trafficedu.demo.plan import Plan, span_until
from trafficedu.riders.models import Rider
from trafficedu.stations.models import Station
from trafficedu.violations.models import Violation

RUN = "demo"
"""The kind of the run that marks an installation as a demo; ``trafficedu serve`` looks for it."""


def is_demo(session: Session) -> bool:
    """Tell whether this installation holds the demo district."""
    return bool(list_runs(session, RUN, limit=1))


def load_demo(session: Session, plan: Plan, now: datetime, progress: Progress = silent) -> dict[str, int]:
    """Fill an empty installation with the demo district; all or nothing, the caller commits.

    The same plan on the same day gives the same figures. Logs a run of the kind :data:`RUN` and writes one
    audit row for the whole, as an import does.

    Returns
    -------
    Table -> rows written.

    Raises
    ------
    Refusal
        The installation holds records or users, or lacks the reference data.
    """
    _require_empty(session)
    with logged_run(session, RUN, SYSTEM, now) as counts:
        written = District(session, plan, span_until(now, plan.months)).build(progress)
        written["campaign"] = enter_campaigns(session, local_date(now))
        written["point_entry"] = enter_points(session, now, plan.months, plan.seed)
        counts.update(written, seed=plan.seed, months=plan.months)
    written["push"] = enter_pushes(session, now)  # after the run: it is what makes channels send nothing here
    audit.write(session, "demo:district:load", SYSTEM, **counts, push=written["push"])
    session.flush()
    return written


def _require_empty(session: Session) -> None:
    for model in (User, Violation, Rider, Company, Station):
        if session.scalar(select(model.id).limit(1)) is not None:
            raise Refusal(
                message(
                    "This installation holds records or accounts already. The demo goes into an empty one only:"
                    " name another folder in TRAFFICEDU_INSTANCE."
                )
            )
