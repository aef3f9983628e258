"""Reads of accidents: records, possible duplicates, figures; scope is applied here."""
