"""The columns of a file that say who somebody is: the document, the name and the phone."""

from __future__ import annotations

import re

from trafficedu.core import parsing
from trafficedu.core.columns import Column, closed
from trafficedu.core.errors import Refusal
from trafficedu.core.parsing import Remark, unless_masked
from trafficedu.core.personal import mask_phone
from trafficedu.core.text import message
from trafficedu.riders import rules
from trafficedu.riders.rules import IdType

_SEVERAL = re.compile(r"[,，、;；/|]|\s(?=\+?\d{5})")
"""What stands between several numbers of a cell; a number itself may have blanks in it."""
PHONE_LEFT_OUT = message("Only a mainland mobile number is kept. The row was taken without this phone.")
FIRST_PHONE = message("There are several numbers in this cell. The first mobile number was taken.")


def phone(cell: parsing.Cell) -> str:
    """Return a mobile number. A landline, one from elsewhere or a second number keeps nobody out: it is remarked."""
    if isinstance(cell, str) and (plain := rules.MOBILE.fullmatch(cell)):  # most are, and need no more than that
        return plain[1]
    written = parsing.digits(cell)
    if not written:
        return ""
    if len(written) == 11 and (number := _mobile(written)):
        return number
    numbers = [part for part in _SEVERAL.split(written) if part.strip()]
    mobile = next((number for part in numbers if (number := _mobile(part))), "")
    if not mobile:
        raise Remark(PHONE_LEFT_OUT, "", value=mask_phone(written))
    if len(numbers) > 1:
        raise Remark(FIRST_PHONE, mobile, value=mask_phone(mobile))
    return mobile


def _mobile(text: str) -> str:
    try:
        return rules.normalise_phone(text)
    except Refusal:
        return ""


def _phone_or_masked(cell: parsing.Cell) -> str:
    return cell if isinstance(cell, str) and parsing.is_masked(cell) else phone(cell)


def document_columns(*, optional: bool = False) -> tuple[Column, ...]:
    """Return document, name and phone; ``optional``: a file may leave all of them out."""
    return (
        closed(
            "id_type",
            IdType,
            default="" if optional else None,
            optional=optional,
            title=message("Kind of document"),
            headings=("证件类型", "证件名称"),
            also={"居住证": IdType.RESIDENCE_PERMIT, "通行证": IdType.RESIDENCE_PERMIT},
        ),
        Column(
            "id_number",
            parsing.digits,
            optional=optional,
            title=message("Document number"),
            headings=("身份证", "身份证号", "身份证号码", "证件号", "证件号码", "公民身份号码"),
            note=message("In a column formatted as text: a spreadsheet rounds numbers of so many digits."),
            example="99010119700105811X",
        ),
        Column(
            "name",
            unless_masked(rules.normalise_name, parsing.identifier),
            optional=optional,
            title=message("Name"),
            headings=("骑手姓名", "当事人", "当事人姓名", "名字"),
        ),
        Column(
            "phone",
            _phone_or_masked,
            optional=True,
            title=message("Phone"),
            headings=("电话", "手机", "手机号码", "联系电话", "联系方式"),
            note=message("A mainland mobile number; others are left out."),
            example="13800000001",
        ),
    )
