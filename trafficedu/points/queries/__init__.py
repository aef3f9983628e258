"""Reads of points: the ledger, balances, activities, expectations. The scope is applied here."""
