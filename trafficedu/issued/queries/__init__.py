"""Reads of issued documents."""
