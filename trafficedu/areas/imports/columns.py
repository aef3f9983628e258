"""The column of other files that names an area."""

from __future__ import annotations

from trafficedu.core import parsing
from trafficedu.core.columns import Column
from trafficedu.core.text import Message, message


def area_column(*, optional: bool = False, name: str = "area_code", title: Message | None = None) -> Column:
    """Return the column of another file that names an area."""
    return Column(
        name,
        parsing.identifier,
        optional=optional,
        title=title or message("Area code"),
        headings=("区划代码", "区域代码", "村社代码", "区划", "区域", "村社", "所属村社", "所属区域", "辖区", "村"),
        note=message("The area's code; its name where no other area has it."),
        example="330109001001",
    )
