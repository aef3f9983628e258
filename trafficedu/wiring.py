"""What happens after what, which page shows whose panels, what can be imported: small tables, no framework.

The only place where features meet. Whoever asks "what happens after X?" reads the answer here.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import Any

from sqlalchemy.orm import Session

from trafficedu.accidents import panels as accidents_panels
from trafficedu.accidents.imports import files as accidents_files
from trafficedu.accidents.queries import monthly as accidents_monthly
from trafficedu.accounts.rules import Role
from trafficedu.areas.events import TreeGrewUpwards
from trafficedu.areas.imports import ebikes as ebikes_files
from trafficedu.areas.imports import tree as areas_files
from trafficedu.bulletin import imports as bulletin_files
from trafficedu.bulletin import services as papers
from trafficedu.companies import imports as companies_files
from trafficedu.configuration import panels as configuration_panels
from trafficedu.configuration import services as configuration
from trafficedu.configuration.services import Chore
from trafficedu.core import audit, job_queue, job_views, throttle
from trafficedu.core.events import Handlers
from trafficedu.core.jobs import JobEnded
from trafficedu.core.month import Month
from trafficedu.core.tabular import Exporter, Importer
from trafficedu.core.transactions import written, written_in_parts
from trafficedu.core.web import Panel
from trafficedu.core.work import Function
from trafficedu.education import panels as study_panels
from trafficedu.education.events import TaskLeftOut
from trafficedu.education.queries import monthly as studies_monthly
from trafficedu.education.queries.reoffence import COMPLETIONS, REOFFENCES
from trafficedu.education.services import absence, assignment, certifying, courses, rosters, seats
from trafficedu.evaluation import panels as evaluation_panels
from trafficedu.evaluation.events import ColourCorrected, ColourWorsened, RunPublished
from trafficedu.evaluation.services import alarms, fits, results, rule_sets, runs
from trafficedu.evaluation.services.documents import mark_documents
from trafficedu.evaluation.services.telling import tell_corrected, tell_worsened
from trafficedu.feedback import panels as feedback_panels
from trafficedu.feedback.queries import monthly as answers_monthly
from trafficedu.feedback.services import closing, notices, policy
from trafficedu.feedback.services import papers as notice_papers
from trafficedu.hazards import panels as hazards_panels
from trafficedu.hazards.events import CheckOverdue, HazardDueSoon, HazardOverdue, HazardVerified
from trafficedu.hazards.services import kinds as hazard_kinds
from trafficedu.hazards.services import papers as hazard_papers
from trafficedu.hazards.services import reminding
from trafficedu.hazards.services.telling import tell_check_overdue, tell_due_soon, tell_overdue
from trafficedu.helmets import imports as helmets_files
from trafficedu.helmets import panels as helmets_panels
from trafficedu.helmets.queries import monthly as helmets_monthly
from trafficedu.issued.rules import DocumentKind
from trafficedu.issued.services import issuing
from trafficedu.messages import panels as messages_panels
from trafficedu.messages.services import channels, delivery
from trafficedu.messages.services.telling import tell_job_ended, tell_unfetched
from trafficedu.overview import panels as overview_panels
from trafficedu.overview.queries.papers import list_now
from trafficedu.patrols import panels as patrols_panels
from trafficedu.patrols.queries import monthly as patrols_monthly
from trafficedu.points import imports as points_files
from trafficedu.points.queries import monthly as points_monthly
from trafficedu.points.services import catalogue, happenings
from trafficedu.public import panels as public_panels
from trafficedu.public import services as receipts
from trafficedu.public.queries import receipt_now
from trafficedu.riders.events import EngagementsChanged, HomeVillageRecorded, LegalBasisRecorded
from trafficedu.riders.imports import files as riders_files
from trafficedu.riders.services import keys
from trafficedu.settled import services as settling
from trafficedu.settled.models import Figure
from trafficedu.settled.triggers import watch
from trafficedu.stations import imports as stations_files
from trafficedu.transfers import panels as transfers_panels
from trafficedu.transfers.services import jobs as transfers
from trafficedu.transfers.services import keeping
from trafficedu.transfers.services import keys as job_keys
from trafficedu.violations import panels as violations
from trafficedu.violations.events import CompanySettled, ViolationCorrected, ViolationEstablished, ViolationVoided
from trafficedu.violations.imports import files as violations_files
from trafficedu.violations.queries import monthly as violations_monthly
from trafficedu.violations.services import companies as answering
from trafficedu.violations.services import keys as objection_keys
from trafficedu.violations.services import kinds as violation_kinds
from trafficedu.violations.services import plates

HANDLERS: Handlers = {
    TreeGrewUpwards: [settling.unsettle_all],
    ViolationEstablished: [
        notices.queue_notice,
        assignment.assign_for_violation,
    ],
    ViolationCorrected: [
        answering.follow_day,
        assignment.follow_correction,
        notices.follow_correction,
        notice_papers.reissue_notice,
        receipts.reissue_receipt,
        plates.follow_correction,
    ],
    ViolationVoided: [
        assignment.withdraw_violation,
        notices.withdraw_notice,
        notice_papers.revoke_notice,
        receipts.reissue_receipt,
        plates.take_back_voided,
        answering.end_what_began,
    ],
    CompanySettled: [assignment.follow_company, notices.readdress, notice_papers.revoke_of_earlier_receiver],
    EngagementsChanged: [
        answering.settle_open,
        notices.look_again,
    ],
    LegalBasisRecorded: [notices.release_held],
    HomeVillageRecorded: [
        assignment.follow_home,
        notices.release_to_village,
    ],
    TaskLeftOut: [happenings.take_back_overdue],
    HazardVerified: [
        happenings.credit_fixed_hazard,
    ],
    HazardDueSoon: [tell_due_soon],
    HazardOverdue: [
        happenings.debit_overdue_hazard,
        tell_overdue,
    ],
    CheckOverdue: [tell_check_overdue],
    JobEnded: [
        tell_job_ended,
    ],
    RunPublished: [
        mark_documents,
    ],
    ColourCorrected: [
        tell_corrected,
    ],
    ColourWorsened: [
        tell_worsened,
    ],
}
"""EVENT -> handlers, run in this order in the transaction of the event."""

HOME: Mapping[Role, Sequence[Panel]] = {
    Role.OFFICER: [
        violations.own_day,
        violations.unnamed_due,
        helmets_panels.count_key,
        patrols_panels.patrol_key,
        messages_panels.inbox,
        evaluation_panels.own_colour,
        hazards_panels.to_verify,
    ],
    Role.SUPERVISOR: [
        helmets_panels.count_key,
        messages_panels.inbox,
        violations.reviews_due,
        violations.unnamed_due,
        violations.objections_due,
        violations.plates_due,
        violations.companies_due,
        study_panels.to_decide,
        accidents_panels.duplicates_due,
        transfers_panels.to_decide,
        evaluation_panels.own_colour,
        hazards_panels.to_verify,
    ],
    Role.STATION: [
        messages_panels.inbox,
        study_panels.at_the_station,
    ],
    Role.COMPANY: [
        messages_panels.inbox,
        violations.named_to_us,
        feedback_panels.unanswered,
    ],
    Role.GRID: [
        messages_panels.inbox,
        evaluation_panels.own_colour,
        feedback_panels.unanswered,
        study_panels.overdue_here,
        hazards_panels.open_here,
    ],
    Role.LEADER: [
        messages_panels.inbox,
        evaluation_panels.own_colour,
        overview_panels.own_villages,
        feedback_panels.unanswered,
        hazards_panels.to_plan,
    ],
    Role.ANALYST: [
        messages_panels.inbox,
        evaluation_panels.own_colour,
        overview_panels.last_month,
    ],
    Role.ADMINISTRATOR: [
        messages_panels.inbox,
        configuration_panels.unsafe,
        configuration_panels.worker,
        configuration_panels.failed_imports,
        transfers_panels.to_decide,
        configuration_panels.calendar,
        violations.kinds_ending,
    ],
}
"""ROLE -> what its first screen shows, from above; a panel returns "" where it has nothing to say."""

PANELS: Mapping[str, Sequence[Panel]] = {
    "violations.recorded": [
        study_panels.study,
        feedback_panels.of_violation,
    ],
    "violations.show": [
        study_panels.study,
        feedback_panels.of_violation,
        public_panels.documents_of,
    ],
    "riders.show": [
        transfers_panels.corrections_of("rider"),
        violations.of_rider,
        study_panels.of_rider,
        feedback_panels.of_rider,
    ],
    "riders.vehicle": [violations.of_plate],
    "companies.show": [
        transfers_panels.corrections_of("company"),
        violations.of_company,
        feedback_panels.of_company,
    ],
    "stations.show": [
        transfers_panels.corrections_of("station"),
        study_panels.of_station,
    ],
    "notices.show": [overview_panels.study_of_notice],
    "campaigns.show": [evaluation_panels.effect],
    "areas.show": [transfers_panels.corrections_of("area")],
    "hazards.show": [],
    "accidents.show": [
        transfers_panels.corrections_of("accident"),
        overview_panels.educated_before,
    ],
    "overview": [
        patrols_panels.effort_of_area,
        accidents_panels.accidents_of_area,
        helmets_panels.rate_of_area,
    ],
}
"""PAGE -> panels of higher features, shown in this order; a panel returns "" where it has nothing to say."""

REFERENCE: Sequence[Callable[[Session, datetime], Any]] = [
    configuration.load_defaults,
    areas_files.load_shipped,
    areas_files.load_extents,
    violation_kinds.load_kinds,
    courses.load_courses,
    policy.load_policy,
    rule_sets.load_shipped,
    catalogue.load_activities,
    hazard_kinds.load_kinds,
    happenings.take_back_left_out,
]
"""What ``trafficedu init`` loads, or mends after an update, in this order; each does nothing the second time."""

FIGURES: Sequence[Figure] = [
    violations_monthly.FIGURE,
    violations_monthly.HOURS,
    violations_monthly.COMPANIES,
    studies_monthly.FIGURE,
    answers_monthly.FIGURE,
    answers_monthly.OF_COMPANIES,
    COMPLETIONS,
    REOFFENCES,
    accidents_monthly.FIGURE,
    patrols_monthly.FIGURE,
    points_monthly.OF_AREAS,
    points_monthly.OF_COMPANIES,
    helmets_monthly.FIGURE,
    helmets_monthly.OF_CELLS,
]
"""What is settled month by month (``settled``)."""
watch(FIGURES)

CHORES: Mapping[str, Chore] = {
    "waiting tasks seated": seats.book_waiting,
    "absences noted": written_in_parts(absence.note_absent),
    "unsigned studies closed": written_in_parts(absence.close_unsigned),
    "audit rows sealed": audit.seal,
    "notices beyond help closed": written(closing.close_beyond_help),
    "points of studies entered": happenings.enter_happenings,
    "trends computed": results.refresh_one,
    "alarms raised": alarms.raise_alarms,
    "hazards reminded of": written_in_parts(reminding.remind),
    "checks reminded of": written_in_parts(reminding.remind_checks),
    "months evaluated": runs.evaluate_due,
    "expired locks forgotten": written(throttle.forget_expired),
    "results of jobs forgotten": written(job_queue.forget_expired),
    "uploads forgotten": transfers.forget_uploads,
    "results that nobody fetched told of": written(tell_unfetched),
    "certificates of before kept as documents": written_in_parts(certifying.carry_over_certificates),
    "receipts kept as documents": written_in_parts(receipts.keep_due),
    "notices kept as documents": written_in_parts(notice_papers.keep_sent),
    "riders brought under the current key": written_in_parts(keys.reencrypt),
    "objections and persons brought under the current key": written_in_parts(objection_keys.reencrypt),
    "channels brought under the current key": written_in_parts(channels.reencrypt),
    "jobs brought under the current key": written_in_parts(job_keys.reencrypt),
    "corrections and runs brought under the current key": written_in_parts(keeping.reencrypt),
    "rows of old imports forgotten": written_in_parts(keeping.forget_traces),
    "documents brought under the current key": written_in_parts(issuing.reencrypt),
    "months settled": partial(settling.settle_due, figures=FIGURES),
    "settled months compared": partial(settling.compare_one, figures=FIGURES),
    "pushes sent": delivery.deliver_due,
}
"""What the worker does in every round, in this order: a change as a whole, or what looks long and declares its own."""

IMPORTERS: Mapping[str, Importer] = {
    "areas": areas_files.IMPORTER,
    "ebikes": ebikes_files.IMPORTER,
    "companies": companies_files.IMPORTER,
    "stations": stations_files.IMPORTER,
    "helmets": helmets_files.IMPORTER,
    "violations": violations_files.IMPORTER,
    "riders": riders_files.IMPORTER,
    "accidents": accidents_files.IMPORTER,
    "points": points_files.IMPORTER,
}
"""KIND -> what ``trafficedu import`` and the page of imports do with a file of that kind."""

EXPORTERS: Mapping[str, Exporter] = {
    "areas": areas_files.EXPORTER,
    "ebikes": ebikes_files.EXPORTER,
    "companies": companies_files.EXPORTER,
    "stations": stations_files.EXPORTER,
    "helmets": helmets_files.EXPORTER,
    "violations": violations_files.EXPORTER,
    "riders": riders_files.EXPORTER,
    "accidents": accidents_files.EXPORTER,
    "indicators": bulletin_files.INDICATORS_EXPORTER,
    "points": points_files.EXPORTER,
}
"""KIND -> what ``trafficedu export`` and the page write; the same columns as the import, where there is one."""

JOBS: Mapping[str, Function] = {
    job_views.PAGE_FILE: job_views.write_page_file,
    fits.FIT: fits.compute,
    papers.ISSUE_BULLETIN: papers.issue_bulletin,
    papers.ISSUE_SCORECARDS: papers.issue_scorecards,
    transfers.EXPORT: partial(transfers.write_table, EXPORTERS),
    transfers.TRIAL: partial(transfers.try_upload, IMPORTERS),
    transfers.IMPORT: partial(transfers.take_upload, IMPORTERS),
}
"""KIND -> what a background job of that kind does."""

DOCUMENTS: Mapping[DocumentKind, Callable[[Session, str, datetime], issuing.NewDocument]] = {
    DocumentKind.CERTIFICATE: certifying.certificate_now,
    DocumentKind.RECEIPT: receipt_now,
    DocumentKind.NOTICE: notice_papers.notice_now,
    DocumentKind.HAZARD: hazard_papers.plan_now,
    DocumentKind.ROSTER: rosters.roster_now,
    DocumentKind.BULLETIN: papers.bulletin_now,
    DocumentKind.SCORECARD: papers.scorecard_now,
    DocumentKind.INDICATORS: papers.indicators_now,
    DocumentKind.VILLAGE_LIST: list_now,
}
"""KIND -> what a document of a record would say were it issued now: what an issued one is compared with."""

REVOKED_AT: Mapping[DocumentKind, Callable[[Session, str], str]] = {
    DocumentKind.CERTIFICATE: certifying.revoked_at,
}
"""KIND -> the page on which a document of it is revoked because its record has to follow; any other on its own page."""

REPORTS: Mapping[str, Callable[[Session, str, str, datetime], bytes]] = {
    "certificate": certifying.render_certificate,
    "receipt": receipts.render_receipt,
    "roster": rosters.render_any,
    "hazard": hazard_papers.render_any,
    "notice": notice_papers.render_notice,
}
"""KIND -> what ``trafficedu report`` renders as PDF from a public number, in a language."""

MONTHLY_REPORTS: Mapping[str, Mapping[str, Callable[[Session, Month, str, str, datetime], bytes]]] = {
    "bulletin": {".pdf": papers.render_bulletin, ".xlsx": papers.render_annex},
    "scorecard": {".pdf": papers.render_scorecard},
}
"""KIND -> ending of the file -> what ``trafficedu report`` renders of a month and the code of an area or company."""
