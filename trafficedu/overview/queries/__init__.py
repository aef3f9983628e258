"""Reads of the first screen and of the overview; they join what the features below count."""
