"""The entry point for WSGI servers: ``gunicorn wsgi:app``. Settings come from the environment."""

from trafficedu.app import create_app
from trafficedu.core.modes import keep_private

keep_private()
app = create_app()
