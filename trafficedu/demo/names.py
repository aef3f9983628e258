"""Invented names, documents, phones and plates, put together at random: any likeness is chance, none is anybody's."""

from __future__ import annotations

from collections import Counter
from datetime import date
from random import Random

from stdnum.iso7064 import mod_11_2

REGION = 990_000
"""No province's number begins with 99, so that no identity card can carry it."""
PHONE = 15_400_000_000
"""Numbers from 154 on: the national plan gives 154 to no operator, as far as we know."""
PLATE_PLACE = "演示"
"""\"Demonstration\", which is no place."""
PLATE_LETTERS = "ABCDEFGHJKLMNPQRSTUVWXYZ"

SURNAMES = (
    "王李张刘陈杨黄赵吴周徐孙马朱胡郭何林罗高郑梁谢宋唐许韩冯邓曹彭曾肖田董潘袁蔡蒋余"
    "于杜叶程魏苏吕丁任沈姚卢姜崔钟谭陆汪范金石廖贾夏韦傅方白邹孟熊秦邱江尹薛闫段雷侯"
    "龙史陶黎贺顾毛郝龚邵万钱严戴莫孔俞来楼"
)
DOUBLE_SURNAMES = ("欧阳", "诸葛", "上官")
GIVEN = {
    "m": "伟强磊军洋勇杰涛超明刚平辉鹏华飞鑫波斌宇浩凯健俊帆帅旭宁龙林峰建国志海东晓晨阳博文毅成康星光天达安泽铭轩",
    "f": "芳娜敏静丽艳娟霞秀燕玲桂英梅莉红云洁琳倩雪颖慧婷萍丹蓉欣怡佳瑶雨晴兰凤月琴珍莲素清妍露思彤",
}

ROAD_STEMS = (
    "明霞", "望湖", "稻香", "文澜", "启新", "惠民", "晨光", "枫林", "桂语", "锦川",
    "春晖", "观潮", "兴塘", "松涛", "同乐", "银杏", "新禾", "竹影", "长虹", "紫藤",
    "和畅", "听涛", "远帆", "青禾", "育英", "永乐", "丰泽", "安澜", "揽月", "云河",
    "金穗", "柳岸", "荷塘", "学士", "通惠", "百合", "红枫", "康泰", "仁和", "横塘",
    "前湾", "后畈", "东畈", "西畈", "里坞", "渔浦",
)  # fmt: skip
ROAD_ENDS = ("路", "路", "路", "街", "街", "大道", "巷")
LANDMARKS = (
    "菜市场门口", "小学东门",
    "公交站", "商场北门", "医院门口", "工业园西门", "桥头", "地铁口", "外卖取餐点", "小区南门",
)  # fmt: skip
COMPANIES = (
    ("DEMO01", "橙舟即时配送", "Orange Boat"),
    ("DEMO02", "飞萤同城速送", "Firefly"),
    ("DEMO03", "湘岸跑腿服务", "Xiang Bank"),
    ("DEMO04", "青禾外卖配送", "Green Sprout"),
    ("DEMO05", "云梭快送", "Cloud Shuttle"),
    ("DEMO06", "蓝鹊同城物流", "Blue Magpie"),
    ("DEMO07", "禾雀生鲜到家", "Rice Bird"),
    ("DEMO08", "江声即配", "River Voice"),
    ("DEMO09", "拾味餐饮配送", "Ten Tastes"),
    ("DEMO10", "白鹭药品急送", "White Heron"),
    ("DEMO11", "萤石邻里配送", "Fluorite"),
    ("DEMO12", "麦垛鲜果速递", "Haystack"),
)
"""Code, name, and what the name means; no company we know of is called so."""


def person(chance: Random, gender: str | None = None) -> str:
    """Return an invented Chinese name of two to four characters."""
    given = GIVEN[gender or ("m" if chance.random() < 0.7 else "f")]
    surname = chance.choice(SURNAMES) if chance.random() > 0.004 else chance.choice(DOUBLE_SURNAMES)
    length = 1 if chance.random() < 0.22 else 2
    return surname + "".join(chance.sample(given, length))


def road(chance: Random) -> str:
    """Return an invented road."""
    return chance.choice(ROAD_STEMS) + chance.choice(ROAD_ENDS)


def spot(chance: Random, village: str) -> str:
    """Return an invented spot, as an officer would write it: a crossing, a stretch of road or a landmark."""
    kind = chance.random()
    first = road(chance)
    if kind < 0.55:
        second = road(chance)
        while second == first:
            second = road(chance)
        return f"{first}与{second}交叉口"
    short = short_village(village)
    if kind < 0.75:
        return f"{first}{short}段"
    return f"{first}{chance.choice(LANDMARKS)}"


def short_village(name: str) -> str:
    """Return a village's name without what kind of place it is, as people say it."""
    for ending in ("虚拟社区", "虚拟", "委会", "社区", "居", "村"):
        name = name.removesuffix(ending)
    return name


class Papers:
    """Hands out documents, phones and plates, each once."""

    def __init__(self) -> None:
        self._born: Counter[date] = Counter()
        self._phones = 0
        self._plates = 0

    def identity(self, born: date, gender: str) -> str:
        """Return an identity number with a valid check digit; its sequence is odd for men, even for women."""
        count = self._born[born]
        self._born[born] += 1
        sequence = 2 * (count % 499) + (1 if gender == "m" else 2)
        body = f"{REGION + count // 499}{born:%Y%m%d}{sequence:03d}"
        return body + str(mod_11_2.calc_check_digit(body))

    def phone(self) -> str:
        """Return the next phone number."""
        self._phones += 1
        return str(PHONE + self._phones * 97 % 100_000_000)

    def plate(self) -> str:
        """Return the next plate."""
        self._plates += 1
        letter, digits = divmod(self._plates * 7 % (len(PLATE_LETTERS) * 100_000), 100_000)
        return f"{PLATE_PLACE}{PLATE_LETTERS[letter]}{digits:05d}"
