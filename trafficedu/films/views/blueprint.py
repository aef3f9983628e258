"""The blueprint of films."""

from flask import Blueprint

pages = Blueprint("films", __name__)
