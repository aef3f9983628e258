"""The fields in which a place is entered, in every form that asks for one. Knows the web, and no feature above areas.

The place is a line of text: a name, a part of one, or the code. The page's script offers the places while somebody
writes, from a file of names that browsers keep (``areas.views``); without it what was typed is looked up when the
form is sent, and where it may mean several places these are offered at the field. A position is two numbers.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Sequence
from datetime import date
from functools import partial
from typing import Any

from flask import url_for
from flask_babel import lazy_gettext as _l
from wtforms import FloatField, StringField
from wtforms.validators import Optional, StopValidation

from trafficedu.areas.queries import choices
from trafficedu.areas.queries.choices import Eligible, Place
from trafficedu.areas.queries.tree import MANAGE
from trafficedu.areas.rules import Level
from trafficedu.core.access import actor
from trafficedu.core.clock import today
from trafficedu.core.database import session
from trafficedu.core.fields import MATCHES_SHOWN, SEVERAL, TOO_MANY, UNKNOWN, SearchedFilter
from trafficedu.core.typed import line

CODE = re.compile(r"[0-9]{6,20}")
WORD = re.compile(r"[A-Za-z0-9-]{1,20}")
HINT = _l("Name, or part of it, or code.")
VILLAGES = Eligible(recorded=True)
"""Where something happened: a village of the own post."""
HOMES = Eligible(everywhere=True, recorded=True)
"""Where somebody lives: any village."""
TOWNS_AND_VILLAGES = Eligible(levels=(Level.TOWN, Level.VILLAGE))
ANY = Eligible()


class PlaceField(StringField):
    """A place; ``data`` is its code, "" for none.

    A code that is sent is taken as it is where ``eligible`` does not say which levels: the rule that places the record
    refuses what does not exist on its day or lies outside the post.
    """

    data: Any
    errors: Sequence[str]

    def __init__(
        self, label: Any, validators: Sequence[Any] = (), eligible: Eligible = VILLAGES, **kwargs: Any
    ) -> None:
        kwargs.setdefault("description", HINT)
        super().__init__(label, validators, **kwargs)
        self.eligible = eligible
        self.matches: Sequence[Place] = ()
        self._shown: str | None = None

    def begin_with(self, code: str) -> None:
        """Begin with a place if it can still be chosen, else with the only one there is."""
        known = choices.list_coded(session(), [code], self.eligible, actor(), today()) if code else []
        place = known[0] if known else choices.find_only(session(), self.eligible, today(), actor())
        self.data, self._shown = (self._key(place), _written(place)) if place else ("", "")

    def process_formdata(self, valuelist: list[str]) -> None:
        """Take what was typed, or what was picked of several that it may mean, which is sent after it."""
        typed = [text for text in map(line, valuelist) if text]
        if valuelist:
            self.data, self.raw_data = typed[-1] if typed else "", typed[-1:]

    def pre_validate(self, form: Any) -> None:
        """Find out which place is meant; several are offered, and nothing that was typed is lost."""
        typed = str(self.data or "")
        if not typed or self._is_taken_as_it_is(typed):
            return
        found = self._find(typed)
        if len(found) == 1:
            self.data, self._shown = self._key(found[0]), _written(found[0])
        elif found or not self._is_left_to_the_rules(typed):
            self.data, self._shown, self.matches = self._key(None), typed, _told_apart(found[:MATCHES_SHOWN])
            raise StopValidation(str(_asks(found)))

    def __call__(self, **kwargs: Any) -> Any:
        """Draw the line of text, with what the script needs to offer places."""
        said = {} if self.description is HINT else {"placeholder": _l("Name or code")}
        return super().__call__(**{**names_for(self.eligible), **said, **kwargs})

    def _is_taken_as_it_is(self, typed: str) -> bool:
        code = typed.split()[-1]
        if self.eligible.levels or not CODE.fullmatch(code):
            return False
        self.data = code
        return True

    def _is_left_to_the_rules(self, typed: str) -> bool:
        """Tell whether it may be a code, of which the rules say what is wrong with it."""
        return self._rules_decide and WORD.fullmatch(typed) is not None

    @property
    def _rules_decide(self) -> bool:
        """Whether the record's rule checks the place, and that it exists on the record's day."""
        return not self.eligible.levels

    def _find(self, typed: str) -> list[Place]:
        """Look up what exists today; where the rules decide, what fits of other days where nothing does."""
        days = (today(), None) if self._rules_decide else (today(),)
        ways = (choices.list_meant(session(), typed, self.eligible, day, actor(), MATCHES_SHOWN + 1) for day in days)
        return next((found for found in ways if found), [])

    def _key(self, place: Place | None) -> Any:
        return place.code if place else ""

    def _named(self) -> Place | None:
        """Return the place whose code is in the field."""
        codes = str(self.data).split()[-1:]
        return next(iter(choices.list_coded(session(), codes, self.eligible, actor())), None)

    def _value(self) -> str:
        if self._shown is None:
            place = self._named() if self.data else None
            self._shown = _written(place) if place else str(self.data or "")
        return self._shown


class AreaFilter(SearchedFilter):
    """The area that a page is about, among those of the own post: by name or code, offered while it is written."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(_l("Area"), "areas.names", **kwargs)

    def chosen(self, day: date) -> str:
        """Find what was typed among the areas of ``day``; return the code, "" for the top of what is seen.

        What may be a code and is that of no area seen here is returned as it is: the page says that there is none.
        """
        typed = self.data or ""
        self.settle(partial(choices.list_named, session(), day=day, by=actor()))
        unknown = self.asks and not self.matches and WORD.fullmatch(typed) is not None
        return typed if unknown else self.data or ""


