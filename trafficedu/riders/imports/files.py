"""Riders as a table: one row an engagement, or one row for a rider without any; keyed by the identity document.

An export masks number, name and phone, and a masked cell means "unchanged" when it comes in again. A masked
number cannot be a key, so the cell carries the rider's public number as well: ``990*************12#R0123456789A``.
With the permission for clear values the number itself stands there. An empty cell leaves what is known.
"""

from __future__ import annotations

from trafficedu.core.tabular import Columns, Exporter, Importer
from trafficedu.riders.imports.listing import list_rows
from trafficedu.riders.imports.taking import run_import

COLUMNS = Columns(
    (
        "id_type",
        "id_number",
        "name",
        "phone",
        "home_area_code",
        "company_code",
        "engaged_from",
        "engaged_to",
        "legal_basis",
    ),
    frozenset({"phone", "home_area_code", "company_code", "engaged_from", "engaged_to", "legal_basis"}),
)
IMPORTER = Importer(COLUMNS, run_import, "riders:rider:import")
EXPORTER = Exporter(COLUMNS, list_rows, "riders:rider:export", "riders:identity:export")
