"""Pages of hazards: the report, the list, one hazard from plan to verification, overdue by tier, rolling checks."""
