"""Documents of people who do not exist; their identity numbers carry a region that was never assigned."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime
from zoneinfo import ZoneInfo

from trafficedu.reports.certificate import CertificateData, StudyModule
from trafficedu.reports.notice import NoticeData
from trafficedu.reports.receipt import NoticeReceiver, ReceiptData, StudySeat
from trafficedu.reports.roster import RosterData, RosterRow

SHANGHAI = ZoneInfo("Asia/Shanghai")
DISTRICT = "杭州市公安局交通警察支队萧山大队"
LAW = (
    "《中华人民共和国道路交通安全法》第三十八条、第八十九条；"
    "《中华人民共和国道路交通安全法实施条例》第三十八条第一款第（三）项"
)

MODULES = (
    StudyModule("交通安全讲座", 45),
    StudyModule("警示教育影片", 20),
    StudyModule("VR模拟骑行", 15),
    StudyModule("结业测验", 10),
)

CERTIFICATE = CertificateData(
    number="C-7K3M-9QXT-4WDR",
    district=DISTRICT,
    rider_name="萧示例",
    masked_id="990109********0015",
    courses=("电动自行车闯红灯专题课程",),
    station="闻堰街道交治站",
    studied_from=date(2026, 11, 20),
    studied_to=date(2026, 11, 20),
    modules=MODULES,
    quiz_score=96,
    signer="沈站长",
    issued_on=date(2026, 11, 21),
    verify_url="https://jzt.example.cn/verify/C-7K3M-9QXT-4WDR",
)

SEAT = StudySeat(
    station="闻堰街道交治站",
    address="杭州市萧山区闻堰街道湘湖路100号二楼训教室",
    starts_at=datetime(2026, 11, 28, 19, 0, tzinfo=SHANGHAI),
    course="电动自行车闯红灯专题课程",
    minutes=90,
)

RECEIPT = ReceiptData(
    number="V-5H2P-8RYC-3NQK",
    district=DISTRICT,
    rider_name="萧**",
    masked_id="990109********0015",
    kind="驾驶非机动车闯红灯（2007）",
    law=LAW,
    place="闻堰街道黄山村 时代大道与湘湖路交叉口，由南向北",
    occurred_at=datetime(2026, 11, 23, 21, 4, tzinfo=SHANGHAI),
    penalty="罚款",
    fine_yuan=20,
    course=SEAT.course,
    seat=SEAT,
    due_on=date(2026, 12, 8),
    notified=NoticeReceiver("company", "快送达（萧山）配送服务有限公司"),
    objection_days=60,
    objection_workdays=7,
    objection_where="扫描下方二维码，或到任一交治站当面提出",
    officer="109527",
    receipt_url="https://jzt.example.cn/n/V-5H2P-8RYC-3NQK",
    plate="杭州A12345",
)

NOTICE = NoticeData(
    number="N-4D8K-2VWJ-6BTM",
    district=DISTRICT,
    receiver="company",
    receiver_name="快送达（萧山）配送服务有限公司",
    rider_name="萧**",
    masked_id="990109********0015",
    violation_number=RECEIPT.number,
    kind=RECEIPT.kind,
    law=LAW,
    place=RECEIPT.place,
    occurred_at=RECEIPT.occurred_at,
    penalty="罚款20元",
    count_in_window=2,
    window_days=30,
    recommended="减少派单",
    course=SEAT.course,
    seat=SEAT,
    due_on=RECEIPT.due_on,
    legal_basis="骑手与企业签订的用工协议中关于交通违法信息抄告的单独同意条款",
    sent_at=datetime(2026, 11, 23, 21, 9, tzinfo=SHANGHAI),
    answer_by=datetime(2026, 11, 26, 21, 9, tzinfo=SHANGHAI),
    answer_url="https://jzt.example.cn/notices/N-4D8K-2VWJ-6BTM",
    contact="联系电话 0571-00000000",
)

ROW = RosterRow("萧示例", "990109********0015", "快送达（萧山）配送服务有限公司", None, (None,) * 4, None)
DONE = replace(
    ROW,
    rider_name="欧阳试样",
    company="",
    checked_in_at=datetime(2026, 11, 28, 18, 52, tzinfo=SHANGHAI),
    module_minutes=(45, 20, 15, 10),
    quiz_score=96,
)

ROSTER = RosterData(
    number="S-20261128-0042",
    district=DISTRICT,
    station=SEAT.station,
    address=SEAT.address,
    course=SEAT.course,
    modules=MODULES,
    starts_at=SEAT.starts_at,
    ends_at=datetime(2026, 11, 28, 20, 30, tzinfo=SHANGHAI),
    capacity=40,
    instructor="沈站长",
    rows=(DONE, ROW) * 18,
    printed_at=datetime(2026, 11, 28, 17, 30, tzinfo=SHANGHAI),
)

ENGLISH_MODULES = (
    StudyModule("Road safety lecture", 45),
    StudyModule("Warning films", 20),
    StudyModule("VR ride", 15),
    StudyModule("Quiz", 10),
)
CERTIFICATE_EN = replace(
    CERTIFICATE,
    courses=("Red lights: a course for e-bike riders",),
    modules=ENGLISH_MODULES,
)
SEAT_EN = replace(SEAT, course="Red lights: a course for e-bike riders")
LAW_EN = (
    "Road Traffic Safety Law of the People's Republic of China, articles 38 and 89; its implementing "
    "regulations, article 38, paragraph 1, item 3"
)
RECEIPT_EN = replace(
    RECEIPT,
    kind="Running a red light on a non-motor vehicle (2007)",
    law=LAW_EN,
    penalty="Fine",
    course=SEAT_EN.course,
    seat=SEAT_EN,
    objection_where="scan the code below, or come to any study station",
)
NOTICE_EN = replace(
    NOTICE,
    kind=RECEIPT_EN.kind,
    law=LAW_EN,
    penalty="Fine, 20 yuan",
    recommended="fewer orders",
    course=SEAT_EN.course,
    seat=SEAT_EN,
    legal_basis="the separate consent in the rider's agreement with the company",
    contact="Telephone 0571-00000000",
)
ROSTER_EN = replace(ROSTER, course=SEAT_EN.course, modules=ENGLISH_MODULES)
