"""Roles as sets of permissions, the shape of a good password, the limits of guessing. Pure.

A permission reads ``feature:resource:action``. Guards name permissions; roles exist only in this table (see
docs/architecture.md, "Who may do what").
"""

from __future__ import annotations

from datetime import timedelta

from trafficedu.core.states import Word
from trafficedu.core.text import message

MINIMUM_PASSWORD_LENGTH = 10
SAME_PLACE_FAILURES, SAME_PLACE_WINDOW = 5, timedelta(minutes=15)
ANY_PLACE_FAILURES, ANY_PLACE_WINDOW = 50, timedelta(minutes=5)
KNOWN_DEVICE = timedelta(days=90)


class Role(Word):
    """The kinds of user (docs: domain, "Who uses it"); the rider has no account."""

    OFFICER = "officer", message("officer")
    STATION = "station", message("station staff")
    COMPANY = "company", message("company contact")
    GRID = "grid", message("grid officer")
    SUPERVISOR = "supervisor", message("supervisor")
    LEADER = "leader", message("town or village leader")
    ANALYST = "analyst", message("analyst")
    ADMINISTRATOR = "administrator", message("administrator")


POST_OF = {
    Role.OFFICER: "area",
    Role.STATION: "station",
    Role.COMPANY: "company",
    Role.GRID: "area",
    Role.STATION: "station",
    Role.COMPANY: "company",
    Role.GRID: "area",
    Role.SUPERVISOR: "area",
    Role.LEADER: "area",
    Role.ANALYST: "area",
    Role.ADMINISTRATOR: "",
}
"""Which kind of post bounds what a role sees; the administrator sees configuration, not records."""

_READS_PLACES = {"areas:area:read", "stations:station:read"}
_READS_TRENDS = {"evaluation:trend:read", "evaluation:result:read", "evaluation:rule:read", "campaigns:campaign:read"}
_READS_OUTCOMES = {"outcomes:study:read", "outcomes:study:export"}
_EVALUATES = {"evaluation:run:manage", "evaluation:run:publish", "evaluation:rule:propose"}
_READS_FIGURES = {
    "hazards:hazard:read",
    "overview:page:read",
    "education:task:read",
    "education:session:read",
    "feedback:notice:read",
    "helmets:survey:read",
    "helmets:site:read",
}

_READS_COVERAGE = {"coverage:month:read", "coverage:month:report"}
_REPORTS_BY_FILE = {"coverage:month:import", "coverage:month:export"}
_READS_BULLETIN = {"bulletin:bulletin:read", "bulletin:scorecard:read"}
_READS_OWN_MESSAGES = {"messages:inbox:read", "messages:channel:manage"}
_READS_OWN_JOBS = {"transfers:job:read"}
_SAVES_OWN_VIEWS = {"lists:view:manage"}
_READS_DOCUMENTS = {"issued:document:read"}
_CORRECTS_DOCUMENTS = {"issued:document:correct"}

