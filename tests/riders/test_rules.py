from __future__ import annotations

from datetime import date

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from tests.factories.riders import make_identity
from trafficedu.core.errors import Refusal
from trafficedu.core.personal import mask_identity, mask_phone
from trafficedu.riders import rules
from trafficedu.riders.rules import IdType

DAY = date(2026, 11, 23)
PLAIN = st.text(st.characters(exclude_characters="*", exclude_categories=["Cs"]), max_size=40)


def fault(id_type: str, number: str) -> Refusal:
    with pytest.raises(Refusal) as refused:
        rules.normalise_identity(id_type, number, DAY)
    return refused.value


# The two worked examples of GB 11643-1999, appendix A.
@pytest.mark.parametrize(
    ("number", "born"),
    [("11010519491231002X", date(1949, 12, 31)), ("440524188001010014", date(1880, 1, 1))],
)
def test_the_examples_of_the_national_standard_check(number: str, born: date) -> None:
    assert rules.normalise_identity(IdType.IDENTITY_CARD, number, DAY) == number
    assert rules.birth_date_of(IdType.IDENTITY_CARD, number) == born
    for check in "0123456789X":
        if check != number[-1]:
            assert "check digit" in str(fault(IdType.IDENTITY_CARD, number[:-1] + check).text)


@pytest.mark.parametrize("region", ["000000", "990000", "339999"])
def test_regions_that_never_were_are_taken(region: str) -> None:
    number = make_identity(region=region)
    assert rules.normalise_identity(IdType.IDENTITY_CARD, number, DAY) == number


@given(place=st.integers(0, 16), digit=st.sampled_from("0123456789"))
def test_every_single_wrong_digit_is_found(place: int, digit: str) -> None:
    number = "11010519491231002X"
    assume(number[place] != digit)
    assert fault(IdType.IDENTITY_CARD, number[:place] + digit + number[place + 1 :]).field == "id_number"


@pytest.mark.parametrize("born", [date(2026, 11, 24), date(2999, 1, 1)])
def test_nobody_is_born_tomorrow(born: date) -> None:
    assert "birth date" in str(fault(IdType.IDENTITY_CARD, make_identity(born)).text)


def test_somebody_is_born_today() -> None:
    assert rules.normalise_identity(IdType.IDENTITY_CARD, make_identity(DAY), DAY)


@pytest.mark.parametrize(
    "number", ["", "  ", "110105491231002", "11010519490230002X", "1101051949123100XX", "一二三", "110105194912310021"]
)
def test_a_broken_identity_number_is_refused_without_quoting_it(number: str) -> None:
    error = fault(IdType.IDENTITY_CARD, number)
    assert error.field == "id_number"
    assert error.value is not None
    assert not number.strip() or number not in error.value


@pytest.mark.parametrize(
    ("typed", "stored"),
    [
        ("11010519491231002x", "11010519491231002X"),
        (" 110105 19491231 002X ", "11010519491231002X"),
        ("１１０１０５１９４９１２３１００２Ｘ", "11010519491231002X"),
        ("110105-19491231-002×", "11010519491231002X"),
    ],
)
def test_one_number_has_one_form(typed: str, stored: str) -> None:
    assert rules.normalise_identity(IdType.IDENTITY_CARD, typed, DAY) == stored


@pytest.mark.parametrize(
    ("id_type", "typed", "stored"),
    [
        (IdType.PASSPORT, "e12345678", "E12345678"),
        (IdType.PASSPORT, "EA 123 4567", "EA1234567"),
        (IdType.RESIDENCE_PERMIT, "CHN110120190101"[:3] + "110120190101", "CHN110120190101"),
        (IdType.RESIDENCE_PERMIT, "H1234567802", "H12345678"),
        (IdType.RESIDENCE_PERMIT, "m12345678", "M12345678"),
        (IdType.RESIDENCE_PERMIT, "01234567", "01234567"),
        (IdType.RESIDENCE_PERMIT, "11010519491231002X", "11010519491231002X"),
    ],
)
def test_other_documents_have_plausible_shapes(id_type: str, typed: str, stored: str) -> None:
    assert rules.normalise_identity(id_type, typed, DAY) == stored


@pytest.mark.parametrize(
    ("id_type", "typed"),
    [
        (IdType.PASSPORT, "ABCDEFGH"),
        (IdType.PASSPORT, "1234"),
        (IdType.PASSPORT, "E123456789"),
        (IdType.RESIDENCE_PERMIT, "X12345678"),
        (IdType.RESIDENCE_PERMIT, "CHN11012019010"),
        (IdType.RESIDENCE_PERMIT, "110105194912310021"),
    ],
)
def test_implausible_documents_are_refused(id_type: str, typed: str) -> None:
    assert fault(id_type, typed).field == "id_number"


