"""The bill of materials names what is installed and what the pages carry, with version and licence."""

import json
import re

import pytest

from assets import bill, build


@pytest.fixture(scope="module")
def rows() -> dict[str, tuple[str, str]]:
    """Name -> version and licence, as the committed bill has them."""
    written = bill.BILL.read_text(encoding="utf-8")
    found = re.findall(r"^\| (\S+) \| (\d\S*) \| (.+) \|$", written, re.MULTILINE)
    return {name: (version, licence) for name, version, licence in found}


def test_every_locked_package_stands_in_the_bill_with_its_version(rows: dict[str, tuple[str, str]]) -> None:
    lock = (build.ROOT / "requirements.lock").read_text(encoding="utf-8")
    pins = re.findall(r"^(\S+)==(\S+) \\$", lock, re.MULTILINE)
    assert len(pins) > 50
    for name, version in pins:
        assert rows[name][0] == version, "run make lock"


def test_what_the_pages_carry_stands_in_the_bill_with_its_version(rows: dict[str, tuple[str, str]]) -> None:
    locked = json.loads((build.SOURCES / "package-lock.json").read_text(encoding="utf-8"))["packages"]
    for name in ("bootstrap", "htmx.org", "idb", "echarts", "zrender", "@expo-google-fonts/noto-sans-sc"):
        about = locked[f"node_modules/{name}"]
        assert rows[name] == (about["version"], about["license"]), "run make lock"


def test_the_bill_is_the_one_that_make_lock_writes() -> None:
    build.build()
    assert bill.BILL.read_text(encoding="utf-8") == bill.text(), "run make lock"
