"""Pages of evaluation: trends, the five colours of a month, one result explained, rule sets."""

from trafficedu.evaluation.views import results, rule_sets, runs, trends
from trafficedu.evaluation.views.blueprint import pages

__all__ = ["pages", "results", "rule_sets", "runs", "trends"]
