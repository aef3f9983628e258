"""The one blueprint that the pages of receipts and of verification share."""

from flask import Blueprint

pages = Blueprint("public", __name__)
