"""Reads of violations, their kinds and objections; scope is applied here."""
