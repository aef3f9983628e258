"""Helmets counted on site: helmeted of those observed, and at how many sites."""

from __future__ import annotations

from trafficedu.core.actors import SYSTEM
from trafficedu.core.text import Message, message
from trafficedu.evaluation.dimensions.base import Dimension, Records, Stored
from trafficedu.evaluation.dimensions.reading import WINDOW, Asked, Key, Reading
from trafficedu.helmets.queries.monthly import RateCriteria, Seen, list_seen, paths_of_sites
from trafficedu.reports.words import percentage


def read(asked: Asked) -> Reading:
    """Return ``helmeted``, ``observed`` and ``sites`` of the areas in which anybody was observed.

    What lies before the window is told site by site: that is what says how far sites of one place lie apart.
    """
    reading = Reading()
    for key, own in _by_target(asked, list_seen(asked.session, RateCriteria(asked.period), SYSTEM)).items():
        for part, places in asked.parts(key[0]):
            months = {month: place for place, month in enumerate(asked.months[places])}
            rows = [
                [months[each.month], each.site_id, each.helmeted, each.helmeted + each.bare]
                for each in own
                if each.month in months and each.helmeted + each.bare
            ]
            if rows and part == WINDOW:
                worn, observed = (sum(row[place] for row in rows) for place in (2, 3))
                sites = len({row[1] for row in rows})
                reading.put(part, key, {"helmeted": worn, "observed": observed, "sites": sites})
            elif rows:
                reading.put(part, key, {"sites": rows})
    return reading


def _by_target(asked: Asked, seen: list[Seen]) -> dict[Key, list[Seen]]:
    """Return what was seen at the sites of each district, town and village, in the order of the sites."""
    paths = paths_of_sites(asked.session, {each.site_id for each in seen})
    found: dict[Key, list[Seen]] = {}
    for each in sorted(seen, key=lambda each: (each.site_id, each.month)):
        area = asked.targets.paths[paths[each.site_id]]
        for kind, owners in asked.targets.owners.items():
            if area in owners:
                found.setdefault((kind, owners[area]), []).append(each)
    return found


def _seen(riders: float) -> Message:
    return message("as good as %(n)s riders observed independently", n=f"{riders:,.0f}")


def _based_on(one: Stored) -> Message:
    if not one["denominator"]:
        return message("Nobody was counted.")
    return message("with a helmet %(rate)s", rate=percentage(int(one["numerator"]), int(one["denominator"])))


DIMENSION = Dimension(
    read=read,
    title=message("Helmet wearing"),
    half=message("effective observations"),
    seen=_seen,
    based_on=_based_on,
    step=message("%(steps)s more riders with a helmet (of %(most)s without)"),
    gather=message("counts worth %(more)s more riders; further sites tell more than more riders at one"),
    records=(
        Records(message("Helmets"), "helmets.results", "helmets:survey:read", lambda code, _months: {"area": code}),
    ),
)
