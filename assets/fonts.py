"""Cuts the PDF fonts out of the npm package ``@expo-google-fonts/noto-sans-sc``. Knows nothing of the pages.

ReportLab embeds TrueType outlines only, so the source has to be the package's TTF files and not one of the
OpenType (CFF) editions. What is written is never committed: it is built, and shipped in the wheel.
"""

from __future__ import annotations

import codecs
import shutil
from pathlib import Path

from fontTools import subset
from fontTools.ttLib import TTFont

PACKAGE = Path("@expo-google-fonts") / "noto-sans-sc"
LICENCE = "LICENSE_FONT"
WEIGHTS = {
    "NotoSansSC-Regular.ttf": Path("400Regular") / "NotoSansSC_400Regular.ttf",
    "NotoSansSC-Bold.ttf": Path("700Bold") / "NotoSansSC_700Bold.ttf",
}

SCRIPTS = (
    range(0x0020, 0x007F),  # ASCII
    range(0x00A0, 0x0250),  # Latin with its accents: names of foreign riders, pinyin with tones
    range(0x1E00, 0x1F00),
    range(0x2000, 0x2070),  # dashes, quotation marks, per mille
    range(0x2100, 0x2200),  # number forms, arrows
    range(0x2460, 0x2500),  # circled figures
    range(0x25A0, 0x27C0),  # the shapes that stand beside the five colours, ticks
    range(0x3000, 0x3040),  # Chinese punctuation
    range(0xFF00, 0xFFF0),  # full-width forms
)
# People carry these in their names: GBK holds 20,902 ideographs, identity cards print extension A as well,
# and the national table of 8,105 standard characters reaches beyond the basic plane (U+2CB4E and its like).
IDEOGRAPHS = (
    range(0x3007, 0x3008),
    range(0x3400, 0x4DC0),
    range(0x4E00, 0xA000),
    range(0x20000, 0x32000),
)
# Layout tables serve a shaping engine, which ReportLab is not; hints serve screens of 2005.
UNUSED_TABLES = ("BASE", "GDEF", "GPOS", "GSUB", "STAT", "gasp", "prep", "vhea", "vmtx")


def code_points() -> set[int]:
    """List the wanted code points: every character of GBK (and so of GB2312), Latin, every ideograph."""
    wanted = {point for block in (*SCRIPTS, *IDEOGRAPHS) for point in block}
    decode = codecs.getdecoder("gbk")
    for lead in range(0x81, 0xFF):
        for trail in range(0x40, 0xFF):
            text, _ = decode(bytes((lead, trail)), "ignore")
            wanted.update(map(ord, text))
    return wanted


def is_fresh(target: Path, *sources: Path) -> bool:
    """Tell whether ``target`` is newer than what it is made of, this recipe included."""
    made_of = (*sources, Path(__file__))
    return target.exists() and all(target.stat().st_mtime > path.stat().st_mtime for path in made_of)


def cut(source: Path, target: Path) -> None:
    """Write the wanted glyphs of ``source`` to ``target``; the same source gives the same bytes."""
    options = subset.Options()
    options.drop_tables = [*options.drop_tables, *UNUSED_TABLES]
    options.hinting = False
    options.layout_features = []
    options.name_IDs = ["*"]  # the licence asks that its notices stay in the file
    options.notdef_outline = True
    font: TTFont = subset.load_font(source, options, dontLoadGlyphNames=True)
    subsetter = subset.Subsetter(options)
    subsetter.populate(unicodes=code_points())
    subsetter.subset(font)
    partial = target.with_suffix(".part")
    subset.save_font(font, partial, options)
    font.close()
    partial.replace(target)


def build(target: Path, node_modules: Path) -> None:
    """Fill the folder ``target`` with both weights and their licence; skips what is already fresh.

    Parameters
    ----------
    target
        ``trafficedu/reports/fonts`` in a checkout; made if it does not exist.
    node_modules
        Where npm unpacked the package.

    Raises
    ------
    FileNotFoundError
        The package is not there, or no longer laid out as it was.
    """
    package = node_modules / PACKAGE
    licence = package / LICENCE
    target.mkdir(parents=True, exist_ok=True)
    for name, place in WEIGHTS.items():
        if not is_fresh(target / name, package / place):
            cut(package / place, target / name)
    if not is_fresh(target / "OFL.txt", licence):
        shutil.copyfile(licence, target / "OFL.txt")