def test_an_unknown_kind_of_document_is_refused() -> None:
    assert fault("library_card", "123").field == "id_type"


@pytest.mark.parametrize(
    "typed", ["13800138000", "+86 138 0013 8000", "0086-138-0013-8000", "86 13800138000", "１３８００１３８０００"]
)
def test_phones_have_one_form(typed: str) -> None:
    assert rules.normalise_phone(typed) == "13800138000"


@pytest.mark.parametrize(
    "typed", ["12800138000", "1380013800", "138001380000", "0571-82888888", "abc", "+1 3800138000"]
)
def test_what_is_no_mobile_number_is_refused(typed: str) -> None:
    with pytest.raises(Refusal) as refused:
        rules.normalise_phone(typed)
    assert refused.value.field == "phone"


@pytest.mark.parametrize(
    ("typed", "stored"),
    [
        ("杭州·A12345", "杭州A12345"),
        ("杭州 a-12345", "杭州A12345"),
        ("浙Ａ１２３４５", "浙A12345"),
        ("萧山1234567", "萧山1234567"),
        ("1234567", "1234567"),
        ("苏E12345Z", "苏E12345Z"),
        ("", ""),
        ("  ", ""),
    ],
)
def test_plates_have_one_form(typed: str, stored: str) -> None:
    assert rules.normalise_plate(typed) == stored


@pytest.mark.parametrize(
    "typed", ["杭州", "ABCDEF", "A12", "杭州A123456789", "杭州市萧山区A12345", "A12345杭", "<b>12345"]
)
def test_what_is_no_plate_is_refused(typed: str) -> None:
    with pytest.raises(Refusal) as refused:
        rules.normalise_plate(typed)
    assert refused.value.field == "plate"


@given(PLAIN)
def test_a_masked_number_shows_a_third_at_most_and_never_its_last_four(text: str) -> None:
    masked = mask_identity(text)
    assert len(masked) == len(text)
    shown = [place for place, sign in enumerate(masked) if sign != "*"]
    assert all(masked[place] == text[place] for place in shown)
    assert len(shown) <= min(5, len(text) // 3)
    assert all(place < 3 or place >= len(text) - 2 for place in shown)


@given(PLAIN)
def test_a_masked_name_shows_two_characters_at_most_and_always_hides_one(text: str) -> None:
    masked = rules.mask_name(text)
    assert len(masked) == len(text)
    assert len(masked.replace("*", "")) <= min(2, max(0, len(text) - 1))


@given(st.from_regex(r"1[3-9][0-9]{9}", fullmatch=True, alphabet="0123456789"))
def test_a_masked_phone_hides_its_middle(phone: str) -> None:
    assert mask_phone(phone) == f"{phone[:3]}****{phone[-4:]}"


@given(PLAIN)
def test_what_is_no_phone_is_masked_as_much(text: str) -> None:
    assert not text or "*" in mask_phone(text)


@pytest.mark.parametrize(
    ("name", "masked"), [("李四", "李*"), ("张小明", "张*明"), ("欧阳小明", "欧**明"), ("李", "*")]
)
def test_names_are_masked_as_is_usual(name: str, masked: str) -> None:
    assert rules.mask_name(name) == masked


@pytest.mark.parametrize(
    ("born", "day", "age"),
    [
        (date(2010, 11, 23), date(2026, 11, 22), 15),
        (date(2010, 11, 23), date(2026, 11, 23), 16),
        (date(2008, 2, 29), date(2026, 2, 28), 17),
        (date(2008, 2, 29), date(2026, 3, 1), 18),
    ],
)
def test_age_is_full_years(born: date, day: date, age: int) -> None:
    assert rules.age_on(born, day) == age


@pytest.mark.parametrize(("count", "colour"), [(0, "green"), (1, "yellow"), (4, "yellow"), (5, "red"), (9, "red")])
def test_the_colour_code_of_wenling(count: int, colour: str) -> None:
    assert rules.colour_code(count, 5) == colour


def test_names_are_the_same_but_for_blanks_dots_and_case() -> None:
    assert rules.same_name("阿卜杜拉·买买提", rules.normalise_name("阿卜杜拉 • 买买提"))
    assert rules.same_name("JOHN SMITH", "John Smith")
    assert not rules.same_name("张小明", "张晓明")
