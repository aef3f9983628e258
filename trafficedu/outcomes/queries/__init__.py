"""Reads of who studied and what came after, and of what was signed."""
