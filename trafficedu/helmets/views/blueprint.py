"""The blueprint that the pages of this feature share."""

from __future__ import annotations

from flask import Blueprint

pages = Blueprint("helmets", __name__, url_prefix="/helmets")
