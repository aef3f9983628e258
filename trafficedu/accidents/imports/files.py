"""Import and export of accidents: the columns of the contract, one way in and the same way out."""

from trafficedu.accidents.imports.exporting import list_rows
from trafficedu.accidents.imports.taking import run
from trafficedu.core.tabular import Columns, Exporter, Importer

COLUMNS = Columns(
    (
        "reference",
        "occurred_at",
        "area_code",
        "place",
        "latitude",
        "longitude",
        "severity",
        "killed",
        "killed_30_days",
        "injured",
        "ebike_involved",
        "rider_helmet",
        "responsibility",
        "kinds",
    )
)

IMPORTER = Importer(COLUMNS, run, permission="accidents:accident:import")
EXPORTER = Exporter(COLUMNS, list_rows, permission="accidents:accident:export", monthly=True)
