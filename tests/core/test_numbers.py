from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from stdnum.iso7064 import mod_37_36

from trafficedu.core.numbers import ALPHABET, is_number, new_number, normalise


def test_the_check_character_is_that_of_the_standard() -> None:
    # ISO/IEC 7064, MOD 37,36: the worked example of python-stdnum's documentation of the standard.
    assert mod_37_36.is_valid("A12425GABC1234002M")


def test_numbers_do_not_repeat_and_are_well_formed() -> None:
    made = {new_number("V") for _ in range(5_000)}
    assert len(made) == 5_000
    assert all(is_number(number, "V") and not is_number(number, "C") for number in made)


@given(st.integers(0, 11), st.sampled_from(ALPHABET))
def test_one_wrong_character_is_found(position: int, wrong: str) -> None:
    number = new_number("V")
    changed = number[:position] + wrong + number[position + 1 :]
    assert is_number(changed, "V") == (changed == number)


@given(st.integers(1, 10))
def test_two_swapped_neighbours_are_found(position: int) -> None:
    number = new_number("V")
    swapped = number[:position] + number[position + 1] + number[position] + number[position + 2 :]
    assert is_number(swapped, "V") == (swapped == number)


def test_what_people_type_is_brought_into_form() -> None:
    number = new_number("V")
    assert normalise(f" {number[:4].lower()}-{number[4:8]} {number[8:]} ") == number


def test_nonsense_is_no_number() -> None:
    for text in ("", "V", "V" * 12, "Ｖ１２３４５６７８９０Ａ", "V12345678?0A", "V" + "0" * 12):
        assert not is_number(text, "V")


def test_letters_that_look_like_digits_lead_to_the_number() -> None:
    for number in ("VD9Q6N2NK60O", *(new_number("O") for _ in range(200))):
        misread = number.translate(str.maketrans("01", "OI"))
        assert normalise(misread) == normalise(misread.replace("I", "l").lower()) == number
    assert normalise("ＶD9Q-6N2N\u200bK6O０") == "VD9Q6N2NK60O"  # an older number whose check letter is an O
    assert normalise("Oil 7") == "OIL7"  # no number: stays what it is


def test_no_new_number_ends_in_a_letter_that_is_misread() -> None:
    assert not {new_number("V")[-1] for _ in range(3_000)} & set("ILOU")
