"""Riders, their vehicles and their engagements with companies; the masking of who they are."""
