from __future__ import annotations

import pytest

from trafficedu.core.personal import hide_personal, holds_personal

CARD = "99010119900307721"  # an invented region; the check character follows
CARD += "10X98765432"[
    sum(
        int(digit) * weight
        for digit, weight in zip(CARD, [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2], strict=True)
    )
    % 11
]


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ("电话13812345678。", "电话138****5678。"),
        ("tel:138 1234 5678, x", "tel:138****5678, x"),
        ("138-1234-5678", "138****5678"),
        ("+86 13812345678", "+138****5678"),
        ("008613812345678", "138****5678"),
        ("１３８１２３４５６７８", "138****5678"),
        ("13812\u200b345678", "138****5678"),
        (f"身份证{CARD}", f"身份证990*************{CARD[-2:]}"),
        (f"{CARD[:6]} {CARD[6:14]} {CARD[14:]}", f"990*************{CARD[-2:]}"),
        (" ".join(CARD[at : at + 4] for at in range(0, 18, 4)), f"990*************{CARD[-2:]}"),
        ("旧证990101640307721", "旧证990**********21"),
        (f"{CARD} 13812345678", f"990*************{CARD[-2:]} 138****5678"),
        ("骑手 13812345678 身份证 330109199001011234", "骑手 138****5678 身份证 330*************34"),
    ],
)
def test_a_person_s_number_is_found_however_it_is_written(written: str, shown: str) -> None:
    assert holds_personal(written)
    assert hide_personal(written) == shown


@pytest.mark.parametrize(
    "written",
    [
        "",
        "2026-11-28 13:05 至 14:30，罚款30元",
        "0571-82712345",
        "VD9Q6N2NK60O 330109001001 201400000001",
        "POLICE-2026-77",
        "12345678901",
        "138123456789",
        "330109261128001",  # a case number with its day: nobody was born in 1926 and got 15 digits
        "330109202600012345",
        "金城路138号1234室5678",
    ],
)
def test_what_is_no_person_s_number_stays(written: str) -> None:
    assert not holds_personal(written)
    assert hide_personal(written) == written
