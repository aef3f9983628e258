"""Use cases: keeping sites and drawing plans; taking in what was counted, once, and voiding what was wrong."""