PERMISSIONS: dict[Role, frozenset[str]] = {
    Role.OFFICER: frozenset(
        {
            "hazards:hazard:report",
            "hazards:photo:add",
            "hazards:hazard:verify",
            "hazards:check:look",
            "accidents:accident:record",
            "accidents:accident:read",
            "accidents:rider:link",
            "violations:violation:record",
            "helmets:survey:record",
            "violations:violation:read",
            "riders:rider:read",
            "riders:rider:manage",
            "riders:identity:unmask",
            "areas:name:read",
            "companies:company:read",
            "evaluation:result:read",
            "education:certificate:read",
            "education:rider:read",
            "education:task:book",
            "patrols:patrol:record",
            "patrols:patrol:read",
        }
        | _READS_DOCUMENTS
        | _READS_PLACES
        | _READS_FIGURES
    ),
    Role.SUPERVISOR: frozenset(
        {
            "overview:list:read",
            "overview:list:decide",
            "hazards:hazard:report",
            "hazards:photo:add",
            "hazards:hazard:verify",
            "hazards:hazard:close",
            "hazards:hazard:void",
            "hazards:hazard:export",
            "hazards:check:look",
            "hazards:check:manage",
            "accidents:accident:record",
            "accidents:accident:read",
            "accidents:accident:void",
            "accidents:accident:import",
            "accidents:accident:export",
            "accidents:rider:link",
            "transfers:page:open",
            "transfers:correction:decide",
            "bulletin:indicators:export",
            "violations:violation:record",
            "violations:violation:read",
            "violations:violation:review",
            "violations:violation:void",
            "violations:company:decide",
            "violations:violation:import",
            "violations:violation:export",
            "violations:objection:decide",
            "violations:plate:decide",
            "feedback:policy:read",
            "escalation:replay:run",
            "helmets:survey:record",
            "helmets:survey:void",
            "helmets:survey:import",
            "helmets:site:manage",
            "riders:lookup:review",
            "riders:rider:read",
            "riders:rider:manage",
            "riders:rider:import",
            "riders:rider:export",
            "riders:identity:unmask",
            "riders:identity:export",
            "areas:name:read",
            "companies:company:read",
            "education:certificate:read",
            "education:rider:read",
            "education:task:book",
            "education:task:waive",
            "education:session:override",
            "education:session:take_back",
            "education:exception:grant",
            "quizzes:question:read",
            "quizzes:question:manage",
            "films:film:read",
            "films:film:manage",
            "reaching:message:read",
            "reaching:day:read",
            "patrols:patrol:read",
            "patrols:patrol:void",
            "points:entry:read",
            "points:entry:record",
            "points:entry:counter",
            "points:entry:import",
            "points:entry:export",
        }
        | _READS_DOCUMENTS
        | _CORRECTS_DOCUMENTS
        | _READS_BULLETIN
        | _READS_COVERAGE
        | _REPORTS_BY_FILE
        | _READS_PLACES
        | _READS_FIGURES
        | _READS_TRENDS
        | _READS_OUTCOMES
        | _EVALUATES
        | {"campaigns:campaign:manage", "evaluation:rule:release", "outcomes:signing:read"}
    ),
    Role.STATION: frozenset(
        {
            "education:task:read",
            "education:task:book",
            "education:session:read",
            "education:session:manage",
            "education:session:check_in",
            "education:session:complete",
            "education:session:override",
            "education:session:take_back",
            "education:task:waive",
            "education:certificate:read",
            "education:rider:read",
            "quizzes:question:read",
            "films:film:read",
            "reaching:message:read",
            "reaching:message:resend",
            "reaching:call:make",
            "reaching:contact:manage",
            "reaching:day:read",
            "reaching:day:issue",
            "stations:station:read",
            "stations:room:manage",
        }
        | _READS_DOCUMENTS
    ),
    Role.COMPANY: frozenset(
        {
            "feedback:notice:read",
            "bulletin:scorecard:read",
            "feedback:notice:answer",
            "feedback:rider:read",
            "violations:company:confirm",
            "companies:company:read",
        }
        | _READS_DOCUMENTS
    ),
    Role.GRID: frozenset(
        {
            "overview:list:read",
            "overview:list:protest",
            "hazards:hazard:read",
            "hazards:hazard:report",
            "hazards:photo:add",
            "hazards:hazard:fix",
            "hazards:check:look",
            "feedback:notice:read",
            "bulletin:scorecard:read",
            "feedback:notice:answer",
            "feedback:rider:read",
            "education:task:read",
            "education:rider:read_masked",
            "overview:page:read",
            "evaluation:result:read",
            "points:entry:read",
            "points:entry:record",
        }
        | _READS_DOCUMENTS
        | _READS_PLACES
    ),
    Role.LEADER: frozenset(
        {
            "accidents:accident:read",
            "feedback:notice:answer",
            "overview:list:read",
            "overview:list:protest",
            "hazards:hazard:plan",
            "hazards:photo:add",
            "hazards:hazard:fix",
            "hazards:hazard:close",
            "patrols:patrol:read",
            "points:entry:read",
            "points:entry:record",
            "points:entry:export",
        }
        | _READS_DOCUMENTS
        | _READS_BULLETIN
        | _READS_COVERAGE
        | _READS_PLACES
        | _READS_FIGURES
        | _READS_TRENDS
        | _READS_OUTCOMES
    ),
    Role.ANALYST: frozenset(
        {
            "overview:list:read",
            "overview:list:manage",
            "bulletin:paper:issue",
            "hazards:hazard:export",
            "hazards:check:manage",
            "accidents:accident:read",
            "accidents:accident:export",
            "overview:month:read",
            "transfers:page:open",
            "transfers:correction:decide",
            "bulletin:indicators:export",
            "violations:violation:read",
            "violations:violation:export",
            "feedback:policy:read",
            "escalation:replay:run",
            "areas:ebikes:manage",
            "companies:company:read",
            "patrols:patrol:read",
            "points:entry:read",
            "points:entry:export",
        }
        | _READS_DOCUMENTS
        | _CORRECTS_DOCUMENTS
        | _READS_BULLETIN
        | _READS_COVERAGE
        | _REPORTS_BY_FILE
        | _READS_PLACES
        | _READS_FIGURES
        | _READS_TRENDS
        | _READS_OUTCOMES
        | _EVALUATES
        | {"campaigns:campaign:manage"}
    ),
    Role.ADMINISTRATOR: frozenset(
        {
            "hazards:kind:manage",
            "transfers:page:open",
            "transfers:correction:decide",
            "transfers:job:oversee",
            "accounts:user:manage",
            "accounts:audit:read",
            "configuration:figure:manage",
            "configuration:run:read",
            "areas:area:manage",
            "areas:name:read",
            "areas:ebikes:manage",
            "companies:company:read",
            "companies:company:manage",
            "stations:station:manage",
            "stations:room:manage",
            "violations:kind:manage",
            "feedback:policy:manage",
            "feedback:policy:read",
            "escalation:replay:run",
            "education:course:manage",
            "quizzes:question:read",
            "quizzes:question:manage",
            "films:film:read",
            "films:film:manage",
            "helmets:site:read",
            "helmets:site:manage",
            "messages:delivery:read",
            "reaching:message:read",
            "reaching:gateway:test",
            "reaching:message:resend",
            "points:activity:manage",
            "points:expectation:manage",
        }
        | _READS_PLACES
    ),
}
PERMISSIONS = {
    role: held | _READS_OWN_MESSAGES | _READS_OWN_JOBS | _SAVES_OWN_VIEWS for role, held in PERMISSIONS.items()
}
ALL_PERMISSIONS = frozenset().union(*PERMISSIONS.values())


def password_fault(password: str, username: str) -> str | None:
    """Return what is wrong with a new password (``short``, ``name``, ``dull``), or None.

    Length counts most; composition rules are left out on purpose (NIST SP 800-63B, section 5.1.1.2).
    """
    if len(password) < MINIMUM_PASSWORD_LENGTH:
        return "short"
    if username.lower() in password.lower():
        return "name"
    if len(set(password)) < 4:
        return "dull"
    return None
