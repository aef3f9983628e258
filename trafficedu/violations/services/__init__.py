"""Use cases that change violations: recorded, reviewed, contested, voided; and the catalogue of their kinds."""
