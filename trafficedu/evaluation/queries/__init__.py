"""Reads that join the features: monthly series by area, two periods compared, campaigns with their counts."""
