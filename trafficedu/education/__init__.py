"""Study: tasks, courses, sessions, seats, attendance, sign-off and certificates."""
