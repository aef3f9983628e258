"""Reads of films and of what was seen."""
