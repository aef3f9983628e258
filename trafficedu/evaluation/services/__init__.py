"""Use cases of evaluation: rule sets, the monthly evaluation, and keeping the results of trends and effects."""

from trafficedu.evaluation.services.alarms import alarms_of, raise_alarms, read_alarms
from trafficedu.evaluation.services.checking import Check, check_month
from trafficedu.evaluation.services.printing import as_json, check_in_words, summary
from trafficedu.evaluation.services.results import Answer, effect_of, refresh_one, trend_of
from trafficedu.evaluation.services.rule_sets import (
    RuleFaults,
    RuleSetInput,
    change_rule_set,
    discard_rule_set,
    draft_rule_set,
    earliest_month,
    load_shipped,
    release_rule_set,
)
from trafficedu.evaluation.services.runs import evaluate, evaluate_due, month_text, publish_run
from trafficedu.evaluation.services.telling import tell_worsened
from trafficedu.evaluation.services.trials import Trial, TrialRow, try_rules

__all__ = [
    "Answer",
    "Check",
    "RuleFaults",
    "RuleSetInput",
    "Trial",
    "TrialRow",
    "alarms_of",
    "as_json",
    "change_rule_set",
    "check_in_words",
    "check_month",
    "discard_rule_set",
    "draft_rule_set",
    "earliest_month",
    "effect_of",
    "evaluate",
    "evaluate_due",
    "load_shipped",
    "month_text",
    "publish_run",
    "raise_alarms",
    "read_alarms",
    "refresh_one",
    "release_rule_set",
    "summary",
    "tell_worsened",
    "trend_of",
    "try_rules",
]
