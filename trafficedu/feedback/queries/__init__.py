"""Reads of notices: who sees which, what the policy recommends, the rates."""
