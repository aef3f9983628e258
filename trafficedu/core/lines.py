"""Lines of a form that a button adds, removes or moves in the page alone: nothing is checked or written."""

from __future__ import annotations

from wtforms import FieldList

LINE = "line"
"""The name of such a button; its value is ``add``, or what is done to a line, ``up:2``."""


def rearrange(lines: FieldList, button: str, most: int) -> bool:
    """Add, remove or move a line as the ``button`` says that was pressed; False where it says nothing of lines.

    What was typed is shown again in its new place.
    """
    act, _, place = button.partition(":")
    typed = [entry.data for entry in lines]
    if act == "add" and len(typed) < most:
        typed.append({})
    elif act in {"up", "down", "remove"} and place.isdecimal() and int(place) < len(typed):
        line = typed.pop(int(place))
        if act != "remove":
            typed.insert(max(0, int(place) + (1 if act == "down" else -1)), line)
    elif not act:
        return False
    while lines.entries:
        lines.pop_entry()
    for line in typed:
        lines.append_entry(line)
    return True
