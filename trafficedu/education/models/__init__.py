"""Tables: courses and sessions; tasks, seats, what was studied, certificates."""
