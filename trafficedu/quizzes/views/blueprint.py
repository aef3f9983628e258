"""The blueprints of the question bank and of the quiz itself."""

from flask import Blueprint

pages = Blueprint("quizzes", __name__)
"""The bank, and the station's tablet."""
