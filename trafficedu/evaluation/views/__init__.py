"""Pages of evaluation: trends, the five colours of a month, one result explained, rule sets."""
