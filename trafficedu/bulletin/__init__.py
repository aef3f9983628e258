"""The month on paper: the bulletin, the scorecard, the indicators handed on. Joins features; owns no table."""
