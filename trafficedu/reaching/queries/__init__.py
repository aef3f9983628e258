"""Reads of messages to riders, of who is to be rung up, of how a rider is reached."""
