from __future__ import annotations

import pytest
from cryptography.exceptions import InvalidTag
from hypothesis import given
from hypothesis import strategies as st

from trafficedu.core.encryption import Keyring
from trafficedu.core.errors import Refusal

OLD, NEW = Keyring.generate(), Keyring.generate().replace("k1:", "k2:")


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_what_is_encrypted_is_read_again_and_never_looks_the_same(text: str) -> None:
    ring = Keyring.parse(OLD)
    first, second = ring.encrypt(text, "rider.phone"), ring.encrypt(text, "rider.phone")
    assert first != second
    assert ring.decrypt(first, "rider.phone") == text


def test_a_ciphertext_belongs_to_its_field() -> None:
    ring = Keyring.parse(OLD)
    with pytest.raises(InvalidTag):
        ring.decrypt(ring.encrypt("13800000000", "rider.phone"), "rider.id_number")


def test_keys_rotate_the_first_encrypts_and_all_find() -> None:
    before, after = Keyring.parse(OLD), Keyring.parse(f"{NEW},{OLD}")
    sealed, found = before.encrypt("x", "f"), before.lookup_hash("x", "f")
    assert after.decrypt(sealed, "f") == "x"
    assert found in after.lookup_hashes("x", "f")
    assert after.encrypt("x", "f").startswith("k2.")
    assert after.lookup_hash("x", "f") != found


def test_a_key_taken_away_says_which() -> None:
    with pytest.raises(KeyError, match="k1"):
        Keyring.parse(NEW).decrypt(Keyring.parse(OLD).encrypt("x", "f"), "f")


MALFORMED = {
    "nothing": "",
    "no part": ",",
    "no key": "k1",
    "no base64": "k1:short",
    "too short": "k1:AAAA",
    "one of two": f"{OLD},k2",
    "no id": OLD[2:],
    "a point in the id": "k.1" + OLD[2:],
}


@pytest.mark.parametrize("setting", MALFORMED.values(), ids=MALFORMED)
def test_a_malformed_setting_is_refused_and_never_shown(setting: str) -> None:
    with pytest.raises(Refusal, match="is no data key") as refused:
        Keyring.parse(setting)
    assert OLD[3:] not in str(refused.value.text)


def test_two_keys_with_one_id_are_refused() -> None:
    with pytest.raises(Refusal, match="two keys with the id"):
        Keyring.parse(f"{OLD},{Keyring.generate()}")


def test_a_check_value_tells_keys_of_one_id_apart() -> None:
    assert Keyring.parse(OLD).checks["k1"] == Keyring.parse(f"{NEW}, {OLD}").checks["k1"]
    assert Keyring.parse(OLD).checks != Keyring.parse(Keyring.generate()).checks
