from __future__ import annotations

import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace

import pytest

from tests.reports import samples
from tests.reports.reading import read
from trafficedu.reports import certificate, notice, receipt, roster


@dataclass(frozen=True)
class Case:
    name: str
    render: Callable[[], bytes]
    locale: str
    title: str
    says: tuple[str, ...]
    pages: int = 1
    code: str = ""


CASES = [
    Case(
        "certificate-zh",
        lambda: certificate.render(samples.CERTIFICATE, "zh"),
        "zh",
        "道路交通安全学习证书 C-7K3M-9QXT-4WDR",
        (
            "道路交通安全学习证书",
            "Certificate of Road Safety Study",
            "萧示例",
            "990109********0015",
            "该驾驶人于2026年11月20日在闻堰街道交治站完成道路交通安全学习，共90分钟，特此证明。",
            "警示教育影片",
            "20分钟",
            "96分（满分100分）",
            "沈站长",
            "2026年11月21日",
            "扫码查验",
        ),
        code=samples.CERTIFICATE.verify_url,
    ),
    Case(
        "certificate-en",
        lambda: certificate.render(samples.CERTIFICATE_EN, "en"),
        "en",
        "Certificate of Road Safety Study C-7K3M-9QXT-4WDR",
        (
            "萧示例",
            "completed 90 minutes of road safety study",
            "VR ride",
            "15 min",
            "96 out of 100",
            "Scan to verify",
        ),
        code=samples.CERTIFICATE.verify_url,
    ),
    Case(
        "receipt-zh",
        lambda: receipt.render(samples.RECEIPT, "zh"),
        "zh",
        "交通违法告知单 V-5H2P-8RYC-3NQK",
        (
            "告知单编号：V-5H2P-8RYC-3NQK",
            "学习：2026年11月28日 19:00，闻堰街道交治站",
            "2026年11月23日 21:04",
            "罚款20元",
            "《中华人民共和国道路交通安全法》第三十八条、第八十九条；《中华人民共和国道路交通安全法实施条例》",
            "已抄告企业",
            "60日内提出异议",
            "请于2026年12月8日前完成",
            "109527",
        ),
        code=samples.RECEIPT.receipt_url,
    ),
    Case(
        "receipt-en",
        lambda: receipt.render(samples.RECEIPT_EN, "en"),
        "en",
        "Violation receipt V-5H2P-8RYC-3NQK",
        ("Study: 28 November 2026, 19:00, 闻堰街道交治站", "Fine, 20 yuan", "Company notified", "within 60 days"),
        code=samples.RECEIPT.receipt_url,
    ),
    Case(
        "notice-zh",
        lambda: notice.render(samples.NOTICE, "zh"),
        "zh",
        "驾驶人交通违法抄告单 N-4D8K-2VWJ-6BTM",
        (
            "快送达（萧山）配送服务有限公司：",
            "请于2026年11月26日 21:09前反馈",
            "30天内违法2次",
            "减少派单",
            "单独同意条款",
        ),
        code=samples.NOTICE.answer_url,
    ),
    Case(
        "notice-en",
        lambda: notice.render(samples.NOTICE_EN, "en"),
        "en",
        "Notice of a rider's violation N-4D8K-2VWJ-6BTM",
        ("Answer by 26 November 2026, 21:09", "Recommended measure: fewer orders", "Scan to answer"),
        code=samples.NOTICE.answer_url,
    ),
    Case(
        "roster-zh",
        lambda: roster.render(samples.ROSTER, "zh"),
        "zh",
        "宣教场次签到表 S-20261128-0042",
        ("第1页，共3页", "第3页，共3页", "已预约36人，共40个名额", "欧阳试样", "18:52", "授课人"),
        pages=3,
    ),
    Case(
        "roster-en",
        lambda: roster.render(samples.ROSTER_EN, "en"),
        "en",
        "Session roster S-20261128-0042",
        ("Page 1 of 3", "36 booked, 40 seats", "Rider's signature", "Signed off by, date"),
        pages=3,
    ),
]
every_case = pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)


def squeezed(text: str) -> str:
    """Leave spaces out: how wide a gap has to be to read as one differs between viewers."""
    return text.replace(" ", "").replace("\u00a0", "")


@every_case
def test_says_what_it_has_to_say(case: Case) -> None:
    reading = read(case.render())
    for words in case.says:
        assert squeezed(words) in squeezed(reading.flat)
    assert len(reading.pages) == case.pages
    assert reading.title == case.title
    assert reading.author == samples.DISTRICT
    assert reading.outside == []


@every_case
def test_fonts_are_embedded_and_nothing_refers_to_others(case: Case) -> None:
    data = case.render()
    fonts = read(data).fonts
    assert {name.split("+")[-1] for name in fonts} == {"NotoSansSC-Regular", "NotoSansSC-Bold"}
    assert all(fonts.values())
    assert b"Helvetica" not in data
    assert b"Times" not in data


@every_case
def test_the_code_leads_to_its_page(case: Case) -> None:
    assert read(case.render()).codes == ([case.code] if case.code else [])


@every_case
def test_same_input_same_bytes(case: Case) -> None:
    assert case.render() == case.render()


@every_case
def test_names_its_language_and_carries_a_structure_tree(case: Case) -> None:
    data = case.render()
    assert {"zh": b"/Lang (zh-CN)", "en": b"/Lang (en-GB)"}[case.locale] in data
    assert b"/MarkInfo" in data
    assert b"/StructTreeRoot" in data
    assert b"/S /H1" in data
    assert data.count(b"/S /Figure") == bool(case.code)


