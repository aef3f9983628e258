"""The pages of transfers share one blueprint."""

from flask import Blueprint

pages = Blueprint("transfers", __name__)
