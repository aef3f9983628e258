"""A bulletin and scorecards of an invented district; every figure is worked out from the number of the place."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime

from tests.reports.samples import SHANGHAI
from trafficedu.core.month import Month
from trafficedu.core.text import message
from trafficedu.reports.bulletin_data import (
    BulletinData,
    CampaignLine,
    Change,
    Claim,
    Count,
    Hazards,
    Limits,
    MonthCount,
    NamedRate,
    Outlook,
    Place,
    Places,
    Ranking,
    Rate,
    Standing,
)
from trafficedu.reports.scorecard import Part, PastMonth, ScorecardData

NAMES = ("城厢街道", "北干街道", "蜀山街道", "新塘街道", "靖江街道", "南阳街道", "义蓬街道", "河庄街道", "临江街道")
COLOURS = ("green", "green", "blue", "blue", "yellow", "yellow", "orange", "red", "grey")
COMPANIES = ("橙舟即时配送", "蓝鲸同城", "快燕速递")


def rate(numerator: int, denominator: int, around: float = 0.03) -> Rate:
    share = numerator / denominator if denominator else 0.5
    return Rate(numerator, denominator, max(0.0, share - around), min(1.0, share + around))


def standing(place: int, name: str, kind: str = "town") -> Standing:
    colour = COLOURS[place % len(COLOURS)]
    score = None if colour == "grey" else 96.0 - 4.5 * (place % len(COLOURS))
    names = ("points", "violations", "education", "helmets", "trend")
    dimensions = {one: (score, 80.0, 100.0) for one in (names if kind != "company" else (*names[:3], "feedback"))}
    if score is None:
        return Standing(f"{place}", name, colour, None, ("yellow", 71.2), {"points": (50.0, 5.0, 10.0)})
    return Standing(
        f"{place}",
        name,
        colour,
        score,
        (COLOURS[(place + 1) % 8], score - 3 + place % 5),
        dimensions,
        score - 5,
        min(100.0, score + 4),
        max(1, place - 1),
        place + 3,
        veto="red" if colour == "red" else "",
    )


def _months(count: int) -> list[str]:
    return [f"{2024 + (place + 10) // 12}-{(place + 10) % 12 + 1:02d}" for place in range(count)]


OUTLOOK = Outlook(
    months=_months(24),
    counted=[float(20 + place % 7) for place in range(24)],
    fitted=[None] * 6 + [22.5] * 18,
    ahead=[f"2026-{month:02d}" for month in (11, 12)] + [f"2027-{month:02d}" for month in range(1, 11)],
    expected=[22.0 + place / 4 for place in range(12)],
    low_80=[17.0] * 12,
    high_80=[28.0] * 12,
    low_95=[14.0] * 12,
    high_95=[31.0] * 12,
    statement=message("no trend can be told"),
    method=message("the mean"),
)

BULLETIN = BulletinData(
    district="杭州市公安局交通警察支队萧山大队",
    area="萧山区",
    month=Month(2026, 10),
    as_of=datetime(2026, 11, 4, 9, 30, tzinfo=SHANGHAI),
    findings=(message("a first finding"), message("a second finding")),
    evaluated=message("the rule set"),
    rankings=(
        Ranking("town", [standing(place, name) for place, name in enumerate(NAMES)]),
        Ranking("village", [standing(place, f"{NAMES[place % 9]}第{place}村") for place in range(60)]),
        Ranking("company", [standing(place, name, "company") for place, name in enumerate(COMPANIES)]),
    ),
    violations=Count(1204, 1301, 1388, message("a verdict")),
    casualties=Count(21, 26, 31, message("a verdict")),
    fatal=Count(0, 1, 0, message("a verdict")),
    completion=rate(1204, 1388),
    completion_before=rate(1100, 1388),
    feedback=(rate(310, 322), rate(0, 0)),
    feedback_before=(rate(300, 322), rate(1, 3)),
    helmets=rate(950, 1000),
    helmet_target=0.95,
    helmets_months=3,
    helmets_by_area=[
        NamedRate(f"{place}", name, rate(180 + place, 200), ("met", "missed", "")[place % 3])
        for place, name in enumerate(NAMES)
    ],
    completion_by_area=[NamedRate(f"{place}", name, rate(9 + place, 20)) for place, name in enumerate(NAMES)],
    feedback_by_company=[NamedRate(name, name, rate(18, 20 if name else 0)) for name in COMPANIES],
    hazards=Hazards(12, 5, 4, 2),
    months=[
        MonthCount(name, 900 + 37 * (place % 9), 1000 if place > 3 else None) for place, name in enumerate(_months(13))
    ],
    kinds=[Change("驾驶非机动车闯红灯", 301, 322, 410), Change("驾驶非机动车逆向行驶", 250, 240, 200)],
    areas=[Change(name, 10 * place, 90, 80) for place, name in enumerate(NAMES)],
    funnel=[
        Limits(f"{place}", name, 40 + 9 * place, 60.0, 45.0, 77.0, 36.0, 88.0, 1 if place > 4 else 0)
        for place, name in enumerate(NAMES)
    ],
    outlook=OUTLOOK,
    claims=[Claim(message("Fatal accidents"), 31, 21, message("a claim"))],
    campaigns=[
        CampaignLine("双百日攻坚", date(2026, 6, 1), date(2026, 9, 8), ("城厢街道", "北干街道"), message("an effect"))
    ],
    recommended=Places(
        message("the rule"),
        [
            Place("1", "城厢街道", 4.2, 48, 31.5, 1.44, 1.10, 1.85, 0.99, (message("Violations"),), 2, ("金风社区",)),
            Place("2", "北干街道", 3.1, 36, 30.2, 1.12, 0.83, 1.48, 0.78),
        ],
        36,
    ),
    notes=(message("a note"),),
)
EMPTY = replace(
    BULLETIN,
    evaluated=None,
    rankings=(),
    findings=(),
    completion=rate(0, 0),
    helmets=rate(0, 0),
    helmets_by_area=(),
    completion_by_area=(),
    feedback_by_company=(),
    kinds=(),
    areas=(),
    funnel=(),
    outlook=None,
    claims=(),
    campaigns=(),
    recommended=Places(message("the rule"), (), 36),
    months=[MonthCount("2026-10", 0, None)],
)
GREY = replace(
    BULLETIN,
    rankings=(Ranking("town", [replace(standing(8, "城厢街道"), before=None, dimensions={})]), Ranking("company", ())),
)

SCORECARD = ScorecardData(
    district=BULLETIN.district,
    kind=message("Towns"),
    code="330109001",
    name="城厢街道",
    month=BULLETIN.month,
    as_of=BULLETIN.as_of,
    colour="yellow",
    score=76.4,
    low=69.0,
    high=82.3,
    best=7,
    worst=14,
    peers=22,
    evaluated=message("the rule set"),
    veto=None,
    parts=[
        Part(message("Points"), 90.0, 0.2, 18.0, message("18 / 20"), 85.0),
        Part(message("Violations"), 71.3, 0.2, 14.3, message("112 / 98.4"), 80.0),
        Part(message("Education"), None, 0.25, None, message("3 / 4"), None),
    ],
    history=[
        PastMonth("2026-07"),
        PastMonth("2026-08", "grey"),
        PastMonth("2026-09", "blue", 82.1),
        PastMonth("2026-10", "yellow", 76.4),
    ],
    why=(message("a reason"),),
    notes=(message("a note"),),
)
SCORECARDS = {
    "town": SCORECARD,
    "grey": replace(
        SCORECARD,
        colour="grey",
        score=None,
        low=None,
        high=None,
        best=None,
        worst=None,
        parts=[replace(part, score=None, brings=None) for part in SCORECARD.parts],
        why=(),
    ),
    "veto": replace(SCORECARD, colour="orange", veto=message("a veto")),
}
