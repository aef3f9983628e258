"""The words for colours, kinds of target, and what is firm; those for dimensions are in their files."""

from __future__ import annotations

from trafficedu.core.text import Message, message

COLOUR_NAMES = {
    "green": message("green"),
    "blue": message("blue"),
    "yellow": message("yellow"),
    "orange": message("orange"),
    "red": message("red"),
    "grey": message("grey"),
}
"""COLOUR -> word, best first; grey is not enough data."""
KIND_NAMES = {
    "district": message("district"),
    "town": message("town"),
    "village": message("village"),
    "company": message("company"),
}
TAB_NAMES = {
    "district": message("Districts"),
    "town": message("Towns"),
    "village": message("Villages"),
    "company": message("Companies"),
}
OTHERS_NAMES = {
    "district": message("against the other districts of these months"),
    "town": message("against the other towns of these months"),
    "village": message("against the other villages of these months"),
    "company": message("against the other companies of these months"),
}
FIRM_NAMES = {
    "": message("to watch"),
    "red": message("firmly red"),
    "orange_or_worse": message("firmly orange or worse"),
    "good": message("firmly good"),
}
"""FIRM -> word; what is not firm names nobody."""
FIRM_SENTENCES = {
    "": message("The colour is not firm: it is to watch."),
    "red": message("Red is firm."),
    "orange_or_worse": message("Orange or worse is firm."),
    "good": message("Green or blue is firm."),
}
SHIPPED_NAMES = {
    "五色评估考评（默认规则） / Five colours (shipped rules)": message("Five colours (shipped rules)"),
    "五色评估考评（规则二） / Five colours (rule set 2)": message("Five colours (rule set 2)"),
}
"""What the rule sets of ``reference/`` are called, stored in both languages -> in the reader's."""


def rule_set_title(name: str) -> Message:
    """Return the name of a rule set: a shipped one's in the reader's language, another's as somebody wrote it."""
    return SHIPPED_NAMES.get(name) or message("%(name)s", name=name)
