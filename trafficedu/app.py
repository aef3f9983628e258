"""create_app: the one place where everything meets."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from pathlib import Path
from types import ModuleType
from typing import Any

from flask import Flask, current_app, request
from flask import session as cookie
from flask_babel import lazy_gettext as _l
from jinja2 import StrictUndefined

import trafficedu.accidents.views.browsing
import trafficedu.accidents.views.deciding
import trafficedu.accidents.views.recording
import trafficedu.accounts.views
import trafficedu.areas.views
import trafficedu.bulletin.views
import trafficedu.campaigns.views
import trafficedu.companies.views
import trafficedu.configuration.views
import trafficedu.coverage.views
import trafficedu.education.views.calendar
import trafficedu.education.views.closing
import trafficedu.education.views.courses
import trafficedu.education.views.desk
import trafficedu.education.views.door
import trafficedu.education.views.door_away
import trafficedu.education.views.door_screen
import trafficedu.education.views.exceptions
import trafficedu.education.views.photos
import trafficedu.education.views.queueing
import trafficedu.education.views.rooms
import trafficedu.education.views.sessions
import trafficedu.education.views.signing
import trafficedu.education.views.study
import trafficedu.education.views.tasks
import trafficedu.escalation.views
import trafficedu.evaluation.views.result
import trafficedu.evaluation.views.results
import trafficedu.evaluation.views.rule_sets
import trafficedu.evaluation.views.runs
import trafficedu.evaluation.views.trends
import trafficedu.feedback.views.notices
import trafficedu.feedback.views.policies
import trafficedu.feedback.views.policy
import trafficedu.films.views.films
import trafficedu.films.views.player
import trafficedu.hazards.views.browsing
import trafficedu.hazards.views.checks
import trafficedu.hazards.views.kinds
import trafficedu.hazards.views.queued
import trafficedu.hazards.views.reporting
import trafficedu.hazards.views.working
import trafficedu.helmets.views.counting
import trafficedu.helmets.views.results
import trafficedu.helmets.views.sites
import trafficedu.helmets.views.surveys
import trafficedu.issued.views
import trafficedu.lists.views
import trafficedu.messages.views
import trafficedu.outcomes.views.outcomes
import trafficedu.outcomes.views.signing
import trafficedu.overview.views.browsing
import trafficedu.overview.views.listing
import trafficedu.overview.views.screen
import trafficedu.patrols.views
import trafficedu.points.views.browsing
import trafficedu.points.views.catalogue
import trafficedu.points.views.recording
import trafficedu.public.views.papers
import trafficedu.public.views.rider
import trafficedu.quizzes.views.bank
import trafficedu.quizzes.views.exchange
import trafficedu.quizzes.views.phone
import trafficedu.quizzes.views.tablet
import trafficedu.reaching.views.days
import trafficedu.reaching.views.messages
import trafficedu.riders.views.lookups
import trafficedu.riders.views.people
import trafficedu.stations.views
import trafficedu.transfers.views.corrections
import trafficedu.transfers.views.files
import trafficedu.transfers.views.headings
import trafficedu.transfers.views.jobs
import trafficedu.transfers.views.mappings
import trafficedu.transfers.views.runs
import trafficedu.violations.views.browsing
import trafficedu.violations.views.catalogue
import trafficedu.violations.views.companies
import trafficedu.violations.views.correcting
import trafficedu.violations.views.deciding
import trafficedu.violations.views.doubles
import trafficedu.violations.views.evidence
import trafficedu.violations.views.inbox
import trafficedu.violations.views.looking_up
import trafficedu.violations.views.queued
import trafficedu.violations.views.recording
from trafficedu import figures
from trafficedu.accounts import queries as accounts
from trafficedu.core import (
    access,
    compression,
    database,
    health,
    installed,
    kept,
    lanes,
    list_views,
    logs,
    pages,
    proxies,
    security,
    web,
)
from trafficedu.core.settings import Settings, load_settings
from trafficedu.core.templates import KeptTemplates
from trafficedu.core.text import LOCALES
from trafficedu.core.tokens import MaskedProtection
from trafficedu.lists.queries import list_views as list_saved_views
from trafficedu.messages.rules import read_origins
from trafficedu.reaching.queries.gateway import gateway_of
from trafficedu.wiring.files import EXPORTERS, IMPORTERS
from trafficedu.wiring.handlers import HANDLERS
from trafficedu.wiring.papers import DOCUMENTS, REVOKED_AT
from trafficedu.wiring.screens import FOLLOWS, HOME, PANELS, TIMELINES

PAGES: Sequence[ModuleType] = [
    trafficedu.overview.views.browsing,
    trafficedu.overview.views.listing,
    trafficedu.overview.views.screen,
    trafficedu.public.views.rider,
    trafficedu.public.views.papers,
    trafficedu.accounts.views,
    trafficedu.areas.views,
    trafficedu.coverage.views,
    trafficedu.companies.views,
    trafficedu.stations.views,
    trafficedu.configuration.views,
    trafficedu.transfers.views.corrections,
    trafficedu.transfers.views.files,
    trafficedu.transfers.views.headings,
    trafficedu.transfers.views.jobs,
    trafficedu.transfers.views.mappings,
    trafficedu.transfers.views.runs,
    trafficedu.riders.views.people,
    trafficedu.riders.views.lookups,
    trafficedu.violations.views.browsing,
    trafficedu.violations.views.catalogue,
    trafficedu.violations.views.companies,
    trafficedu.violations.views.correcting,
    trafficedu.violations.views.deciding,
    trafficedu.violations.views.doubles,
    trafficedu.violations.views.evidence,
    trafficedu.violations.views.inbox,
    trafficedu.violations.views.looking_up,
    trafficedu.violations.views.recording,
    trafficedu.violations.views.queued,
    trafficedu.education.views.tasks,
    trafficedu.education.views.sessions,
    trafficedu.education.views.calendar,
    trafficedu.education.views.rooms,
    trafficedu.education.views.queueing,
    trafficedu.education.views.door,
    trafficedu.education.views.door_away,
    trafficedu.education.views.door_screen,
    trafficedu.education.views.study,
    trafficedu.education.views.photos,
    trafficedu.education.views.signing,
    trafficedu.education.views.closing,
    trafficedu.education.views.exceptions,
    trafficedu.education.views.courses,
    trafficedu.education.views.desk,
    trafficedu.quizzes.views.bank,
    trafficedu.quizzes.views.exchange,
    trafficedu.quizzes.views.phone,
    trafficedu.quizzes.views.tablet,
    trafficedu.feedback.views.notices,
    trafficedu.feedback.views.policies,
    trafficedu.feedback.views.policy,
    trafficedu.campaigns.views,
    trafficedu.escalation.views,
    trafficedu.evaluation.views.result,
    trafficedu.evaluation.views.results,
    trafficedu.evaluation.views.rule_sets,
    trafficedu.evaluation.views.runs,
    trafficedu.evaluation.views.trends,
    trafficedu.outcomes.views.outcomes,
    trafficedu.outcomes.views.signing,
    trafficedu.bulletin.views,
    trafficedu.accidents.views.browsing,
    trafficedu.accidents.views.deciding,
    trafficedu.accidents.views.recording,
    trafficedu.films.views.films,
    trafficedu.films.views.player,
    trafficedu.hazards.views.browsing,
    trafficedu.hazards.views.checks,
    trafficedu.hazards.views.kinds,
    trafficedu.hazards.views.queued,
    trafficedu.hazards.views.reporting,
    trafficedu.hazards.views.working,
    trafficedu.helmets.views.counting,
    trafficedu.helmets.views.results,
    trafficedu.helmets.views.sites,
    trafficedu.helmets.views.surveys,
    trafficedu.patrols.views,
    trafficedu.messages.views,
    trafficedu.reaching.views.messages,
    trafficedu.reaching.views.days,
    trafficedu.issued.views,
    trafficedu.lists.views,
    trafficedu.points.views.browsing,
    trafficedu.points.views.catalogue,
    trafficedu.points.views.recording,
]
"""The modules whose routes are served: importing one puts its routes on ``pages``, the blueprint of its feature."""

NAVIGATION = [
    pages.NavigationGroup(
        _l("On the road"),
        [
            pages.NavigationItem("violations.record", _l("Record a violation"), "violations:violation:record"),
            pages.NavigationItem("violations.index", _l("Violation records"), "violations:violation:read"),
            pages.NavigationItem("violations.inbox", _l("Decisions waiting"), "violations:violation:review"),
            pages.NavigationItem("violations.unnamed", _l("To be identified"), "violations:violation:record"),
            pages.NavigationItem("accidents.index", _l("Accidents"), "accidents:accident:read"),
            pages.NavigationItem("hazards.index", _l("Hazards"), "hazards:hazard:read"),
            pages.NavigationItem("helmets.results", _l("Helmets"), "helmets:survey:read"),
            pages.NavigationItem("helmets.sites", _l("Counting sites"), "helmets:site:manage"),
            pages.NavigationItem("patrols.index", _l("Patrols"), "patrols:patrol:read"),
        ],
    ),
    pages.NavigationGroup(
        _l("Study and answers"),
        [
            pages.NavigationItem("desk.find", _l("Rider at the desk"), "education:session:check_in"),
            pages.NavigationItem("education.tasks", _l("Study tasks"), "education:task:read"),
            pages.NavigationItem(
                "sessions.sessions", _l("Sessions"), "education:session:read", also=["calendar.calendar"]
            ),
            pages.NavigationItem("reaching.messages", _l("Messages to riders"), "reaching:message:read"),
            pages.NavigationItem("rooms.board_now", _l("Who is where"), "education:session:check_in"),
            pages.NavigationItem("quizzes.index", _l("Quiz questions"), "quizzes:question:read"),
            pages.NavigationItem("films.index", _l("Films"), "films:film:read"),
            pages.NavigationItem("exceptions.index", _l("Exceptions"), "education:exception:grant"),
            pages.NavigationItem("feedback.notices", _l("Notices"), "feedback:notice:read"),
            pages.NavigationItem("violations.named_riders", _l("Riders to confirm"), "violations:company:confirm"),
            pages.NavigationItem("messages.inbox", _l("Messages"), "messages:inbox:read"),
            pages.NavigationItem("transfers.job_list", _l("Background jobs"), "transfers:job:read"),
        ],
    ),
    pages.NavigationGroup(
        _l("Analysis"),
        [
            pages.NavigationItem("overview.screen", _l("At a glance"), "overview:page:read"),
            pages.NavigationItem("overview.overview", _l("Overview"), "overview:page:read"),
            pages.NavigationItem("evaluation.index", _l("Five colours"), "evaluation:result:read"),
            pages.NavigationItem("overview.lists", _l("Red-yellow-black list"), "overview:list:read"),
            pages.NavigationItem("evaluation.trends", _l("Trends"), "evaluation:trend:read"),
            pages.NavigationItem("outcomes.outcomes", _l("Outcome of education"), "outcomes:study:read"),
            pages.NavigationItem("bulletin.index", _l("Monthly bulletin"), "bulletin:bulletin:read"),
            pages.NavigationItem("bulletin.scorecards", _l("Scorecards"), "bulletin:scorecard:read"),
            pages.NavigationItem("campaigns.index", _l("Campaigns"), "campaigns:campaign:read"),
            pages.NavigationItem("points.balances", _l("Safety points"), "points:entry:read"),
            pages.NavigationItem("coverage.index", _l("Reported months"), "coverage:month:read"),
        ],
    ),
    pages.NavigationGroup(
        _l("People and places"),
        [
            pages.NavigationItem("riders.index", _l("Riders"), "riders:rider:read"),
            pages.NavigationItem("riders.look_ups", _l("Look-ups of riders"), "riders:lookup:review"),
            pages.NavigationItem("companies.index", _l("Companies"), "companies:company:read"),
            pages.NavigationItem("stations.index", _l("Stations"), "stations:station:read"),
            pages.NavigationItem("areas.index", _l("Areas"), "areas:area:read"),
        ],
    ),
    pages.NavigationGroup(
        _l("Administration"),
        [
            pages.NavigationItem("transfers.index", _l("Import and export"), "transfers:page:open"),
            pages.NavigationItem("violations.kinds", _l("Kinds of violation"), "violations:kind:manage"),
            pages.NavigationItem("hazards.kinds", _l("Kinds of hazard"), "hazards:kind:manage"),
            pages.NavigationItem("courses.courses", _l("Courses"), "education:course:manage"),
            pages.NavigationItem("points.activities", _l("Point activities"), "points:activity:manage"),
            pages.NavigationItem("feedback.policy", _l("Escalation policy"), "feedback:policy:read"),
            pages.NavigationItem("configuration.index", _l("Configuration"), "configuration:figure:manage"),
            pages.NavigationItem("accounts.users", _l("Users"), "accounts:user:manage"),
            pages.NavigationItem("messages.deliveries", _l("Delivery log"), "messages:delivery:read"),
            pages.NavigationItem("accounts.audit_trail", _l("Audit trail"), "accounts:audit:read"),
        ],
    ),
]
"""The main menu in its order; an item shows to those who hold its permission, a heading where something is below it."""


KEPT_PAGES = [
    installed.KeptPage("violations.record", "violations.kept_record", "kerb.js", "record", "violations.queued"),
    installed.KeptPage("helmets.count", "helmets.kept_page", "counting.js"),
    installed.KeptPage("hazards.new", "hazards.kept_new", "hazard.js", "hazard", "hazards.queued"),
    installed.KeptPage("patrols.now", "patrols.kept_now", "patrol.js", "patrol", "patrols.queued"),
    installed.KeptPage(
        "door.today", "door.kept_today", "door.js", "arrival", "door.queued", r"/sessions/[^/]+/check-in"
    ),
]
"""Pages that open on a phone without a network; the first is the one behind the sign on its first screen."""


SESSION_LIFETIME = timedelta(hours=12)
"""A shift: a cookie that was copied, or a phone that was lost, opens nothing the next day."""


JOB_WAIT_SECONDS = 2.0
"""How long a page waits for a job that was just asked for, before it leads to the page that says how far it is."""


def _read_what_others_gave(settings: Settings) -> None:
    """Read the settings of foreign servers: a malformed one is told at the start, not to the first user."""
    read_origins(settings.push_servers)
    gateway_of(settings)


def create_app(settings: Settings | None = None, overrides: Mapping[str, Any] | None = None) -> Flask:
    """Build the application.

    Parameters
    ----------
    settings
        Default: from the environment and ``settings.cfg``.
    overrides
        Flask configuration for tests.
    """
    settings = settings or load_settings(begin=False)
    _read_what_others_gave(settings)
    app = Flask(__name__, template_folder=str(_template_folder()), static_folder="static")
    app.config.update(
        SECRET_KEY=settings.secret_key,
        MAX_CONTENT_LENGTH=settings.max_upload_mb * 1024 * 1024,
        MAX_FORM_MEMORY_SIZE=2 * 1024 * 1024,
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SECURE=settings.secure_cookies,
        SESSION_COOKIE_NAME="trafficedu",
        PERMANENT_SESSION_LIFETIME=SESSION_LIFETIME,
        BABEL_DEFAULT_LOCALE=settings.locale,
        BABEL_DEFAULT_TIMEZONE="Asia/Shanghai",
        BABEL_TRANSLATION_DIRECTORIES=str(Path(__file__).parent / "locale"),
        WTF_CSRF_TIME_LIMIT=None,
        JOB_WAIT_SECONDS=JOB_WAIT_SECONDS,
    )
    app.config.update(overrides or {})
    _init_templates(app, settings)
    compression.init_static(app, https=settings.secure_cookies)
    proxies.init_proxies(app, settings)
    logs.init_logs(app)
    health.init_health(app)
    lanes.init_lanes(app, settings)
    database.init_database(app, settings, HANDLERS, figures.COVERED)
    web.Languages(app, locale_selector=_choose_locale)
    access.init_access(app, accounts.load_actor)
    MaskedProtection(app)
    security.init_security(app, https=settings.secure_cookies)
    told = (DOCUMENTS, REVOKED_AT, TIMELINES, FOLLOWS)
    web.init_web(app, web.Tables(HOME, PANELS, IMPORTERS, EXPORTERS, *told))
    kept.init_kept(app)
    pages.init_pages(app, NAVIGATION, accounts.names_of)
    installed.init_installed(app, KEPT_PAGES)
    compression.init_compression(app)
    for blueprint in dict.fromkeys(module.pages for module in PAGES):
        app.register_blueprint(blueprint)
    return app


def _init_templates(app: Flask, settings: Settings) -> None:
    """Let an undefined name in a template raise, keep what templates are compiled to, and give them lists."""
    app.jinja_env.undefined = StrictUndefined
    app.jinja_env.bytecode_cache = KeptTemplates(settings.instance / "templates")
    list_views.init_lists(app, list_saved_views)


def _template_folder() -> Path:
    """Return ``templates/`` of the checkout, or the copy that the wheel carries inside the package."""
    inside = Path(__file__).parent / "templates"
    return inside if inside.is_dir() else Path(__file__).parents[1] / "templates"


def _choose_locale() -> str:
    """Take ``?lang=``, what was chosen, the account's, the phone's where a view is of phones, or the installation's."""
    if (chosen := request.args.get("lang") or cookie.get("locale")) in LOCALES:
        return str(chosen)
    if (who := access.actor()).user_id is not None:
        return who.locale
    usual = str(current_app.config["BABEL_DEFAULT_LOCALE"])
    of_phone = hasattr(current_app.view_functions.get(request.endpoint or ""), "of_phone")
    return (of_phone and request.accept_languages.best_match(LOCALES)) or usual
