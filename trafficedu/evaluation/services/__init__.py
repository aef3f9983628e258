"""Use cases of evaluation: rule sets, the monthly evaluation, and keeping the results of trends and effects."""
