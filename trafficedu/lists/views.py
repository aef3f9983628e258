"""Pages of saved views; where they are opened from is above each list (``_macros/lists.html``)."""

from __future__ import annotations

from typing import Any, cast

from flask import Blueprint, Response, current_app, redirect, request, url_for
from werkzeug.datastructures import MultiDict
from werkzeug.routing import BuildError

from trafficedu.core.access import actor, requires
from trafficedu.core.clock import utc_now
from trafficedu.core.database import session
from trafficedu.core.errors import Missing
from trafficedu.core.forms import carried_out, form_page, submitted
from trafficedu.core.list_views import view_address
from trafficedu.core.seen import changes_nothing_seen, seen
from trafficedu.core.text import message
from trafficedu.core.web import flash_message
from trafficedu.lists import queries, services
from trafficedu.lists.forms import NewViewForm, OverwriteForm, ViewForm

pages = Blueprint("lists", __name__)


@pages.route("/views/new/<page>", methods=["GET", "POST"])
@requires(services.MANAGE)
@changes_nothing_seen("what it makes is new")
def new(page: str) -> Any:
    """I save what I see of a list under a name, to open it with one tap."""
    form = NewViewForm() if request.method == "POST" else NewViewForm(MultiDict(request.args), meta={"csrf": True})
    back = _list_of(page)

    def save() -> tuple[str, str]:
        made = services.NewView(page, form.name.data, form.query.data or "", form.is_default.data)
        view = services.save_view(session(), made, actor(), utc_now())
        return view.number, made.query

    if accepted := submitted(form, save):
        flash_message(message("View saved."))
        return _opened(page, *accepted.value)
    return form_page("lists/new.html", form, back=view_address(back, form.query.data or ""))


@pages.route("/views/<number>", methods=["GET", "POST"])
@requires(services.MANAGE)
def view(number: str) -> Any:
    """I rename a view of mine, let its list begin with it, or delete it."""
    found = seen(queries.find_view(session(), number, actor()))
    form = ViewForm(obj=found)
    page, query = found.page, queries.query_of(session(), found)
    if submitted(form, lambda: services.change_view(session(), found, form.name.data, form.is_default.data, actor())):
        flash_message(message("View saved."))
        return _opened(page, number, query)
    return form_page("lists/view.html", form, view=found, back=view_address(_list_of(page), query, number))


@pages.post("/views/<number>/overwrite")
@requires(services.MANAGE)
def overwrite(number: str) -> Any:
    """I let a view of mine show what I see now."""
    found = seen(queries.find_view(session(), number, actor()))
    form, page = OverwriteForm(), found.page
    query = form.query.data or ""
    if form.validate_on_submit():
        carried_out(lambda: services.overwrite_view(session(), found, query, actor()), message("View saved."))
    return _opened(page, number, query)


@pages.post("/views/<number>/delete")
@requires(services.MANAGE)
def delete(number: str) -> Any:
    """I delete a view of mine; the list stays as I see it."""
    found = seen(queries.find_view(session(), number, actor()))
    page, query = found.page, queries.query_of(session(), found)
    carried_out(lambda: services.delete_view(session(), found, actor()), message("View deleted."))
    return _opened(page, "", query)


def _list_of(page: str) -> str:
    """Return the address of a list that whoever asks may open; raise Missing where it is none."""
    view_of_page = current_app.view_functions.get(page)
    if view_of_page is None or not actor().may(getattr(view_of_page, "permission", "")):
        raise Missing(message("There is no such list."))
    try:
        return url_for(page)
    except BuildError as error:
        raise Missing(message("There is no such list.")) from error


def _opened(page: str, number: str, query: str) -> Response:
    """Lead to a list as a view shows it."""
    return cast(Response, redirect(view_address(_list_of(page), query, number), code=303))
