"""Reads of patrols: who sees which, the list, the effort behind a count of violations."""
