"""Import and export of violations: the columns of the contract, one way in and the same way out."""

from trafficedu.core.tabular import Columns, Exporter, Importer
from trafficedu.violations.imports.exporting import list_rows
from trafficedu.violations.imports.writing import run

COLUMNS = Columns(
    (
        "reference",
        "occurred_at",
        "area_code",
        "place",
        "latitude",
        "longitude",
        "kind",
        "plate",
        "offender",
        "id_type",
        "id_number",
        "name",
        "phone",
        "company_code",
        "source",
        "penalty",
        "fine_yuan",
        "officer",
        "note",
    )
)

IMPORTER = Importer(COLUMNS, run, permission="violations:violation:import")
EXPORTER = Exporter(
    COLUMNS,
    list_rows,
    permission="violations:violation:export",
    clear_permission="riders:identity:export",
    monthly=True,
)
