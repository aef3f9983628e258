"""What can be imported and exported as a table: KIND of file -> how."""

from __future__ import annotations

from collections.abc import Mapping

from trafficedu.accidents.imports import files as accidents_files
from trafficedu.areas.imports import ebikes as ebikes_files
from trafficedu.areas.imports import tree as areas_files
from trafficedu.bulletin import imports as bulletin_files
from trafficedu.companies import imports as companies_files
from trafficedu.core.tabular import Exporter, Importer
from trafficedu.coverage import imports as coverage_files
from trafficedu.helmets import imports as helmets_files
from trafficedu.points import imports as points_files
from trafficedu.quizzes import imports as quizzes_files
from trafficedu.riders.imports import files as riders_files
from trafficedu.stations import imports as stations_files
from trafficedu.violations.imports import files as violations_files

IMPORTERS: Mapping[str, Importer] = {
    "areas": areas_files.IMPORTER,
    "ebikes": ebikes_files.IMPORTER,
    "companies": companies_files.IMPORTER,
    "stations": stations_files.IMPORTER,
    "helmets": helmets_files.IMPORTER,
    "violations": violations_files.IMPORTER,
    "riders": riders_files.IMPORTER,
    "accidents": accidents_files.IMPORTER,
    "points": points_files.IMPORTER,
    "coverage": coverage_files.IMPORTER,
    "questions": quizzes_files.IMPORTER,
}
"""KIND -> what ``trafficedu import`` and the page of imports do with a file of that kind."""

EXPORTERS: Mapping[str, Exporter] = {
    "areas": areas_files.EXPORTER,
    "ebikes": ebikes_files.EXPORTER,
    "companies": companies_files.EXPORTER,
    "stations": stations_files.EXPORTER,
    "helmets": helmets_files.EXPORTER,
    "violations": violations_files.EXPORTER,
    "riders": riders_files.EXPORTER,
    "accidents": accidents_files.EXPORTER,
    "indicators": bulletin_files.INDICATORS_EXPORTER,
    "points": points_files.EXPORTER,
    "coverage": coverage_files.EXPORTER,
    "questions": quizzes_files.EXPORTER,
}
"""KIND -> what ``trafficedu export`` and the page write; the same columns as the import, where there is one."""
