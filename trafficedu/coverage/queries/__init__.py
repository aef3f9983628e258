"""Reads of what is covered."""
