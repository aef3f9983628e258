"""The blueprint of accidents."""

from __future__ import annotations

from flask import Blueprint

pages = Blueprint("accidents", __name__, url_prefix="/accidents")
