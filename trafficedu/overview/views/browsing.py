"""The first screen and the overview."""

from __future__ import annotations

from typing import Any

from flask import redirect, render_template, request, url_for

from trafficedu.accounts import queries as accounts
from trafficedu.analysis.said.figures import share
from trafficedu.core import clock
from trafficedu.core.access import actor, open_to_all, requires
from trafficedu.core.database import from_replica, session
from trafficedu.core.month import Month
from trafficedu.core.web import home_panels, locale, panels_for
from trafficedu.overview import charts
from trafficedu.overview.forms import PictureForm
from trafficedu.overview.queries import picture as pictures
from trafficedu.overview.views.blueprint import pages


@pages.get("/")
@open_to_all("nobody finds the way in here: signing in, my receipt, verifying a certificate")
def home() -> Any:
    """I begin my work; without an account I find my receipt."""
    user_id = actor().user_id
    if user_id is None:
        return render_template("public/start.html")
    if accounts.find_user(session(), user_id).must_change_password:
        return redirect(url_for("accounts.password"), code=303)
    return render_template("overview/home.html", panels=home_panels(actor().role))


@pages.get("/overview")
@requires("overview:page:read")
@from_replica
def overview() -> Any:
    """I see where my area stands in a period: violations, study, feedback, and the areas below."""
    form = PictureForm(request.args)
    period = form.settle(Month.of(clock.today()) - 1)
    area = pictures.find_area(session(), form.area.chosen(period.last_day), actor())
    picture = pictures.draw(session(), actor(), area, period, clock.utc_now())
    return render_template(
        "overview/overview.html",
        form=form,
        picture=picture,
        share=share,
        by_month=charts.by_month(picture, locale()),
        by_hour=charts.by_hour(picture, locale()),
        by_area=charts.by_area(picture, locale()),
        by_company=charts.by_company(picture, locale()),
        extra=panels_for("overview", area_path=area.path, period=period),
    )
