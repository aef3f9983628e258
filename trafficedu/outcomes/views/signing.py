"""The page of what stands out of signatures, for who supervises."""

from __future__ import annotations

from typing import Any

from flask import render_template, request

from trafficedu.analysis.said.outcomes import signing_none
from trafficedu.core.access import actor, requires
from trafficedu.core.clock import utc_now
from trafficedu.core.database import session
from trafficedu.core.web import locale, still
from trafficedu.outcomes import rules
from trafficedu.outcomes.queries import display
from trafficedu.outcomes.services import keeping
from trafficedu.outcomes.services.signing import LEAST_TOTAL
from trafficedu.outcomes.views.blueprint import pages
from trafficedu.outcomes.views.outcomes import asked_for, chosen, usual_month


@pages.get("/signing")
@requires(keeping.READ_SIGNING)
def signing() -> Any:
    """I see whose signatures stand out by more than chance explains, and open the cases."""
    form, area, period = chosen(usual_month() + 1)
    if request.headers.get("HX-Request"):
        return still(keeping.shown(session(), keeping.SIGNING, area, period, actor(), utc_now(), locale()).under_way)
    shown = asked_for(keeping.SIGNING, area, period)
    result = keeping.result_of(shown.kept)
    values: dict[str, Any] = {"form": form, "area": area, "period": period, "shown": shown, "result": result}
    if result is None:
        return render_template("outcomes/signing.html", **values)
    names = display.signers_of(session(), result)
    return render_template(
        "outcomes/signing.html",
        **values,
        names=names,
        titles=rules.MEASURE_NAMES,
        by_session=rules.BY_SESSION,
        sentences={
            measure: [display.signer_said(names, row) for row in rows if row["beyond"]] or [signing_none(len(rows))]
            for measure, rows in result["measures"].items()
        },
        least=LEAST_TOTAL,
    )
