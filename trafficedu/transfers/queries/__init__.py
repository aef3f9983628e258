"""Reads of background jobs, of runs of imports, and of what people corrected."""
