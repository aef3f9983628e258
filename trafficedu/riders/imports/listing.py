"""Writing riders and engagements out, batch by batch; see ``files`` for what the cells mean."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from sqlalchemy import Row, select
from sqlalchemy.orm import Session

from trafficedu.areas.models import Area
from trafficedu.companies.models import Company
from trafficedu.core.actors import Actor
from trafficedu.core.month import Month
from trafficedu.core.personal import mask_identity, mask_phone
from trafficedu.core.services import services_of
from trafficedu.riders import rules
from trafficedu.riders.models import Rider
from trafficedu.riders.queries import engagements as engagement_queries
from trafficedu.riders.queries import people as queries
from trafficedu.riders.queries.people import ID_NUMBER, PHONE

BATCH = 5_000


def list_rows(session: Session, by: Actor, now: datetime, month: Month | None, clear: bool) -> Iterator[dict[str, str]]:
    """Yield the riders that ``by`` may list, one row an engagement; ``month`` narrows nothing here."""
    areas = {row.id: row.code for row in session.execute(select(Area.id, Area.code))}
    companies = {row.id: row.code for row in session.execute(select(Company.id, Company.code))}
    columns = (
        Rider.id,
        Rider.number,
        Rider.name,
        Rider.id_type,
        Rider.id_number_cipher,
        Rider.phone_cipher,
        Rider.home_area_id,
    )
    last_id = 0
    while True:
        query = select(*columns).where(Rider.id > last_id, queries.listed_to(by)).order_by(Rider.id).limit(BATCH)
        riders = session.execute(query).all()
        if not riders:
            return
        last_id = riders[-1].id
        spans = engagement_queries.spans_of(session, [rider.id for rider in riders])
        for rider in riders:
            cells = _cells(session, rider, clear) | {"home_area_code": areas.get(rider.home_area_id or 0, "")}
            works = sorted(spans.get(rider.id, []), key=lambda span: (span.engaged_from, span.id))
            yield from ([{**cells, **_work_cells(span, companies)} for span in works] or [cells])


def _cells(session: Session, rider: Row[Any], clear: bool) -> dict[str, str]:
    keyring = services_of(session).keyring
    number = keyring.decrypt(rider.id_number_cipher, ID_NUMBER)
    phone = keyring.decrypt(rider.phone_cipher, PHONE) if rider.phone_cipher else ""
    if clear:
        return {"id_type": rider.id_type, "id_number": number, "name": rider.name, "phone": phone}
    return {
        "id_type": rider.id_type,
        "id_number": f"{mask_identity(number)}#{rider.number}",
        "name": rules.mask_name(rider.name),
        "phone": mask_phone(phone),
    }


def _work_cells(span: rules.EngagementSpan, companies: dict[int, str]) -> dict[str, str]:
    return {
        "company_code": companies[span.company_id],
        "engaged_from": span.engaged_from.isoformat(),
        "engaged_to": span.engaged_to.isoformat() if span.engaged_to else "",
        "legal_basis": span.legal_basis or "",
    }
