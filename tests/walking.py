"""Every page that somebody can reach: the routes their role may open, with the numbers, sorts and filters of its pages.

The walk begins at the pages that need no argument and follows the links of each page, one page of a kind. Of a list it
asks for every sort that its heads offer, both ways, for its next page, and for each choice of its filters, one at a
time. What a page is asked for is named by its endpoint and by what was chosen, ``feedback.notices?sort=-due``; a choice
among many (areas, companies) is named ``*``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from html.parser import HTMLParser
from urllib.parse import parse_qsl, urlencode, urlsplit

from flask import Flask
from werkzeug.exceptions import HTTPException
from werkzeug.routing import Rule

from trafficedu.accounts.rules import PERMISSIONS, Role

NO_PAGES = {
    "static",
    "accounts.language",
    "accounts.sign_in",
    "health.alive",
    "health.metrics",
    "health.ready",
    "public.strip_length",
}
"""Files, probes, and what only sends on."""
CLOSED_WORDS = 9
"""A field that offers fewer is a closed list, whose first and last words are asked for; of a longer one the last."""
LONG_AGO, SEARCHED, FAR_PAGE = "2021-06-01", "王", "100"
FILES = (".pdf", ".xlsx", ".gift")
"""Papers, each of which one role asks for: they take long, and differ by role in nothing but the place."""
Answer = tuple[int, str]


@dataclass(frozen=True)
class Choice:
    """A field of a filter form, with what it offers; None where anything may be typed."""

    name: str
    kind: str
    offered: tuple[str, ...] | None = None

    def values(self) -> Iterator[tuple[str, str]]:
        """Yield what to ask for, each with how it is named."""
        if self.offered is not None:
            words = [value for value in self.offered if value]
            if len(words) < CLOSED_WORDS:
                yield from {word: word for word in (*words[:1], *words[-1:])}.items()
            else:
                yield words[-1], "*"
        elif self.kind == "date":
            yield LONG_AGO, "long ago"
        elif self.kind == "month":
            yield LONG_AGO[:7], "long ago"
        elif self.kind in {"search", "text"}:
            yield SEARCHED, "*"
        elif self.kind == "checkbox":
            yield "y", "y"


@dataclass
class Page(HTMLParser):
    """What a walk needs of a page: its links, and the fields of its filter forms."""

    links: list[str] = field(default_factory=list)
    choices: list[Choice] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Begin outside of any form."""
        super().__init__()
        self._in_filters = False
        self._select, self._options = "", list[str]()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Take in links, and fields of forms that stand in the address."""
        given = {name: value or "" for name, value in attrs}
        if tag == "a" and given.get("href"):
            self.links.append(given["href"])
        elif tag == "form":
            self._in_filters = given.get("method", "get").lower() == "get" and not given.get("action")
        elif self._in_filters and given.get("name") and tag == "input":
            self.choices.append(Choice(given["name"], given.get("type", "text")))
        elif self._in_filters and given.get("name") and tag == "select":
            self._select, self._options = given["name"], []
        elif tag == "option" and self._select:
            self._options.append(given.get("value", ""))

    def handle_endtag(self, tag: str) -> None:
        """Close a field or a form."""
        if tag == "select" and self._select:
            self.choices.append(Choice(self._select, "select", tuple(self._options)))
            self._select = ""
        elif tag == "form":
            self._in_filters = False


@dataclass
class Walk:
    """A walk of one role, ``None`` for a visitor. ``get`` asks for an address and returns status and page.

    ``known`` holds an address of each endpoint that needs arguments, filled by all walks: what a role's own pages do
    not lead to is asked for with the arguments that another's led to, or as ``given``. ``chosen`` are the sorts and
    filters that need not be asked for again: among those who see the same, one asks for them.
    """

    app: Flask
    role: Role | None
    get: Callable[[str], Answer]
    known: dict[str, str]
    given: Mapping[str, str] = field(default_factory=dict)
    chosen: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        """Find out what the role may open."""
        self._urls = self.app.url_map.bind("localhost")
        self._open = {rule.endpoint for rule in self._rules()}
        self.visited: dict[str, str] = {}

    def _rules(self) -> Iterator[Rule]:
        held = PERMISSIONS[self.role] if self.role else frozenset()
        for rule in self.app.url_map.iter_rules():
            view = self.app.view_functions[rule.endpoint]
            if rule.endpoint in NO_PAGES or "GET" not in (rule.methods or ()):
                continue
            guard = getattr(view, "permission", None)
            if guard in held if guard else (self.role is not None or not hasattr(view, "signed_in_only")):
                yield rule

    def pages(self) -> Iterator[tuple[str, str, int]]:
        """Ask for every page; yield its name, its address and the status of the answer."""
        waiting = ["/", *(rule.rule for rule in self._rules() if not rule.arguments)]
        while waiting or (waiting := [*self._elsewhere(), *self._beside()]):
            path = waiting.pop(0)
            endpoint = self._endpoint(path)
            if endpoint not in self._open or endpoint in self.visited:
                continue
            self.visited[endpoint] = path
            if path.endswith(FILES) and endpoint in self.known:
                continue
            status, html = self.get(path)
            yield endpoint, path, status
            if status >= 400:
                continue
            self.known.setdefault(endpoint, path)
            page = Page()
            page.feed(html)
            links = [urlsplit(link) for link in page.links]
            for choice, query in self._variants(page, path).items():
                name, address = f"{endpoint}?{choice}", f"{path}?{urlencode(query)}"
                if name not in self.chosen:
                    self.chosen.add(name)
                    yield name, address, self.get(address)[0]
            waiting += [link.path for link in links if not link.netloc and link.path]

    def _elsewhere(self) -> Iterator[str]:
        """Yield the addresses that another role's pages led to and this role may open too, the given ones first."""
        given = {name: path for name, path in self.given.items() if self._endpoint(path) == name}
        for name, path in {**self.known, **given}.items():
            if name in self._open and name not in self.visited:
                yield path

    def _beside(self) -> Iterator[str]:
        """Yield addresses that nothing led to, with the arguments of a page of the same feature."""
        for rule in self._rules():
            if {rule.endpoint} & {*self.visited, *self.known, *self.given}:
                continue
            for name, path in {**self.known, **self.visited}.items():
                if name.partition(".")[0] == rule.endpoint.partition(".")[0]:
                    given = self._urls.match(path, method="GET")[1]
                    if rule.arguments and set(given) >= rule.arguments:
                        yield self._urls.build(rule.endpoint, {key: given[key] for key in rule.arguments})
                        break

    def _endpoint(self, path: str) -> str:
        try:
            return str(self._urls.match(path, method="GET")[0])
        except HTTPException:
            return ""

    @staticmethod
    def _variants(page: Page, path: str) -> Mapping[str, Mapping[str, str]]:
        """Return what else the page offers to be asked for, by name: sorts, pages, filters."""
        found: dict[str, Mapping[str, str]] = {}
        for link in map(urlsplit, page.links):
            query = dict(parse_qsl(link.query))
            if link.netloc or link.path not in {path, ""} or len(query) != 1:
                continue
            [(key, value)] = query.items()
            if key == "sort":
                for one in (value.removeprefix("-"), "-" + value.removeprefix("-")):
                    found[f"sort={one}"] = {key: one}
            elif key == "page":
                found["page=2"], found["page=far"] = {key: "2"}, {key: FAR_PAGE}
            elif key in {"after", "before"}:
                found[key] = query
        for choice in page.choices:
            for value, name in choice.values():
                found.setdefault(f"{choice.name}={name}", {choice.name: value})
        return found
