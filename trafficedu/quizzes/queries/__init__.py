"""Reads of questions and attempts."""
