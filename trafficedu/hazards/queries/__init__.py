"""Reads of hazards: records, photos, figures by tier and month, rolling checks, the sheet; scope is applied here."""