def test_english_documents_say_nothing_in_chinese_but_names() -> None:
    data = replace(
        samples.CERTIFICATE_EN,
        rider_name="Anna Example",
        station="Wenyan",
        signer="B. Example",
        district="Xiaoshan",
    )
    assert read(certificate.render(data, "en")).text.isascii()


def test_roster_repeats_its_head_on_every_page() -> None:
    for page in read(roster.render(samples.ROSTER, "zh")).pages:
        assert "本人签名" in page
        assert "电动自行车闯红灯专题课程" in page


def test_roster_numbers_its_riders_from_one() -> None:
    rows = tuple(replace(samples.ROW, rider_name=f"Rider{place:02d}") for place in range(1, 31))
    text = read(roster.render(replace(samples.ROSTER, rows=rows), "en")).text
    numbered = re.findall(r"(\d+)\s+Rider(\d+)", text)
    assert [(int(number), int(name)) for number, name in numbered] == [(place, place) for place in range(1, 31)]


def test_roster_marks_a_score_that_was_entered_by_hand() -> None:
    by_hand = replace(samples.ROSTER, rows=(replace(samples.DONE, score_by_hand=True), samples.DONE))
    text = read(roster.render(by_hand, "zh")).text
    assert text.count("96 *") == 1
    assert "人工录入" in text
    assert "人工录入" not in read(roster.render(samples.ROSTER, "zh")).text


def test_roster_refuses_rows_of_another_course() -> None:
    row = replace(samples.ROW, module_minutes=(None,))
    with pytest.raises(ValueError, match="each module"):
        roster.render(replace(samples.ROSTER, rows=(row,)), "zh")


def test_empty_roster_is_a_page_with_a_head() -> None:
    reading = read(roster.render(replace(samples.ROSTER, rows=()), "zh"))
    assert len(reading.pages) == 1
    assert "本人签名" in reading.text


def test_receipt_says_that_the_study_waits_for_a_seat() -> None:
    reading = read(receipt.render(replace(samples.RECEIPT, seat=None), "zh"))
    assert "学习：等待安排场次" in reading.text
    assert "请于2026年12月8日前完成" in reading.flat


def test_receipt_without_study_fine_or_notice() -> None:
    data = replace(samples.RECEIPT, seat=None, due_on=None, fine_yuan=None, penalty="口头警告", notified=None)
    reading = read(receipt.render(data, "zh"))
    assert "无需参加学习" in reading.text
    assert "口头警告" in reading.text
    assert "抄告" not in reading.text


def test_receipt_says_why_a_company_was_not_told() -> None:
    notified = receipt.NoticeReceiver("company", "快送达公司", withheld="无合法告知依据")
    reading = read(receipt.render(replace(samples.RECEIPT, notified=notified), "zh"))
    assert "未抄告快送达公司：无合法告知依据" in reading.flat


def test_notice_to_a_village_speaks_to_the_village() -> None:
    data = replace(samples.NOTICE, receiver="village", receiver_name="闻堰街道黄山村", recommended="")
    reading = read(notice.render(data, "zh"))
    assert "贵村社居民" in reading.flat
    assert "建议措施" not in reading.text


def test_notice_says_which_stop_it_is_and_by_which_policy() -> None:
    said = replace(samples.NOTICE, stop="30天内第2次被查处", policy="青岛2020，2026-01-01起施行")
    reading = read(notice.render(said, "zh"))
    assert "30天内第2次被查处（按查处次数计，不按记录条数计）" in reading.flat
    assert "建议措施：减少派单（依据：青岛2020，2026-01-01起施行）" in reading.flat
    assert "30天内违法2次" not in reading.flat


def test_certificate_by_exception_without_a_module_has_no_heading_of_modules() -> None:
    assert "学习内容" in read(certificate.render(samples.CERTIFICATE, "zh")).text
    assert "学习内容" not in read(certificate.render(replace(samples.CERTIFICATE, modules=()), "zh")).text


def test_certificate_by_exception_does_not_say_that_the_study_was_completed() -> None:
    excepted = replace(samples.CERTIFICATE, modules=(), quiz_score=None, by_exception=True)
    said = read(certificate.render(excepted, "zh")).flat
    assert "经例外批准办结，实际学习0分钟" in said
    assert "完成道路交通安全学习" not in said
    assert "completed" not in said
    assert "by exception" in read(certificate.render(excepted, "en")).text
    assert "经例外批准" not in read(certificate.render(samples.CERTIFICATE, "zh")).flat


def test_certificate_says_which_minutes_were_studied_at_home() -> None:
    modules = (certificate.StudyModule("警示教育片", 18, online=12), certificate.StudyModule("交通安全课", 20))
    text = read(certificate.render(replace(samples.CERTIFICATE, modules=modules), "zh")).flat
    assert "共38分钟，其中在家观看教育片12分钟，其余在" in text
    assert "12 of them with a film at home".replace(" ", "") in text.replace(" ", "")


def test_certificate_without_quiz_has_no_score() -> None:
    assert "测验成绩" not in read(certificate.render(replace(samples.CERTIFICATE, quiz_score=None), "zh")).text


def test_threads_do_not_spoil_each_other() -> None:
    jobs = [case.render for case in CASES] * 3
    expected = [job() for job in jobs[: len(CASES)]] * 3
    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(lambda job: job(), jobs)) == expected
