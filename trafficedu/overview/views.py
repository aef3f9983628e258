"""The first screen."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, redirect, render_template, url_for

from trafficedu.accounts import queries as accounts
from trafficedu.core.access import actor, open_to_all
from trafficedu.core.database import session
from trafficedu.core.web import panels_for

pages = Blueprint("overview", __name__)


@pages.get("/")
@open_to_all("nobody finds the way in here: signing in, my receipt, verifying a certificate")
def home() -> Any:
    """I begin my work; without an account I find my receipt."""
    user_id = actor().user_id
    if user_id is None:
        return render_template("public/start.html")
    if accounts.find_user(session(), user_id).must_change_password:
        return redirect(url_for("accounts.password"), code=303)
    return render_template("overview/home.html", panels=panels_for("home"))
