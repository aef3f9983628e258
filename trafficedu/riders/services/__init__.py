"""Use cases that change riders, their plates and engagements."""
