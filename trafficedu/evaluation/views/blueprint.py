"""The blueprint of evaluation."""

from __future__ import annotations

from flask import Blueprint

pages = Blueprint("evaluation", __name__, url_prefix="/evaluation")
