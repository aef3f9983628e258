"""Addresses, second attempts, what a push may not hold."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from trafficedu.core.errors import Refusal
from trafficedu.core.text import message, translate, unpacked
from trafficedu.messages import rules

NOW = datetime(2026, 11, 25, 8, tzinfo=UTC)
DINGTALK = "https://oapi.dingtalk.com/robot/send?access_token=0a1b2c3d4e5f"
WECOM = "https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=693a91f6-7xxx-4bc4-97a0-0ec2sifa5aaa"
FEISHU = "https://open.feishu.cn/open-apis/bot/v2/hook/c1d2e3f4-aaaa-bbbb-cccc-0123456789ab"


@pytest.mark.parametrize(
    ("kind", "typed", "masked"),
    [
        ("email", "wang.li@police.example.cn", "w***@police.example.cn"),
        ("dingtalk", DINGTALK, "oapi.dingtalk.com ***4e5f"),
        ("wecom", WECOM, "qyapi.weixin.qq.com ***5aaa"),
        ("feishu", FEISHU, "open.feishu.cn ***89ab"),
    ],
)
def test_an_address_is_read_kept_and_masked(kind: str, typed: str, masked: str) -> None:
    address = rules.read_address(kind, typed, "", frozenset())
    assert address.masked == masked
    assert rules.address_from(kind, address.text) == address


@pytest.mark.parametrize(
    ("kind", "typed", "secret", "field"),
    [
        ("email", "a@b", "", "address"),
        ("email", "a@b.cn,c@d.cn", "", "address"),
        ("email", "a@b.cn\nBcc: c@d.cn", "", "address"),
        ("dingtalk", "https://oapi.dingtalk.com/robot/send", "", "address"),
        ("dingtalk", "http://oapi.dingtalk.com/robot/send?access_token=0a1b2c3d4e5f", "", "address"),
        ("dingtalk", "https://oapi.dingtalk.com@10.0.0.1/robot/send?access_token=0a1b2c3d4e5f", "", "address"),
        ("dingtalk", DINGTALK.replace("oapi.dingtalk.com", "127.0.0.1"), "", "address"),
        ("dingtalk", DINGTALK.replace("oapi.dingtalk.com", "[::1]"), "", "address"),
        ("dingtalk", DINGTALK.replace("oapi.dingtalk.com", "oapi.dingtalk.com.evil.example"), "", "address"),
        ("dingtalk", "https://[", "", "address"),
        ("dingtalk", DINGTALK, "SEC-not", "secret"),
        ("wecom", DINGTALK, "", "address"),
        ("wecom", WECOM + "&key=another-one", "", "address"),
        ("wecom", WECOM, "SEC12345678", "secret"),
        ("feishu", "https://open.feishu.cn/open-apis/bot/v2/hook/../../admin", "", "address"),
    ],
)
def test_what_is_no_address_of_the_kind_is_refused(kind: str, typed: str, secret: str, field: str) -> None:
    with pytest.raises(Refusal) as refused:
        rules.read_address(kind, typed, secret, frozenset())
    assert refused.value.field == field


def test_a_private_server_is_asked_only_where_the_setting_names_it() -> None:
    typed = DINGTALK.replace("https://oapi.dingtalk.com", "http://10.1.2.3:8080")
    allowed = rules.read_origins("https://im.example.cn, http://10.1.2.3:8080/")
    assert rules.read_address("dingtalk", typed, "", allowed).origin == "http://10.1.2.3:8080"
    with pytest.raises(Refusal):
        rules.read_address("dingtalk", typed.replace(":8080", ":8081"), "", allowed)
    with pytest.raises(ValueError, match="not a server"):
        rules.read_origins("im.example.cn")


def test_attempts_come_at_growing_distances_and_end() -> None:
    waits = [rules.next_attempt(made, NOW) for made in range(1, 7)]
    assert waits == [*(NOW + timedelta(minutes=minutes) for minutes in (1, 5, 15, 60, 240)), None]
    assert [status for status in (301, 400, 404, 429, 500, 503) if rules.may_succeed_later(status)] == [429, 500, 503]


def test_a_sentence_is_kept_with_its_parameters_and_said_in_both_languages() -> None:
    said = message("At most %(count)d channels. Remove one first.", count=5)
    kept = rules.packed(message("[交治通] %(title)s", title=said))
    assert translate(unpacked(kept), "zh") == "【交治通】最多添加 5 个渠道。请先移除一个。"
    assert translate(unpacked(kept), "en") == "[交治通] At most 5 channels. Remove one first."
    assert rules.packed(message("x", day=date(2026, 11, 25)))["params"] == {"day": "2026-11-25"}


@pytest.mark.parametrize("value", ["13812345678", 13812345678, "身份证 330109199001011234", "33010919900101123X"])
def test_a_push_holds_no_phone_and_no_identity_number(value: object) -> None:
    with pytest.raises(ValueError, match="no phone or identity number"):
        rules.packed(message("%(what)s", what=message("%(who)s", who=value)))
