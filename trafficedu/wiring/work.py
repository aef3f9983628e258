"""What ``trafficedu init`` loads, what the worker does in every round, what a background job does."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import Any

from sqlalchemy.orm import Session

from trafficedu.areas.imports import tree as areas_files
from trafficedu.bulletin import services as papers
from trafficedu.configuration import services as configuration
from trafficedu.configuration.services import Chore
from trafficedu.core import audit, job_queue, job_views, throttle
from trafficedu.core.transactions import written, written_in_parts
from trafficedu.core.work import Function
from trafficedu.coverage.services.looking import look_for_missing
from trafficedu.education.services import absence, certifying, courses, overbooking, pausing, seats
from trafficedu.escalation.services import replaying
from trafficedu.evaluation.services import alarms, fits, results, rule_sets, runs
from trafficedu.evidence.services import housekeeping
from trafficedu.feedback.services import closing, policies
from trafficedu.feedback.services import papers as notice_papers
from trafficedu.figures import FIGURES
from trafficedu.films.services import films
from trafficedu.hazards.services import kinds as hazard_kinds
from trafficedu.hazards.services import reminding
from trafficedu.issued.services import issuing
from trafficedu.lists import services as saved_views
from trafficedu.messages.services import channels, delivery
from trafficedu.messages.services.telling import tell_unfetched
from trafficedu.outcomes.services import keeping as outcomes
from trafficedu.points.services import catalogue, happenings
from trafficedu.public import services as receipts
from trafficedu.quizzes.services import attempts as quiz_attempts
from trafficedu.quizzes.services import bank as question_bank
from trafficedu.reaching.services import calling as rider_calling
from trafficedu.reaching.services import delivery as rider_messages
from trafficedu.reaching.services import reminding as rider_reminding
from trafficedu.riders.services import keys, lookups
from trafficedu.settled import services as settling
from trafficedu.transfers.services import jobs as transfers
from trafficedu.transfers.services import keeping
from trafficedu.transfers.services import keys as job_keys
from trafficedu.violations.services import keys as objection_keys
from trafficedu.violations.services import kinds as violation_kinds
from trafficedu.wiring.files import EXPORTERS, IMPORTERS

REFERENCE: Sequence[Callable[[Session, datetime], Any]] = [
    configuration.load_defaults,
    areas_files.load_shipped,
    areas_files.load_extents,
    violation_kinds.load_kinds,
    courses.load_courses,
    question_bank.load_shipped,
    films.load_shipped,
    policies.load_policy,
    rule_sets.load_shipped,
    catalogue.load_activities,
    hazard_kinds.load_kinds,
    happenings.take_back_left_out,
]
"""What ``trafficedu init`` loads, or mends after an update, in this order; each does nothing the second time."""

CHORES: Mapping[str, Chore] = {
    "pauses of absent riders ended": written_in_parts(pausing.bring_back),
    "waiting tasks seated": seats.book_waiting,
    "seats beyond capacity worked out": written_in_parts(overbooking.work_out),
    "absences noted": written_in_parts(absence.note_absent),
    "quizzes whose time is up ended": written_in_parts(quiz_attempts.close_overdue),
    "quiz modules of passed quizzes ended": written_in_parts(quiz_attempts.end_passed_modules),
    "unsigned studies closed": written_in_parts(absence.close_unsigned),
    "audit rows sealed": audit.seal,
    "notices beyond help closed": written(closing.close_beyond_help),
    "points of studies entered": happenings.enter_happenings,
    "trends computed": results.refresh_one,
    "alarms raised": alarms.raise_alarms,
    "hazards reminded of": written_in_parts(reminding.remind),
    "checks reminded of": written_in_parts(reminding.remind_checks),
    "months not reported looked for": look_for_missing,
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
    "riders' addresses brought under the current key": written_in_parts(rider_calling.reencrypt),
    "jobs brought under the current key": written_in_parts(job_keys.reencrypt),
    "corrections and runs brought under the current key": written_in_parts(keeping.reencrypt),
    "saved views kept in order": written_in_parts(saved_views.keep_in_order),
    "old look-ups forgotten": written(lookups.forget_old),
    "rows of old imports forgotten": written_in_parts(keeping.forget_traces),
    "documents brought under the current key": written_in_parts(issuing.reencrypt),
    "evidence compared with what names it": housekeeping.compare_one,
    "months settled": partial(settling.settle_due, figures=FIGURES),
    "settled months compared": partial(settling.compare_one, figures=FIGURES),
    "riders reminded of tomorrow": written_in_parts(rider_reminding.note_tomorrow),
    "messages to riders sent": rider_messages.deliver_due,
    "pushes sent": delivery.deliver_due,
}
"""What the worker does in every round, in this order: a change as a whole, or what looks long and declares its own."""

JOBS: Mapping[str, Function] = {
    job_views.PAGE_FILE: job_views.write_page_file,
    fits.FIT: fits.compute,
    replaying.REPLAY: replaying.compute,
    outcomes.JOB: outcomes.compute,
    papers.ISSUE_BULLETIN: papers.issue_bulletin,
    papers.ISSUE_SCORECARDS: papers.issue_scorecards,
    transfers.EXPORT: partial(transfers.write_table, EXPORTERS),
    transfers.TRIAL: partial(transfers.try_upload, IMPORTERS),
    transfers.IMPORT: partial(transfers.take_upload, IMPORTERS),
}
"""KIND -> what a background job of that kind does."""
