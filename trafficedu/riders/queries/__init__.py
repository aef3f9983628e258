"""Reads of riders, their plates and their engagements; scope is applied here."""
