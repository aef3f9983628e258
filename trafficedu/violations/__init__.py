"""Violations: recorded, reviewed, contested, voided; the catalogue of their kinds."""
