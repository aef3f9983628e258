"""Pages of study: tasks and certificates, sessions with check-in and sign-off, courses."""
