"""Pictures that questions ship with: signs, lights and markings drawn here as SVG, each with what it shows in words.

Shapes and colours follow GB 5768.2 (signs) and GB 14886 (signals); no picture is taken from elsewhere. Pure.
"""

from __future__ import annotations

from trafficedu.quizzes.rules.questions import Both

RED, BLUE, YELLOW, BLACK, GREEN = "#c8102e", "#1550a5", "#f6c700", "#1c1c1c", "#128a3e"
_WHITE, _GREY = "#ffffff", "#6b7280"

_BIKE = (
    '<g fill="none" stroke="{ink}" stroke-width="5" stroke-linecap="round" stroke-linejoin="round">'
    '<circle cx="66" cy="122" r="20"/><circle cx="134" cy="122" r="20"/>'
    '<path d="M66 122 L84 88 L122 88 L134 122 M84 88 L100 122 L66 122 M100 122 L122 88 M122 88 L118 76 L130 74'
    ' M78 78 L92 78"/></g>'
)
_PERSON = (
    '<g fill="{ink}" stroke="{ink}" stroke-width="9" stroke-linecap="round" stroke-linejoin="round">'
    '<circle cx="{x}" cy="66" r="6"/>'
    '<path fill="none" d="M{x} 82 L{x} 106 L{left} 136 M{x} 106 L{right} 136'
    ' M{x} 86 L{left} 104 M{x} 86 L{right} 100"/>'
    "</g>"
)


def _svg(body: str) -> str:
    return f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 200 200" width="200" height="200">{body}</svg>'


def _ban(inner: str, *, slash: bool = True) -> str:
    """Return a round sign that forbids: white in a red ring, with a red bar across what is meant."""
    bar = f'<path d="M43 43 L157 157" stroke="{RED}" stroke-width="14"/>' if slash else ""
    ring = f'<circle cx="100" cy="100" r="86" fill="{_WHITE}" stroke="{RED}" stroke-width="18"/>'
    return _svg(ring + inner + bar)


def _order(inner: str) -> str:
    """Return a round blue sign that orders something."""
    return _svg(f'<circle cx="100" cy="100" r="92" fill="{BLUE}"/>{inner}')


def _hint(inner: str) -> str:
    """Return a square blue sign that points something out."""
    return _svg(f'<rect x="10" y="10" width="180" height="180" rx="10" fill="{BLUE}"/>{inner}')


def _warning(inner: str) -> str:
    """Return a triangular sign that warns."""
    outline = f'<path d="M100 18 L188 172 L12 172 Z" fill="{YELLOW}" stroke="{BLACK}" stroke-width="9"'
    return _svg(f'{outline} stroke-linejoin="round"/>{inner}')


def _light(lit: str) -> str:
    """Return a signal with one of its three lights lit."""
    box = f'<rect x="62" y="8" width="76" height="184" rx="14" fill="{BLACK}"/>'
    colours = {"red": RED, "yellow": YELLOW, "green": GREEN}
    lamps = "".join(
        f'<circle cx="100" cy="{42 + 58 * place}" r="24" fill="{colour if name == lit else "#3a3f47"}"/>'
        for place, (name, colour) in enumerate(colours.items())
    )
    return _svg(box + lamps)


def _person(ink: str, x: int = 100) -> str:
    return _PERSON.format(ink=ink, x=x, left=x - 14, right=x + 14)


def _text(words: str, size: int, ink: str, y: int) -> str:
    family = 'font-family="system-ui, sans-serif" font-weight="700" text-anchor="middle"'
    return f'<text x="100" y="{y}" font-size="{size}" fill="{ink}" {family}>{words}</text>'


_LANES = (
    f'<rect width="200" height="200" fill="{_GREY}"/><rect x="124" width="6" height="200" fill="{_WHITE}"/>'
    '<path d="M62 0 L62 200" stroke="#ffffff" stroke-width="5" stroke-dasharray="26 20"/>'
)

