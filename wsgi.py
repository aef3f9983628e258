"""The entry point for WSGI servers: ``gunicorn wsgi:app``. Settings come from the environment."""

from trafficedu.app import create_app

app = create_app()
