"""Tables: kinds and records; what is asked and decided about a record."""
