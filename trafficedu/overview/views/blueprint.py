"""The blueprint of the first screen, the overview, the one screen and the red-yellow-black list."""

from flask import Blueprint

pages = Blueprint("overview", __name__)
