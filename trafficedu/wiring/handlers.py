"""What happens after what: the handlers of every event. Whoever asks "what happens after X?" reads the answer here."""

from __future__ import annotations

from trafficedu.areas.events import OutlinesTried, TreeGrewUpwards
from trafficedu.core.events import Handlers
from trafficedu.core.jobs import JobEnded
from trafficedu.coverage.events import NilReportContradicted, SourceFellSilent
from trafficedu.education.events import (
    CertificateIssued,
    CheckedIn,
    RiderAbsent,
    SeatGiven,
    SeatGivenUp,
    SeatMoved,
    SessionCancelled,
    SessionMoved,
    TaskLeftOut,
)
from trafficedu.education.services import assignment, reminding
from trafficedu.evaluation.events import ColourCorrected, ColourWorsened, RunPublished
from trafficedu.evaluation.services.documents import mark_documents
from trafficedu.evaluation.services.telling import tell_corrected, tell_worsened
from trafficedu.feedback.services import notices
from trafficedu.feedback.services import papers as notice_papers
from trafficedu.feedback.services.telling import tell_decided
from trafficedu.films.services import watching
from trafficedu.hazards.events import CheckOverdue, HazardDueSoon, HazardOverdue, HazardVerified
from trafficedu.hazards.services.telling import tell_check_overdue, tell_due_soon, tell_overdue
from trafficedu.messages.services.missing import tell_contradicted, tell_silent
from trafficedu.messages.services.telling import tell_job_ended
from trafficedu.points.services import happenings
from trafficedu.public import services as receipts
from trafficedu.reaching.services import noting
from trafficedu.riders.events import EngagementsChanged, HomeVillageRecorded, LegalBasisRecorded
from trafficedu.settled import services as settling
from trafficedu.violations.events import (
    CompanySettled,
    ObjectionDecided,
    ReviewReopened,
    ToldApart,
    ViolationCorrected,
    ViolationEstablished,
    ViolationSigned,
    ViolationVoided,
)
from trafficedu.violations.services import companies as answering
from trafficedu.violations.services import doubles, plates
from trafficedu.violations.services import outlines as recorded_positions

HANDLERS: Handlers = {
    TreeGrewUpwards: [settling.unsettle_all],
    OutlinesTried: [recorded_positions.check_outlines],
    ViolationEstablished: [notices.queue_notice, assignment.assign_for_violation],
    ViolationCorrected: [
        answering.follow_day,
        assignment.follow_correction,
        notices.follow_correction,
        notice_papers.reissue_notice,
        receipts.reissue_receipt,
        plates.follow_correction,
        doubles.follow_correction,
    ],
    ViolationSigned: [notice_papers.reissue_notice, receipts.reissue_receipt],
    ViolationVoided: [
        doubles.follow_void,
        assignment.withdraw_violation,
        notices.withdraw_notice,
        notice_papers.revoke_notice,
        receipts.reissue_receipt,
        plates.take_back_voided,
        answering.end_what_began,
    ],
    ReviewReopened: [
        assignment.withdraw_violation,
        notices.withdraw_notice,
        notice_papers.revoke_notice,
        receipts.revoke_receipt,
    ],
    ObjectionDecided: [tell_decided],
    ToldApart: [assignment.tell_apart, notices.tell_apart],
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
    CheckedIn: [watching.credit_seen],
    SeatGiven: [noting.note_seat],
    SeatMoved: [noting.note_other_seat],
    SeatGivenUp: [noting.note_given_up],
    SessionMoved: [noting.note_moved],
    SessionCancelled: [noting.note_cancelled],
    CertificateIssued: [noting.note_certificate],
    RiderAbsent: [noting.note_missed, reminding.tell_missed],
    TaskLeftOut: [happenings.take_back_overdue],
    HazardVerified: [happenings.credit_fixed_hazard],
    HazardDueSoon: [tell_due_soon],
    HazardOverdue: [
        happenings.debit_overdue_hazard,
        tell_overdue,
    ],
    CheckOverdue: [tell_check_overdue],
    SourceFellSilent: [tell_silent],
    NilReportContradicted: [tell_contradicted],
    JobEnded: [tell_job_ended],
    RunPublished: [mark_documents],
    ColourCorrected: [tell_corrected],
    ColourWorsened: [tell_worsened],
}
"""EVENT -> handlers, run in this order in the transaction of the event."""
