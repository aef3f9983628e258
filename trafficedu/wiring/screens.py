"""What the first screen of each role shows, which page shows whose panels, and who tells its time line."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from trafficedu.accidents import panels as accidents_panels
from trafficedu.accounts.rules import Role
from trafficedu.configuration import panels as configuration_panels
from trafficedu.core.passages import Teller
from trafficedu.core.row_acts import Followers
from trafficedu.core.web import Panel
from trafficedu.coverage import panels as coverage_panels
from trafficedu.education import panels as study_panels
from trafficedu.education.queries import timeline as study_timeline
from trafficedu.escalation import panels as escalation_panels
from trafficedu.evaluation import panels as evaluation_panels
from trafficedu.evidence import panels as evidence_panels
from trafficedu.feedback import panels as feedback_panels
from trafficedu.feedback.queries import timeline as feedback_timeline
from trafficedu.films import panels as films_panels
from trafficedu.hazards import panels as hazards_panels
from trafficedu.helmets import panels as helmets_panels
from trafficedu.messages import panels as messages_panels
from trafficedu.outcomes import panels as outcomes_panels
from trafficedu.overview import panels as overview_panels
from trafficedu.patrols import panels as patrols_panels
from trafficedu.public import panels as public_panels
from trafficedu.public import queries as papers
from trafficedu.quizzes import panels as quiz_panels
from trafficedu.reaching import panels as reaching_panels
from trafficedu.riders import panels as riders_panels
from trafficedu.transfers import panels as transfers_panels
from trafficedu.violations import panels as violations
from trafficedu.violations.queries import objections
from trafficedu.violations.queries import timeline as violations_timeline

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
        coverage_panels.missing,
        violations.inbox_due,
        riders_panels.unusual_look_ups,
        study_panels.to_decide,
        outcomes_panels.standing_out,
        accidents_panels.duplicates_due,
        transfers_panels.to_decide,
        evaluation_panels.own_colour,
        hazards_panels.to_verify,
    ],
    Role.STATION: [
        study_panels.at_the_station,
        reaching_panels.to_call,
        messages_panels.inbox,
    ],
    Role.COMPANY: [
        messages_panels.inbox,
        violations.named_to_us,
        feedback_panels.unanswered,
        feedback_panels.answered,
    ],
    Role.GRID: [
        feedback_panels.unanswered,
        hazards_panels.open_here,
        study_panels.overdue_here,
        feedback_panels.answered,
        evaluation_panels.own_colour,
        messages_panels.inbox,
    ],
    Role.LEADER: [
        feedback_panels.unanswered,
        hazards_panels.to_plan,
        coverage_panels.missing,
        feedback_panels.answered,
        evaluation_panels.own_colour,
        overview_panels.own_villages,
        messages_panels.inbox,
    ],
    Role.ANALYST: [
        coverage_panels.missing,
        overview_panels.last_month,
        evaluation_panels.own_colour,
        messages_panels.inbox,
    ],
    Role.ADMINISTRATOR: [
        messages_panels.inbox,
        configuration_panels.unsafe,
        evidence_panels.missing,
        configuration_panels.worker,
        configuration_panels.failed_imports,
        transfers_panels.to_decide,
        configuration_panels.calendar,
        violations.kinds_ending,
    ],
}
"""ROLE -> what its first screen shows, from above; a panel returns "" where it has nothing to say."""

PANELS: Mapping[str, Sequence[Panel]] = {
    "violations.card": [feedback_panels.advice_before],
    "violations.record": [study_panels.open_task, feedback_panels.advice_before],
    "violations.answer": [public_panels.answer, feedback_panels.advice_of],
    "violations.recorded": [
        study_panels.study,
        feedback_panels.of_violation,
    ],
    "violations.show": [
        study_panels.study,
        feedback_panels.of_violation,
        public_panels.documents_of,
    ],
    "violations.inbox": [
        study_panels.study,
        feedback_panels.of_violation,
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
        escalation_panels.of_company,
    ],
    "feedback.policy": [escalation_panels.replays, escalation_panels.called_in],
    "feedback.choice": [escalation_panels.of_choice],
    "feedback.draft": [escalation_panels.of_draft],
    "education.task": [reaching_panels.of_task],
    "sessions.session": [reaching_panels.of_session],
    "stations.show": [
        transfers_panels.corrections_of("station"),
        study_panels.of_station,
    ],
    "study.card": [films_panels.of_card, quiz_panels.of_card],
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
        overview_panels.accidents_of_area,
        helmets_panels.rate_of_area,
    ],
}
"""PAGE -> panels of higher features, shown in this order; a panel returns "" where it has nothing to say."""

TIMELINES: Mapping[str, Sequence[Teller]] = {
    "violations.show": [
        violations_timeline.of_record,
        feedback_timeline.of_violation,
        study_timeline.of_violation,
        papers.tell_papers,
    ],
}
"""PAGE -> who tells what happened to its record; what was at the same moment stands in this order."""

FOLLOWS: Mapping[str, Sequence[Followers]] = {
    "violations.confirm": [violations_timeline.after_confirming],
    "violations.void": [objections.after_voiding, feedback_timeline.after_voiding, study_timeline.after_voiding],
}
"""ACT on many rows of a list -> what follows for each in the features."""
