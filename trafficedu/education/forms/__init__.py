"""Forms of study: sessions and their calendar, courses, studies and tasks."""
