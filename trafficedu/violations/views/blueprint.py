"""The one blueprint that the pages of violations share."""

from flask import Blueprint

pages = Blueprint("violations", __name__)
