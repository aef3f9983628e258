"""Pictures that films of pictures are made of: the signs of the quiz, and scenes drawn here as SVG. Pure."""

from __future__ import annotations

from trafficedu.quizzes.rules.questions import Both
from trafficedu.quizzes.rules.signs import BLACK, BLUE, GREEN, RED, SIGNS, YELLOW

_WHITE, _ROAD, _SKIN = "#ffffff", "#6b7280", "#f2c9a0"
_TURN = "M0 -26 L18 8 L7 8 L7 40 L-7 40 L-7 8 L-18 8 Z"
"""An arrow that points up, around its middle."""


def _svg(body: str) -> str:
    return f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 200 200" width="200" height="200">{body}</svg>'


def _arrow(x: int, y: int, ink: str, turn: int = 0) -> str:
    return f'<path transform="translate({x} {y}) rotate({turn})" fill="{ink}" d="{_TURN}"/>'


def _bike(x: int, y: int, ink: str) -> str:
    """Return a bicycle seen from above, its rider upon it."""
    return (
        f'<g transform="translate({x} {y})"><rect x="-5" y="-34" width="10" height="68" rx="5" fill="{ink}"/>'
        f'<rect x="-19" y="-22" width="38" height="6" rx="3" fill="{ink}"/>'
        f'<ellipse rx="17" ry="13" cy="2" fill="{BLUE}"/><circle r="9" cy="-2" fill="{_SKIN}"/></g>'
    )


_HELMET = _svg(
    f'<circle cx="100" cy="100" r="92" fill="{BLUE}"/>'
    f'<path d="M44 112 A56 58 0 0 1 156 112 L156 122 L44 122 Z" fill="{_WHITE}"/>'
    f'<path d="M128 122 L172 122 A16 12 0 0 1 168 134 L122 134 Z" fill="{_WHITE}"/>'
    f'<path d="M62 122 Q74 166 112 158 Q122 152 118 134" fill="none" stroke="{_WHITE}" stroke-width="8"/>'
    f'<path d="M100 56 L100 110 M72 66 L78 110 M128 66 L122 110" stroke="{BLUE}" stroke-width="6"/>'
)
_AGAINST = _svg(
    f'<rect width="200" height="200" fill="{_ROAD}"/>'
    f'<path d="M100 0 L100 200" stroke="{YELLOW}" stroke-width="6" stroke-dasharray="26 18"/>'
    + _arrow(150, 50, _WHITE)
    + _arrow(50, 150, _WHITE, 180)
    + f'<g transform="rotate(180 150 140)">{_bike(150, 140, BLACK)}</g>'
    + f'<path d="M122 112 L178 168 M178 112 L122 168" stroke="{RED}" stroke-width="12" stroke-linecap="round"/>'
)
_LINE = _svg(
    f'<rect width="200" height="200" fill="{_ROAD}"/>'
    + "".join(f'<rect x="{x}" y="14" width="16" height="56" fill="{_WHITE}"/>' for x in range(6, 200, 32))
    + f'<rect y="92" width="200" height="9" fill="{_WHITE}"/>{_bike(100, 144, BLACK)}'
    + f'<path d="M136 140 L150 156 L178 124" fill="none" stroke="{GREEN}" stroke-width="12" stroke-linecap="round"/>'
)
_WINDOW = f'<rect x="{{x}}" y="108" width="18" height="18" fill="{YELLOW}"/>'
_HOME = _svg(
    f'<rect width="200" height="200" rx="12" fill="#dcefe2"/><path d="M28 96 L100 34 L172 96 Z" fill="{RED}"/>'
    f'<rect x="46" y="96" width="108" height="76" fill="{_WHITE}"/>'
    f'<rect x="84" y="122" width="32" height="50" fill="{BLUE}"/>{_WINDOW.format(x=58)}{_WINDOW.format(x=124)}'
    f'<rect y="172" width="200" height="28" fill="{_ROAD}"/>'
    f'<path d="M0 186 L200 186" stroke="{_WHITE}" stroke-width="4" stroke-dasharray="20 14"/>'
)

PICTURES: dict[str, tuple[str, Both]] = {
    **SIGNS,
    "helmet": (_HELMET, Both("蓝色圆形，白色头盔图案", "A blue disc with a white helmet")),
    "against": (
        _AGAINST,
        Both("逆行的自行车，打着红叉", "A bicycle against the arrows, crossed out in red"),
    ),
    "stop-line": (
        _LINE,
        Both("自行车停在停止线后，打着绿勾", "A bicycle behind the stop line, ticked in green"),
    ),
    "home": (_HOME, Both("路边的一座房子", "A house beside the road")),
}
"""NAME -> the picture and what it shows in words."""

TOLD_APART = ("red-light", "stop", "bicycle-lane", "walkway", "children", "zebra", "helmet", "home")
"""Pictures of which nobody takes one for another, whatever colours they see."""


def picture(name: str) -> str | None:
    """Return the picture of a name as SVG, None where there is none."""
    found = PICTURES.get(name)
    return None if found is None else found[0]


def said(name: str, locale: str) -> str:
    """Return what a picture shows, in words; "" where there is none."""
    found = PICTURES.get(name)
    return "" if found is None else found[1].said(locale)
