"""Use cases that change areas and figures of registered e-bikes."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.orm import Session

from trafficedu.areas.imports import AREAS_IMPORTER
from trafficedu.areas.models import Area, RegisteredEBikes
from trafficedu.areas.queries import facts_by_code, find_figure, in_scope, list_ending_with
from trafficedu.areas.rules import PARENT_LEVEL, AreaFacts, check_place, check_successor
from trafficedu.core import audit, clock
from trafficedu.core.actors import SYSTEM, Actor
from trafficedu.core.errors import DomainError, Missing
from trafficedu.core.orm import expect_version, flush_or_refuse
from trafficedu.core.tabular import read_rows, silent
from trafficedu.core.text import message

SHIPPED = Path(__file__).parent.parent / "reference" / "areas.csv"
