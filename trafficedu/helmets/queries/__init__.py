"""Reads of sites and plans, of surveys, and of rates."""
