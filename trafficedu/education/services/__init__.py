"""Use cases of study: assigning tasks, giving seats, holding sessions, studying, signing off, courses."""
