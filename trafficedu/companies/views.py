"""Pages of companies: the list, one company with what other features know of it, the forms."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, render_template, request

from trafficedu.companies import queries, services
from trafficedu.companies.forms import CompanyFilterForm, CompanyForm
from trafficedu.core.access import actor, requires
from trafficedu.core.clock import utc_now
from trafficedu.core.database import session
from trafficedu.core.forms import form_page, submitted
from trafficedu.core.list_views import list_page
from trafficedu.core.seen import changes_nothing_seen, seen
from trafficedu.core.text import message
from trafficedu.core.web import back_to, flash_message

pages = Blueprint("companies", __name__)


@pages.get("/companies")
@requires("companies:company:read")
def index() -> Any:
    """I look for a company."""
    form = CompanyFilterForm(request.args)
    form.validate()
    return list_page("companies/index.html", queries.COMPANIES, form, form.to_input())


@pages.route("/companies/new", methods=["GET", "POST"])
@requires("companies:company:manage")
@changes_nothing_seen("what it makes is new")
def create() -> Any:
    """I add a company."""
    form = CompanyForm()
    if accepted := submitted(form, lambda: services.add_company(session(), form.code.data, form.to_input(), actor())):
        flash_message(message("Company added."))
        return back_to("companies.show", code=accepted.value.code)
    return form_page("companies/form.html", form, company=None)


@pages.get("/companies/<code>")
@requires("companies:company:read")
def show(code: str) -> Any:
    """I read what is known about a company."""
    company = queries.find_visible_company(session(), code, actor())
    return render_template("companies/show.html", company=company)


@pages.route("/companies/<code>/edit", methods=["GET", "POST"])
@requires("companies:company:manage")
def edit(code: str) -> Any:
    """I change a company, or deactivate it."""
    company = seen(queries.find_visible_company(session(), code, actor()))
    form = CompanyForm(obj=company)
    form.code.data = company.code
    if form.is_submitted():
        form.code.validators = []
    if submitted(
        form,
        lambda: services.change_company(session(), company, form.to_input(), form.version.data, actor(), utc_now()),
    ):
        flash_message(message("Company changed."))
        return back_to("companies.show", code=code)
    return form_page("companies/form.html", form, company=company)
