"""Reads behind the papers: what the features count, gathered for one area and month."""
