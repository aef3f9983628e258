"""Where the pages of riders hang."""

from flask import Blueprint

pages = Blueprint("riders", __name__)