SIGNS: dict[str, tuple[str, Both]] = {
    "no-entry": (
        _svg(
            f'<circle cx="100" cy="100" r="92" fill="{RED}"/>'
            f'<rect x="38" y="84" width="124" height="32" fill="{_WHITE}"/>'
        ),
        Both("红色圆形，中间一道白色横杠", "A red disc with a white bar across the middle"),
    ),
    "no-bicycles": (
        _ban(_BIKE.format(ink=BLACK)),
        Both("白底红圈红斜杠，图案为自行车", "A bicycle behind a red bar in a red ring"),
    ),
    "no-vehicles": (
        _ban("", slash=False),
        Both("白底红圈，圈内没有图案", "A white disc with a red ring and nothing inside"),
    ),
    "no-pedestrians": (
        _ban(_person(BLACK)),
        Both("白底红圈红斜杠，图案为行人", "A person on foot behind a red bar in a red ring"),
    ),
    "bicycle-lane": (
        _order(_BIKE.format(ink=_WHITE)),
        Both("蓝色圆形，白色自行车图案", "A blue disc with a white bicycle"),
    ),
    "walkway": (
        _order(_person(_WHITE)),
        Both("蓝色圆形，白色行人图案", "A blue disc with a white person on foot"),
    ),
    "crossing": (
        _hint(f'<path d="M100 30 L176 156 L24 156 Z" fill="{_WHITE}"/>{_person(BLACK).replace(BLACK, BLUE)}'),
        Both("蓝色方形，白色三角形内有行人图案", "A blue square with a person in a white triangle"),
    ),
    "stop": (
        _svg(
            f'<path d="M64 10 L136 10 L190 64 L190 136 L136 190 L64 190 L10 136 L10 64 Z" fill="{RED}" '
            f'stroke="{_WHITE}" stroke-width="6"/>{_text("停", 96, _WHITE, 134)}'
        ),
        Both("红色八角形，白色“停”字", "A red octagon with a white Chinese character"),
    ),
    "yield": (
        _svg(
            f'<path d="M14 24 L186 24 L100 180 Z" fill="{_WHITE}" stroke="{RED}" stroke-width="16" '
            f'stroke-linejoin="round"/>{_text("让", 62, BLACK, 98)}'
        ),
        Both(
            "白底红边的倒三角形，黑色“让”字",
            "A white triangle on its tip, edged in red, with a Chinese character",
        ),
    ),
    "children": (
        _warning(_person(BLACK, 82).replace("66", "78", 1) + _person(BLACK, 118).replace("66", "78", 1)),
        Both("黄底黑边三角形，两个行走的孩子", "A yellow triangle with two walking children"),
    ),
    "roadworks": (
        _warning(f'<path d="M70 150 L130 150 L112 118 L92 118 Z" fill="{BLACK}"/>{_person(BLACK, 92)}'),
        Both("黄底黑边三角形，一个施工的人和土堆", "A yellow triangle with a person beside a heap of earth"),
    ),
    "one-way": (
        _hint(f'<path d="M30 84 L120 84 L120 56 L174 100 L120 144 L120 116 L30 116 Z" fill="{_WHITE}"/>'),
        Both("蓝色方形，一个向右的白色箭头", "A blue square with a white arrow to the right"),
    ),
    "red-light": (_light("red"), Both("信号灯亮红灯", "A signal showing red")),
    "yellow-light": (_light("yellow"), Both("信号灯亮黄灯", "A signal showing yellow")),
    "zebra": (
        _svg(
            f'<rect width="200" height="200" fill="{_GREY}"/>'
            + "".join(
                f'<rect x="{12 + 32 * place}" y="40" width="18" height="120" fill="{_WHITE}"/>' for place in range(6)
            )
        ),
        Both("路面上一排平行的白色粗线", "A row of thick white parallel lines on the road"),
    ),
    "lanes": (
        _svg(_LANES + '<g transform="translate(112 96) scale(0.5)">' + _BIKE.format(ink=_WHITE) + "</g>"),
        Both(
            "路面用白实线隔出靠右的车道，车道内画有自行车图案",
            "A lane on the right behind a solid white line, with a painted bicycle",
        ),
    ),
}
"""NAME -> (the picture, what it shows)."""


def picture(name: str) -> str | None:
    """Return the picture of a name as SVG, None where there is none."""
    found = SIGNS.get(name)
    return None if found is None else found[0]
