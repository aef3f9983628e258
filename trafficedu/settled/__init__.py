"""Sums of what is over, by area and month, kept up from what changes afterwards: what pages of figures read."""
