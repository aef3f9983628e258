"""What may be said of figures is said in one place: pages and papers of four districts, and every sentence in code.

Each role of command opens, in either language, every page that there is of figures (``tests.house.districts``).
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import fields, is_dataclass
from functools import cache
from html.parser import HTMLParser
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from tests.factories import places
from tests.house import test_words
from tests.house.districts import DISTRICTS, Place, build, read_pages, running
from tests.reports.reading import read
from trafficedu.accounts.queries import find_actor
from trafficedu.accounts.rules import Role
from trafficedu.bulletin.queries import scorecard
from trafficedu.bulletin.queries.brief import gather as gather_brief
from trafficedu.bulletin.queries.month import gather
from trafficedu.companies.models import Company
from trafficedu.core.clock import utc_now
from trafficedu.core.database import close_connections
from trafficedu.core.text import Message, message, translate
from trafficedu.evaluation.queries.areas import find_area
from trafficedu.reports import brief as brief_paper
from trafficedu.reports import bulletin

COMPARES = re.compile(
    r"\b(chance|year earlier|month before|previous month|rising|falling|rose|fell|unlikely|unusual\w*|not comparable|"
    r"(more|fewer|less|higher|lower|better|worse) than (a|the|in|last|expected)\b|proven|usual up to)\b",
    re.IGNORECASE,
)
"""Words by which an English sentence compares."""
SAYS = "analysis/said/"
OTHERS = {
    "analysis/trend_words.py": "the words of a fit, which titles are made of",
    "evaluation/rules/comparisons.py": "the effect of a campaign, against what was expected without it",
    "helmets/charts.py": "the target of helmets, the same on every page, and the two ways of counting",
    "helmets/views/results.py": "the target of helmets",
    "reports/bulletin_colours.py": "ranks and their intervals",
    "reports/scorecard.py": "the interval of a score",
    "bulletin/queries/standings.py": "the interval of a score",
    "bulletin/queries/brief.py": "the commander's brief, which gathers what was said, and its alarms",
    "reports/brief.py": "a heading of it",
    "reports/bulletin_parts.py": "towns and companies beside the rate of all of them, within one month",
    "reports/company_part.py": "a company beside the others, within one month",
    "evaluation/services/telling.py": "a colour that fell",
    "evaluation/charts.py": "scores whose intervals lie apart, and the effect of a campaign as a picture",
    "evaluation/_effect.html": "what the effect of a campaign rests on",
    "evaluation/result.html": "that months under different rules do not compare",
    "evaluation/rule_set.html": "what a trial of rules may not be read as",
    "evaluation/backtest.html": "what came after a colour, with its interval",
    "outcomes/signing.html": "by which rule a signer stands out",
    "overview/rules.py": "a colour that fell",
    "riders/_people_looking.html": "who looks riders up, beside colleagues in the same days",
    "riders/look_ups.html": "by which rule that is called unusual",
}
"""What is said elsewhere, of other things than two periods of a series."""
LABELS = {
    "A year earlier",
    "Change on a year earlier",
    "Covariates of the previous month: associations, not causes.",
    "Education completed, beside the month before",
    "Education completed, previous month",
    "Enter campaigns before they begin, so that their effect can be told apart from chance.",
    "Notices answered, beside the month before",
    "Notices answered, previous month",
    "Previous month",
    "The previous month was not evaluated, so there is nothing to compare with.",
    "There is no result for the previous month.",
    "What changed since the previous month",
    "a year earlier",
    "better than the previous month",
    "colour of the previous month",
    "could be chance",
    "kinds and areas, compared with the previous month and a year earlier",
    "more than chance",
    "not comparable",
    "previous month",
    "previous month %(before)s, a year earlier %(year)s",
    "score of the previous month",
    "worse than the previous month",
}
"""Heads of columns, the words of the badge of a verdict (``_macros/words.html``), and what explains a method."""
EXPLAINS = re.compile(
    r"^(Conditional exact test|p is the probability|Helmets worn: target|Helmets worn %|.*colour or more|.*that fell:|"
    r"Rule: a place|Too few accidents were expected|Each threshold|The minutes|The session would begin|The table goes|"
    r"Of %\(judged\)s|Nothing unusual in|: %\(count\)s %\(what\)s in|Farrington limit)"
)
VERDICTS = re.compile(
    r"偶然|同比|环比|上升|下降|未超过|无异常|不可比|chance|unlikely|rising|falling|not comparable|p [<=&]"
)
"""Words by which a page claims something of two periods."""
OF_ONE = ("/scorecards/", "/evaluation/")
"""Pages of one town, village or company, whose figures are its own."""
sentences = cache(test_words.sentences)


def test_every_sentence_that_compares_two_periods_is_said_in_one_place() -> None:
    elsewhere = {
        sentence: where
        for sentence, where in sentences().items()
        if COMPARES.search(sentence)
        and not where.startswith(SAYS)
        and where not in OTHERS
        and sentence not in LABELS
        and not EXPLAINS.match(sentence)
    }
    assert elsewhere == {}
    assert all(sentence in sentences() for sentence in LABELS), "a label nobody writes any more"


@pytest.fixture(scope="module")
def make_place(make_app: Callable[..., Flask], copy_template: Callable[[str], str]) -> Iterator[Callable[[str], Place]]:
    """Build a district, once."""
    made: list[Place] = []

    @cache
    def make(name: str) -> Place:
        made.append(build(name, make_app(copy_template("sqlite"))))
        return made[-1]

    yield make
    for place in made:
        with place.app.app_context():
            close_connections()


@pytest.fixture(params=DISTRICTS)
def place(request: pytest.FixtureRequest, make_place: Callable[[str], Place]) -> Place:
    return make_place(str(request.param))


class Texts(HTMLParser):
    """The texts of a page: whether each stands within what ``analysis/said`` said or in the title of a drawing."""

    def __init__(self) -> None:
        super().__init__()
        self.texts: list[tuple[str, bool]] = []
        self.tiles: list[tuple[str, str]] = []
        self._open: list[tuple[str, bool]] = []
        self._tile, self._label, self._value = "", "", ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if tag in {"br", "input", "img", "meta", "link", "hr", "source", "path", "circle", "rect"}:
            return
        kind = given.get("class") or ""
        if tag == "p":
            self._tile = kind if kind in {"tile-label", "tile-value"} else ""
            self._label = "" if self._tile == "tile-label" else self._label
        inside = any(said for _, said in self._open)
        self._open.append((tag, inside or "data-said" in given or tag in {"figcaption", "caption", "script", "style"}))

    def handle_endtag(self, tag: str) -> None:
        while self._open:
            name, _ = self._open.pop()
            if name == tag:
                break
        if tag == "p":
            if self._tile == "tile-value":
                self.tiles.append((" ".join(self._label.split()), " ".join(self._value.split())))
            self._tile, self._value = "", ""

    def handle_data(self, data: str) -> None:
        if self._tile == "tile-label":
            self._label += data
        elif self._tile == "tile-value":
            self._value += data
        if data.strip():
            self.texts.append((" ".join(data.split()), any(said for _, said in self._open)))


def templates(locale: str, inside: str = SAYS) -> list[re.Pattern[str]]:
    """Return what the sentences of ``analysis/said`` look like in a language, whatever stands in them."""
    found = []
    for sentence, where in sentences().items():
        if where.startswith(inside):
            found.append(pattern(sentence, locale))
    return [one for one in found if re.sub(r"[.*\\\s:()，：（）、,;；]", "", one.pattern)]


def pattern(sentence: str, locale: str) -> re.Pattern[str]:
    """Return what a sentence looks like in a language, whatever stands in it."""
    parts = re.split(r"%\(\w+\)s", translations(sentence, locale).replace("%%", "%"))
    return re.compile(".*".join(map(re.escape, parts)), re.DOTALL | re.IGNORECASE)


def translations(sentence: str, locale: str) -> str:
    from trafficedu.core.text import translations as catalogue  # noqa: PLC0415 - the catalogue, not filled

    return str(catalogue(locale).ugettext(sentence))


def allowed(locale: str) -> set[str]:
    return {translate(message(label.replace("%", "%")), locale) for label in LABELS if "%" not in label}


def explained(locale: str) -> list[re.Pattern[str]]:
    """Return what is said elsewhere: of other things than two periods, or of a method."""
    found = [one for where in OTHERS for one in templates(locale, where)]
    return found + [pattern(one, locale) for one in sentences() if EXPLAINS.match(one)]


@pytest.mark.parametrize("locale", ["zh", "en"])
def test_pages_claim_nothing_that_was_not_said_there(place: Place, locale: str) -> None:
    """Every page of the command room, of each role: what it claims was said, and no label has two figures."""
    labels, made, others = allowed(locale), templates(locale), explained(locale)
    figures: dict[tuple[str, str], set[str]] = defaultdict(set)
    faults, claims = [], []
    for role, address, text in read_pages(place, locale, {}):
        page = Texts()
        page.feed(text)
        for one, inside in page.texts:
            if not VERDICTS.search(one) or one in labels or one.startswith("{"):
                continue
            known = [*made, *others] if inside else others
            if any(sentence.fullmatch(one) for sentence in known):
                claims += [one] if inside else []
            else:
                faults.append(f"{role} {address}: {one}")
        if (str(running() - 1) in address or address == "/") and not address.startswith(OF_ONE):
            for label, value in page.tiles:
                figures[role, label].add(value)
    faults += [f"{label}: {values}" for label, values in figures.items() if len(values) > 1]
    assert not faults, "\n".join(dict.fromkeys(faults))
    assert claims, "the walk found no claim at all"
    if place.name == "young":
        assert not [one for one in claims if "不大可能" in one or "unlikely" in one]
    if place.name == "stopped":
        assert not [one for one in claims if "-100" in one]


def messages_of(value: Any) -> Iterator[Message]:
    """Yield every sentence in the facts of a paper."""
    if isinstance(value, Message):
        yield value
        for one in value.params.values():
            yield from messages_of(one)
    elif is_dataclass(value) and not isinstance(value, type):
        for each in fields(value):
            yield from messages_of(getattr(value, each.name))
    elif isinstance(value, Mapping):
        for one in value.values():
            yield from messages_of(one)
    elif isinstance(value, Sequence) and not isinstance(value, str | bytes):
        for one in value:
            yield from messages_of(one)


def in_order(name: str, claims: Mapping[str, Any]) -> None:
    """Check what the facts of a paper claim of two periods: it was said in one place."""
    known = sentences()
    for one in messages_of(claims):
        where = known.get(one.msgid, "")
        said = where.startswith(SAYS) or where in OTHERS or one.msgid in LABELS
        assert said or not COMPARES.search(one.msgid) or EXPLAINS.match(one.msgid), f"{name}: {one.msgid}"


def test_papers_claim_nothing_that_was_not_said_there(place: Place) -> None:
    month, judged, now = running() - 1, running() - DISTRICTS[place.name][1], utc_now()
    with closing(place.session()) as session:
        by = find_actor(session, place.users[Role.ANALYST])
        assert by is not None
        firm = session.scalars(select(Company.code)).one()
        paper = gather(session, by, "", month, now, "zh").data
        brief = gather_brief(session, by, find_area(session, "", by), month, now, "zh").data
        cards = [scorecard.gather(session, by, code, judged, now, "zh") for code in (places.TOWN, places.VILLAGE, firm)]
    for name, facts in (("bulletin", paper), ("brief", brief), *((card.name, card) for card in cards)):
        in_order(name, {"facts": facts})
    for locale in ("zh", "en"):
        for document in (bulletin.render(paper, locale), brief_paper.render(brief, locale)):
            text = read(document, codes=False).flat
            if place.name in {"young", "stopped"}:
                assert not re.search(r"上年同月为?\s*0[^0-9.]|同比[^。]{0,14}不大可能是偶然|-100\.0 %", text)
    assert paper.violations.sentence is not None
    if place.name == "full":
        assert paper.violations.year_before is not None
        assert all(claim.before is not None for claim in paper.claims)
    if place.name == "young":
        assert (paper.violations.year_before, paper.casualties.year_before) == (None, None)
        assert "chance" not in str(paper.violations.sentence)
        assert all("chance" not in str(claim.sentence) for claim in paper.claims)
    if place.name == "stopped":
        assert "not reported" in str(paper.violations.sentence) or "not known" in str(paper.violations.sentence)