class PlaceIdField(PlaceField):
    """A place whose ``data`` is its id, None for none, for what keeps the id; it is entered as every other one is."""

    def _is_taken_as_it_is(self, typed: str) -> bool:
        if typed == "0":
            self.data = None
        return typed == "0"

    @property
    def _rules_decide(self) -> bool:
        return False

    def _key(self, place: Place | None) -> Any:
        return place.id if place else None

    def _named(self) -> Place | None:
        return choices.find_place(session(), self.data) if isinstance(self.data, int) else super()._named()

    def process_formdata(self, valuelist: list[str]) -> None:
        """Take what was typed; nothing is no place."""
        super().process_formdata(valuelist)
        self.data = self.data or None


class PlacesField(PlaceField):
    """Several places; ``data`` is their codes.

    Those chosen stand as ticked boxes above the line; in it several may be written, with a comma between them.
    """

    def __init__(self, label: Any, validators: Sequence[Any] = (), eligible: Eligible = ANY, **kwargs: Any) -> None:
        super().__init__(label, validators, eligible, **kwargs)
        self.chosen: Sequence[Place] = ()

    def process_data(self, value: Collection[str] | None) -> None:
        """Take the codes of the places chosen so far."""
        self.data = list(value or ())
        self.chosen = choices.list_coded(session(), self.data, self.eligible, actor()) if self.data else ()

    def process_formdata(self, valuelist: list[str]) -> None:
        """Take what is ticked, and what was typed."""
        parts = (line(part) for given in valuelist for part in re.split(r"[,，、;；\n]", given))
        self.data = [part for part in parts if part]

    def pre_validate(self, form: Any) -> None:
        """Find out which places are meant; of what may mean several they are offered, with a box each."""
        given: list[str] = self.data or []
        chosen = {place.code: place for place in choices.list_coded(session(), given, self.eligible, actor())}
        unclear: dict[str, list[Place]] = {}
        for at, typed in enumerate(given):
            if typed not in chosen:
                found = self._find(typed)
                if len(found) == 1:
                    chosen[found[0].code] = found[0]
                elif not found or not _picked(found, given[at + 1 :]):
                    unclear[typed] = found
        left = {typed: [place for place in found if place.code not in chosen] for typed, found in unclear.items()}
        unclear = {typed: left[typed] for typed, found in unclear.items() if left[typed] or not found}
        self.chosen, self.data = list(chosen.values()), list(chosen)
        self._shown = "、".join(unclear)
        offered = {place.code: place for found in unclear.values() for place in found[:MATCHES_SHOWN]}
        self.matches = _told_apart(list(offered.values()))
        if unclear:
            raise StopValidation(str(_asks(next(iter(unclear.values())))))

    def __call__(self, **kwargs: Any) -> Any:
        """Draw the line in which one more is entered."""
        return super().__call__(**{"data-many": "", **kwargs})

    def _value(self) -> str:
        return self._shown or ""


def _written(place: Place) -> str:
    return f"{place.name} {place.code}"


def _told_apart(places: Sequence[Place]) -> list[Place]:
    """Return the places with the code after a name that several have: two districts may each have such a town."""
    often = Counter(place.name for place in places)
    return [place._replace(name=_written(place)) if often[place.name] > 1 else place for place in places]


def _picked(found: Sequence[Place], sent_after: Sequence[str]) -> bool:
    """Tell whether one of the places that a text may mean was picked: their boxes are sent after the line."""
    return any(place.code in sent_after for place in found)


def _asks(found: Sequence[Place]) -> Any:
    if not found:
        return UNKNOWN
    return TOO_MANY if len(found) > MATCHES_SHOWN else SEVERAL


def names_for(eligible: Eligible) -> dict[str, str]:
    """Return the attributes by which the page's script finds the names that a field offers, and which of them."""
    kept = {"autocomplete": "off", "spellcheck": "false"}
    by = actor()
    offers = "recorded" if eligible.recorded else " ".join(eligible.levels)
    if eligible.everywhere or by.scope.everything or by.may(MANAGE):
        return {**kept, "data-places": url_for("areas.names_everywhere"), "data-offers": offers}
    if not by.scope.area_path:
        return kept
    code = by.scope.area_path.rstrip("/").rpartition("/")[2]
    return {**kept, "data-places": url_for("areas.names_below", code=code), "data-offers": offers}


def position_fields() -> tuple[FloatField, FloatField]:
    """Return the fields of a position, latitude and longitude in degrees, at their place in a form.

    Whether there can be such a place is decided by ``core.positions.check_position``.
    """
    keys = {"inputmode": "decimal", "autocomplete": "off"}
    return (
        FloatField(_l("Latitude"), [Optional()], description=_l("Such as 30.1785."), render_kw=keys),
        FloatField(_l("Longitude"), [Optional()], description=_l("Such as 120.2647."), render_kw=keys),
    )
