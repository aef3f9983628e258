"""The blueprint of outcomes and of signatures."""

from flask import Blueprint

pages = Blueprint("outcomes", __name__, url_prefix="/outcomes")
