"""Pinyin of place names as the maps of Xiaoshan and the gazetteer of China have them."""

from __future__ import annotations

import pytest

from tests.reports import bulletins
from trafficedu.core.text import message
from trafficedu.reports.romanised import pinyin, romanised, with_pinyin


@pytest.mark.parametrize(
    ("name", "letters"),
    [
        ("萧山区", "Xiaoshan"),
        ("城厢街道", "Chengxiang"),
        ("闻堰街道", "Wenyan"),
        ("党湾镇", "Dangwan"),
        ("重庆市", "Chongqing"),  # 重 is zhong alone, 长 is zhang
        ("长河街道", "Changhe"),
        ("厦门市", "Xiamen"),
        ("西安市", "Xi'an"),
        ("单家村", "Shanjia"),  # the family Shan, not the word dan
        ("曾家桥村村委会", "Zengjiaqiao"),
        ("萧山经济技术开发区", "Xiaoshan"),
        ("河村", "Hecun"),  # one syllable alone is no name
        ("DEMO", ""),
    ],
)
def test_pinyin_as_on_maps(name: str, letters: str) -> None:
    assert pinyin(name) == letters
    assert romanised(name) == (f"{name} {letters}" if letters else name)


def test_a_paper_bears_pinyin_behind_every_place_and_behind_nothing_else() -> None:
    facts = with_pinyin(bulletins.BULLETIN, [bulletins.BULLETIN.area, "城厢街道"])
    town = facts.rankings[0].standings[0]
    assert town.name == "城厢街道 Chengxiang"
    assert town.code == bulletins.BULLETIN.rankings[0].standings[0].code
    assert facts.rankings[0].standings[1].name == "北干街道", "it was not said to be a place"
    said = with_pinyin([message("%(names)s fell", names="城厢街道, 北干街道")], ["城厢街道", "北干街道"])
    assert str(said[0]) == "城厢街道 Chengxiang, 北干街道 Beigan fell"
    assert with_pinyin(bulletins.BULLETIN, ["DEMO"]) is bulletins.BULLETIN
