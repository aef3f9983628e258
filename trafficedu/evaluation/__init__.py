"""Evaluation: what the figures of the features say together, and how sure one can be of it."""
