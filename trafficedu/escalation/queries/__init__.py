"""Reads of what companies reach, of replays, and of the stops that a replay goes through."""
