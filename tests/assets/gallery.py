"""A small application that shows every macro once, for the tests of the frame. Knows no feature."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from flask import Blueprint, Flask, flash, render_template, request
from flask_babel import Babel, lazy_gettext
from flask_wtf import CSRFProtect, FlaskForm
from jinja2 import ChoiceLoader, FileSystemLoader, StrictUndefined
from wtforms import DateField, HiddenField, IntegerField, RadioField, SelectField, StringField
from wtforms.validators import DataRequired, Optional

from assets import build
from trafficedu.core.charts import Chart, Series, Target
from trafficedu.core.times import Moment
from trafficedu.core.web import BEGINNING_OF_LIST, translated

POLICY = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'"


@dataclass(frozen=True)
class Person:
    display_name: str = "王建国"
    is_authenticated: bool = True


@dataclass(frozen=True)
class Link:
    label: str
    url: str


@dataclass(frozen=True)
class Links:
    label: str
    entries: list[Link]


@dataclass(frozen=True)
class Page:
    items: list[int]
    total: int = 1001
    more: bool = True
    before: str = "k1.first"
    after: str = "k1.last"
    lost: bool = True
    at_least: bool = False
    looked_to: None = None


@dataclass(frozen=True)
class Paging:
    sort: str = "-occurred"


FIGURES = [
    Chart("rates", "More than 85 % answered", "line", ["2026-09", "2026-10"], "Category", [
        Series("Companies", [84.1, 86.7], [82.0, 84.8], [86.0, 88.4]),
        Series("Villages </script>", [71.0, None]),
    ], "%", y_from_zero=False, target=Target(86.73, "86.73 %")),
    Chart("kinds", "Half are red lights", "bar", ["2026-09", "2026-10"], "Category", [
        Series("Red light", [1204, 988]),
    ]),
]  # fmt: skip


class Rider(FlaskForm):  # type: ignore[misc] # Flask-WTF carries no types
    reference = HiddenField(default="ref-1")
    name = StringField("Name", [DataRequired(lazy_gettext("Enter the name."))], render_kw={"autocomplete": "name"})
    plate = StringField("Plate", description="As on the plate", render_kw={"class": "plate"})
    fine = IntegerField("Fine", [Optional()])
    since = DateField("Since", [Optional()])
    document = SelectField("Document", choices={"id": "Identity card", "passport": "Passport"})
    village = SelectField("Village", choices={"": "Unknown", "1": "Hangmin"})
    who = RadioField(
        "Offender", [DataRequired(lazy_gettext("Choose one."))], choices={"rider": "Rider", "passenger": "Passenger"}
    )


class Filters(FlaskForm):  # type: ignore[misc] # Flask-WTF carries no types
    class Meta:
        csrf = False

    q = StringField("Plate or number")
    kind = SelectField("Kind", choices={"": "All", "2007": "Red light"})


MENU = [Links("Road", [Link("A", "/?")]), Links("Desk", [Link("B", "/b")])]


def page_url(**changes: object) -> str:
    arguments = {**request.args, **changes}
    return f"{request.path}?{urlencode({key: value for key, value in arguments.items() if value is not None})}"


def context() -> dict[str, object]:
    manifest = build.read_manifest(build.BUILD)
    return {
        "locale": request.args.get("lang", "zh"),
        "asset": lambda name: f"/static/build/{manifest[name]}",
        "current_user": Person(is_authenticated="anonymous" not in request.args),
        "navigation": [] if "anonymous" in request.args else MENU,
        "marked_entry": "/?",
        "page_url": page_url,
        "held_back": lambda: None,
        "shown_list": lambda: None,
        "opened_mark": str,
        "account_mark": str,
        "kept_copies": list,
        "seen_mark": str,
        "mark_of": lambda _record: "",
        "beginning_of_list": BEGINNING_OF_LIST,
    }


def accounts() -> Blueprint:
    made = Blueprint("accounts", __name__)
    for name, methods in {
        "language": ["POST"],
        "sign_out": ["POST"],
        "password": ["GET"],
        "sign_in": ["GET"],
    }.items():
        made.add_url_rule(f"/{name}", name, lambda: "", methods=methods)
    return made


def installed() -> Blueprint:
    made = Blueprint("installed", __name__)
    made.add_url_rule("/manifest.webmanifest", "manifest", lambda: {"name": "gallery"})
    return made


def create() -> Flask:
    app = Flask(__name__, static_folder=str(build.ROOT / "trafficedu" / "static"))
    app.jinja_env.undefined = StrictUndefined
    own = FileSystemLoader(str(build.ROOT / "tests" / "assets" / "templates"))
    app.jinja_env.loader = ChoiceLoader([own, FileSystemLoader(str(build.ROOT / "templates"))])
    app.config.update(SECRET_KEY="gallery", BABEL_TRANSLATION_DIRECTORIES=str(build.LOCALES))
    Babel(app, locale_selector=lambda: request.args.get("lang", "zh"))
    CSRFProtect(app)
    app.context_processor(context)
    app.add_template_filter(lambda at: (at + timedelta(hours=8)).strftime("%Y-%m-%d %H:%M"), "local_time")
    app.add_template_filter(translated)
    app.add_template_test(lambda at: isinstance(at, Moment), "happened")
    app.register_blueprint(accounts())
    app.register_blueprint(installed())

    @app.after_request
    def secure(response: Any) -> Any:
        response.headers["Content-Security-Policy"] = POLICY
        return response

    @app.get("/")
    def desk() -> str:
        flash("Saved", "success")
        flash("Refused", "error")
        now = datetime.now(UTC) - timedelta(minutes=3)
        shown = {"page": Page([1, 2, 3]), "paging": Paging(), "filters": Filters(request.args), "now": now}
        return render_template("desk.html", figures=FIGURES, **shown)

    @app.route("/kerb", methods=["GET", "POST"])
    def kerb() -> str:
        form = Rider()
        form.validate_on_submit()
        return render_template("kerb.html", form=form)

    sent: list[str] = []

    @app.get("/short")
    def short() -> str:
        return render_template("short.html", count=len(sent))

    @app.post("/short/<answer>")
    def shortly(answer: str) -> Any:
        sent.append(answer)
        told = {
            "html": ({"html": '<section class="panel" id="rider">here</section>'}, 200),
            "message": ({"message": "This session is full."}, 422),
            "address": ({"address": "/kerb"}, 200),
            "broken": ("<h1>no JSON</h1>", 500),
        }
        return told[answer] if request.accept_mimetypes.best == "application/json" else ("a page", 200)

    @app.get("/error/<int:code>")
    def error(code: int) -> tuple[str, int]:
        return render_template(f"errors/{code}.html"), code

    return app
