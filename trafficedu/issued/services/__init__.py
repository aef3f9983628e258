"""Issuing, replacing and revoking documents."""
