"""The one blueprint that the pages of notices and of the policy share."""

from flask import Blueprint

pages = Blueprint("feedback", __name__)
