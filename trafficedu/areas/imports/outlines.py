"""Files of outlines (GeoJSON): tried, looked at, taken in as a whole, taken back. No kind of ``import``."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from trafficedu.areas.events import OutlinesTried
from trafficedu.areas.models import Area, AreaBoundary, AreaExtent, OutlineImport
from trafficedu.areas.queries.extents import RememberedSurroundings
from trafficedu.areas.queries.outlines import latest_taken
from trafficedu.areas.queries.tree import visible_to
from trafficedu.areas.rules import OUTLINES_LIFE, OutlinesAct, OutlinesState, check_outline
from trafficedu.core import audit
from trafficedu.core.actors import Actor
from trafficedu.core.clock import local_date
from trafficedu.core.errors import Refusal, Stale
from trafficedu.core.events import publish
from trafficedu.core.numbers import new_number
from trafficedu.core.outlines import Feature, GivenFile, extent_of, prepared, read_features
from trafficedu.core.positions import Box
from trafficedu.core.text import Message, message, packed
from trafficedu.core.typed import compact

KEPT_DAYS = 1
"""A file that was tried and not taken is forgotten after so many days."""
UNKNOWN = message("no area of this name or code")
SEVERAL = message("several areas have this name: give the code")


class _Known:
    """The areas that a file may name."""

    def __init__(self, areas: Sequence[Area]) -> None:
        self._by_code = {area.code: area for area in areas}
        self._by_name: dict[str, list[Area]] = {}
        for area in areas:
            self._by_name.setdefault(compact(area.name), []).append(area)

    def find(self, feature: Feature) -> Area | Message:
        """Return the area that a feature names by its code, else by its name; or why it names none.

        National codes are often written with nine or twelve digits throughout: noughts at the end are left away.
        """
        for code in (feature.code, feature.code.removesuffix("000"), feature.code.removesuffix("000000")):
            if code and code in self._by_code:
                return self._by_code[code]
        named = self._by_name.get(compact(feature.name), []) if feature.name else []
        if len(named) == 1:
            return named[0]
        return SEVERAL if named else UNKNOWN


def try_outlines(session: Session, given: GivenFile, by: Actor, now: datetime) -> OutlineImport:
    """Read a file of outlines and keep what it would change; nothing on the map is another yet.

    Raises
    ------
    Refusal
        At field ``file``: no GeoJSON, a broken outline, one of another place, or no area of the tree in it.
    """
    features = read_features(given.body)
    areas = session.scalars(select(Area).where(visible_to(by), Area.holds_on(local_date(now)))).all()
    known = _Known(areas)
    named: dict[int, tuple[Area, list[Any]]] = {}
    left_out: list[dict[str, Any]] = []
    for feature in features:
        area = known.find(feature)
        if isinstance(area, Area):
            named.setdefault(area.id, (area, []))[1].extend(feature.rings)
        else:
            left_out.append({"name": feature.title, "code": feature.code, "why": packed(area)})
    if not named:
        names = "、".join(row["name"] for row in left_out[:5])
        text = message("No area of the file is known here: %(names)s. Check names and codes.", names=names)
        raise Refusal(text, field="file")
    outlines: list[dict[str, Any]] = [
        {"area_id": area.id, "code": area.code, "rings": prepared(rings, given.datum)}
        for area, rings in sorted(named.values(), key=lambda pair: pair[0].path)
    ]
    _check_places(session, {named[row["area_id"]][0]: extent_of(row["rings"]) for row in outlines}, by, now)
    _forget(session, now)
    tried = OutlineImport(
        number=new_number("G"),
        file_name=given.name[:200],
        datum=given.datum,
        outlines=outlines,
        left_out=left_out,
        tried_utc=now,
    )
    session.add(tried)
    session.flush()
    return tried


def _check_places(session: Session, boxes: Mapping[Area, Box], by: Actor, now: datetime) -> None:
    """Raise Refusal where an outline is of another place: held against what is known, and what higher features know."""
    surroundings = RememberedSurroundings(session)
    given = {area.path: box for area, box in boxes.items()}
    for area, box in boxes.items():
        above = f"{area.path.rstrip('/').rpartition('/')[0]}/"
        around = (given.get(above) or surroundings.of(above)) if area.parent_id is not None else None
        check_outline(area.name, box, surroundings.of(area.path), around)
    publish(session, OutlinesTried(now, by, given, {area.path: area.name for area in boxes}))


def _forget(session: Session, now: datetime) -> None:
    tried = OutlineImport.state == OutlinesState.TRIED
    session.execute(delete(OutlineImport).where(tried, OutlineImport.tried_utc < now - timedelta(days=KEPT_DAYS)))


def take_outlines(session: Session, tried: OutlineImport, by: Actor, now: datetime) -> int:
    """Draw areas by a file that was tried, all of them; returns how many. Raises Stale."""
    tried.state = OUTLINES_LIFE.after(OutlinesAct.TAKE, tried.state)
    ids = [row["area_id"] for row in tried.outlines]
    rings = {row.area_id: row.rings for row in session.scalars(select(AreaBoundary).where(_of(AreaBoundary, ids)))}
    boxes = {row.area_id: _sides(row) for row in session.scalars(select(AreaExtent).where(_of(AreaExtent, ids)))}
    tried.before = [{"area_id": key, "rings": rings.get(key), "extent": boxes.get(key)} for key in ids]
    tried.taken_utc = now
    _write(session, {row["area_id"]: (row["rings"], extent_of(row["rings"])) for row in tried.outlines}, now)
    audit.write(session, "areas:outline:import", by, subject=tried, areas=len(ids))
    return len(ids)


def take_back(session: Session, taken: OutlineImport, by: Actor, now: datetime) -> int:
    """Give areas the outlines back that they had before a file; returns how many areas.

    Raises
    ------
    Stale
        It is not taken, or another file was taken after it: that one goes back first.
    """
    last = latest_taken(session)
    if last is None or last.id != taken.id:
        raise Stale(message("Another file of outlines was imported after this one. Take that one back first."))
    taken.state = OUTLINES_LIFE.after(OutlinesAct.TAKE_BACK, taken.state)
    before = {
        row["area_id"]: (row["rings"], Box(*row["extent"]) if row["extent"] is not None else None)
        for row in taken.before
    }
    _write(session, before, now)
    audit.write(session, "areas:outline:take_back", by, subject=taken, areas=len(before))
    return len(before)


def _of(model: type[AreaBoundary] | type[AreaExtent], ids: Sequence[int]) -> Any:
    return model.area_id.in_(ids)


def _sides(extent: AreaExtent) -> list[float]:
    return [extent.south, extent.west, extent.north, extent.east]


def _write(session: Session, outlines: Mapping[int, tuple[Any, Box | None]], now: datetime) -> None:
    ids = list(outlines)
    session.execute(delete(AreaBoundary).where(_of(AreaBoundary, ids)))
    session.execute(delete(AreaExtent).where(_of(AreaExtent, ids)))
    for area_id, (rings, box) in outlines.items():
        if rings is not None:
            session.add(AreaBoundary(area_id=area_id, rings=rings, imported_utc=now))
        if box is not None:
            session.add(AreaExtent(area_id=area_id, **box._asdict()))
    session.flush()


def count_states(tried: OutlineImport, known: Mapping[int, Any]) -> Counter[str]:
    """Return how many outlines of a file are new, other ones than are known, or the same."""
    return Counter(
        "new" if row["area_id"] not in known else "same" if known[row["area_id"]] == row["rings"] else "changed"
        for row in tried.outlines
    )
