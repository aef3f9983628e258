"""Pages of study: tasks and certificates, sessions with check-in and sign-off, courses."""

from trafficedu.education.views.courses import pages as course_pages
from trafficedu.education.views.sessions import pages as session_pages
from trafficedu.education.views.study import pages as study_pages
from trafficedu.education.views.tasks import pages as task_pages

__all__ = ["course_pages", "session_pages", "study_pages", "task_pages"]
