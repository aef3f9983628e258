"""Forms of evaluation: trends and claims, results, rule sets."""
