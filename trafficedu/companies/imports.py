"""Companies as files, ``companies`` of the command line's contract: the fields of their page, keyed by ``code``.

What a file leaves out, or leaves empty, stays as it is; a contact is taken away on the page.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from trafficedu.companies.models import Company
from trafficedu.companies.queries import visible_to
from trafficedu.companies.services import NAME_TAKEN
from trafficedu.core import parsing
from trafficedu.core.actors import Actor
from trafficedu.core.columns import Column, Columns, yes_no
from trafficedu.core.errors import Refusal
from trafficedu.core.keyed_import import KeyedImport, Known
from trafficedu.core.month import Month
from trafficedu.core.parsing import if_given
from trafficedu.core.tabular import Exporter, Importer
from trafficedu.core.text import message

COLUMNS = Columns(
    Column("code", parsing.code, title=message("Company code"), headings=("代码", "编号"), example="DEMO01"),
    Column("name", parsing.needed(120), title=message("Company"), headings=("名称", "公司", "企业名称", "公司名称")),
    Column("contact_name", if_given(parsing.text(60)), optional=True, title=message("Safety contact")),
    Column("contact_phone", if_given(parsing.telephone), optional=True, title=message("Telephone"), headings=("电话",)),
    yes_no("active", title=message("Active"), headings=("启用", "是否启用", "状态")),
)


def company_column(name: str = "company_code") -> Column:
    """Return the column of another file that names a company."""
    return Column(
        name,
        parsing.identifier,
        optional=True,
        title=message("Company code"),
        headings=("企业", "公司", "所属企业", "所属公司", "企业名称", "公司名称", "平台"),
        note=message("The company's code or its full name."),
        example="DEMO01",
    )


NEW = {"contact_name": "", "contact_phone": "", "active": True}
"""What is left open of a new company."""


class CompanyImport(KeyedImport[dict[str, Any]]):
    """Companies are few: every name is held, so that none is given twice."""

    columns, model, action = COLUMNS, Company, "companies:company:import"
    telling = ("name",)
    compared = changeable = ("name", "contact_name", "contact_phone", "active")

    def __init__(self, session: Session, by: Actor, now: datetime, skip_errors: bool) -> None:
        super().__init__(session, by, now, skip_errors)
        self._codes = dict(session.execute(select(Company.name, Company.code)).tuples().all())

    def prepare(self, cells: dict[str, Any]) -> dict[str, Any]:
        """Return a row; raise Refusal at ``name`` where another company has it."""
        if self._codes.setdefault(cells["name"], cells["code"]) != cells["code"]:
            raise Refusal(NAME_TAKEN, field="name")
        return cells

    def key(self, ready: dict[str, Any]) -> str:
        """Return the code."""
        return str(ready["code"])

    def facts(self, ready: dict[str, Any], known: Known) -> Mapping[str, Any]:
        """Return what a row says; an empty cell says nothing."""
        return {name: ready[name] for name in self.compared if ready[name] is not None}

    def values(self, ready: dict[str, Any]) -> dict[str, Any]:
        """Return the row of a new company."""
        return ready | {name: value for name, value in NEW.items() if ready[name] is None}


def list_rows(
    session: Session, by: Actor, now: datetime, month: Month | None, clear: bool
) -> Iterable[Mapping[str, Any]]:
    """Yield the companies that ``by`` may see, by code; see ``core.tabular.ListRows``."""
    for company in session.scalars(select(Company).where(visible_to(by)).order_by(Company.code)):
        yield {name: getattr(company, name) for name in COLUMNS.names}


IMPORTER = Importer(COLUMNS, CompanyImport.run, permission="companies:company:manage")
EXPORTER = Exporter(COLUMNS, list_rows, permission="companies:company:read")
