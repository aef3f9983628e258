"""Use cases of messages: push, read, keep channels, deliver."""
