"""The blueprint of this feature's pages."""

from flask import Blueprint

pages = Blueprint("reaching", __name__)
