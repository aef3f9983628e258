"""What a document, a phone and a plate look like, what of them may be shown, and a rider's colour. Pure.

Every fault found here carries a masked value: what was typed may be somebody's personal data.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

from stdnum.iso7064 import mod_11_2

from trafficedu.core import typed
from trafficedu.core.cuts import small
from trafficedu.core.errors import Refusal
from trafficedu.core.personal import mask_identity, mask_phone
from trafficedu.core.states import Transitions, Word
from trafficedu.core.text import Message, message
from trafficedu.core.validity import Validity


class IdType(Word):
    """The document a rider shows."""

    IDENTITY_CARD = "identity_card", message("identity card")
    PASSPORT = "passport", message("passport")
    RESIDENCE_PERMIT = "residence_permit", message("residence or travel permit")


class LegalBasis(Word):
    """Why a company may be told of a rider's violations (PIPL art. 13 and 23)."""

    CONSENT = "consent", message("the rider's separate consent")
    CONTRACT = "contract", message("the contract with the company")
    STATUTORY_DUTY = "statutory_duty", message("a statutory duty")


class Relation(Word):
    """What a rider is to an e-bike: who owns it and who usually rides it may be two people; borrowed is of one day."""

    OWNER = "owner", message("registered owner")
    REGULAR = "regular", message("usual rider")
    BORROWED = "borrowed", message("borrowed it")


class Answer(Word):
    """What it means that somebody rides an e-bike that is known as another rider's."""

    BORROWED = "borrowed", message("borrowed")
    TRANSFERRED = "transferred", message("transferred to this rider")
    MISTYPED = "mistyped", message("the plate is mistyped")


USUAL = (Relation.OWNER, Relation.REGULAR)
"""Relations that tell who is likely to ride an e-bike on any day."""


class Renaming(Word):
    """Why a document that is known bears another name from now on; the code goes into the audit trail."""

    MISSPELT = "misspelt", message("it was misspelt here")
    RENAMED = "renamed", message("the rider has a new name on the same document")


class ConflictState(Word):
    """What became of a known document that came under another name."""

    OPEN = "open", message("open"), "open"
    RENAMED = "renamed", message("same person, name corrected"), "done"
    DISMISSED = "dismissed", message("wrong document")


class ConflictAct(StrEnum):
    """How somebody decides that."""

    RENAME = "rename"
    DISMISS = "dismiss"


CONFLICT_LIFE: Transitions[ConflictAct, ConflictState] = Transitions(
    {
        ConflictAct.RENAME: ([ConflictState.OPEN], ConflictState.RENAMED),
        ConflictAct.DISMISS: ([ConflictState.OPEN], ConflictState.DISMISSED),
    }
)


class LookupKey(Word):
    """What a rider is looked up by at the kerb; ``code``: a receipt that the rider carries."""

    PLATE = "plate", message("plate")
    DOCUMENT = "document", message("document number")
    PHONE = "phone", message("phone")
    NAME = "name", message("name")
    CODE = "code", message("code of a receipt")


class EngagementSource(Word):
    """Who says that a company engages a rider."""

    POLICE = "police", message("entered by the police")
    FILE = "file", message("from a file")
    COMPANY = "company", message("confirmed by the company")
    PROOF = "proof", message("proof seen by the police")
    UNKNOWN = "unknown", message("source not recorded")


class CompanyKnown(Word):
    """How the company that answers for a rider's offence is known; only of the first and the last is there one."""

    ENGAGED = "engaged", message("engages the rider on that day"), "done"
    NAMED = "named", message("named, unconfirmed"), "open"
    AMBIGUOUS = "ambiguous", message("several companies, none named"), "open"
    NOBODY = "nobody", message("no company engages the rider on that day")
    NONE = "none", message("no company")
    AS_RECORDED = "as_recorded", message("as recorded; not checked at that time")


class Purpose(Word):
    """Why somebody may ask to see a rider's data in clear; the code goes into the audit trail."""

    RECORDING = "recording", message("recording a violation")
    OBJECTION = "objection", message("deciding an objection")
    CONTACT = "contact", message("contacting the rider")
    REQUEST = "request", message("the rider asked what is stored")
    CORRECTION = "correction", message("correcting the record")


OPEN_FOR = timedelta(hours=12)
"""How long a rider found by an exact document stays open to the finder: a shift."""

Normaliser = Callable[[str], str]
CITIZEN_NUMBER = re.compile(r"[0-9]{17}[0-9X]")
PASSPORT_NUMBER = re.compile(r"(?=.*[0-9])[A-Z0-9]{5,9}")
PERMIT_NUMBER = re.compile(r"[A-Z]{3}[0-9]{12}|[HM][0-9]{8}|[0-9]{8}")
RETURN_PERMIT = re.compile(r"([HM][0-9]{8})[0-9]{2}")
MOBILE = re.compile(r"(?:\+?86|0086)?(1[3-9][0-9]{9})")
PLATE = re.compile(r"[\u4e00-\u9fff]{0,4}(?=(?:[A-Z]*[0-9]){3})[A-Z0-9]{4,8}")
BRACKETS = re.compile(r"[()]")


@dataclass(frozen=True)
class EngagementSpan:
    """A rider's work for a company from a day to a day, both included, for imports that hold many in memory."""

    id: int
    company_id: int
    engaged_from: date
    engaged_to: date | None
    legal_basis: str | None

    @property
    def days(self) -> Validity:
        """The days of the engagement."""
        return Validity(self.engaged_from, self.engaged_to)


@dataclass(frozen=True)
class Responsible:
    """The company that answers for what a rider did on a day, if there is one, and how that is known."""

    known: CompanyKnown
    company_id: int | None = None


def responsible(engaging: Collection[int], named: int | None) -> Responsible:
    """Return which of the companies that engage a rider on a day answers for the rider.

    The ``named`` one where it engages the rider; one that does not is only named. Without a name, the only one.
    """
    if named is not None:
        return Responsible(CompanyKnown.ENGAGED, named) if named in engaging else Responsible(CompanyKnown.NAMED)
    if len(engaging) > 1:
        return Responsible(CompanyKnown.AMBIGUOUS)
    return Responsible(CompanyKnown.ENGAGED, *engaging) if engaging else Responsible(CompanyKnown.NOBODY)


def normalise_identity(id_type: str, text: str, today: date) -> str:
    """Return the number of a document in the form in which it is stored and found.

    An identity card has the 18 characters of GB 11643-1999: six of the region, eight of the birth date, three
    of sequence, a check character by ISO 7064 MOD 11-2. The region is not checked: regions are abolished while
    their numbers live on, and invented numbers of regions never assigned must be possible in demonstrations.
    The permits that carry a number of this shape (residents from Hong Kong, Macao and Taiwan since 2018, the
    foreign permanent resident card since 2023) are checked alike. Of the others only the shape is known:
    three letters and twelve digits (older foreign permanent resident card), H or M and eight digits (travel
    permit of Hong Kong and Macao; the two digits counting renewals are cut off), eight digits (travel permit of
    Taiwan). A passport has five to nine letters and digits (ICAO Doc 9303 leaves nine).

    Parameters
    ----------
    today
        The day after which nobody can be born yet.

    Raises
    ------
    Refusal
        At ``id_number``, or at ``id_type`` for an unknown type.
    """
    number = typed.compact(text).replace("×", "X")
    if not number:
        raise Refusal(message("Enter the number of the document."), field="id_number", value="")
    if id_type == IdType.IDENTITY_CARD:
        return _citizen_number(number, today)
    if id_type == IdType.PASSPORT:
        if PASSPORT_NUMBER.fullmatch(number):
            return number
        raise _broken(number, message("A passport number has five to nine letters and digits. Check what you typed."))
    if id_type == IdType.RESIDENCE_PERMIT:
        return _permit_number(number, today)
    raise Refusal(message("Choose the kind of document."), field="id_type", value=id_type[:20])


def _permit_number(number: str, today: date) -> str:
    if CITIZEN_NUMBER.fullmatch(number):
        return _citizen_number(number, today)
    renewed = RETURN_PERMIT.fullmatch(number)
    number = renewed[1] if renewed else number
    if not PERMIT_NUMBER.fullmatch(number):
        text = message(
            "A permit number has 18 characters, three letters and 12 digits, H or M and eight digits, or eight"
            " digits. Check what you typed."
        )
        raise _broken(number, text)
    return number


def _citizen_number(number: str, today: date) -> str:
    if not CITIZEN_NUMBER.fullmatch(number):
        raise _broken(
            number, message("An identity card number has 17 digits followed by a digit or X. Check what you typed.")
        )
    born = _date(number[6:14])
    if born is None or born > today:
        raise _broken(number, message("The birth date in this number is not possible. Check digits 7 to 14."))
    if not mod_11_2.is_valid(number):
        raise _broken(number, message("The check digit of this number is wrong. Compare it with the document again."))
    return number


def _broken(number: str, text: Message) -> Refusal:
    return Refusal(text, field="id_number", value=mask_identity(number))


def _date(digits: str) -> date | None:
    try:
        return date(int(digits[:4]), int(digits[4:6]), int(digits[6:]))
    except ValueError:
        return None


def identity_key(id_type: str, number: str) -> str:
    """Return what identifies a person: numbers of 18 characters are one numbering, whichever card bears them."""
    return number if CITIZEN_NUMBER.fullmatch(number) else f"{id_type}:{number}"


def birth_date_of(id_type: str, number: str) -> date | None:
    """Return the birth date that a normalised number tells, or None where it tells none."""
    if id_type == IdType.PASSPORT or not CITIZEN_NUMBER.fullmatch(number):
        return None
    return _date(number[6:14])


def normalise_phone(text: str) -> str:
    """Return a mainland mobile number as eleven digits; +86, blanks and dashes vanish; "" stays "".

    Raises
    ------
    Refusal
        At ``phone``: it is none.
    """
    number = BRACKETS.sub("", typed.compact(text))
    if not number:
        return ""
    mobile = MOBILE.fullmatch(number)
    if mobile is None:
        raise Refusal(
            message("A mobile number has eleven digits and begins with 13 to 19. Check what you typed."),
            field="phone",
            value=mask_phone(number),
        )
    return mobile[1]


def normalise_plate(text: str) -> str:
    """Return a plate as it is stored: half width, upper case, no separator (``杭州·a 12345`` -> ``杭州A12345``).

    No national standard numbers e-bike plates: provinces and cities do, and their forms change. Taken is what
    those in use have in common: a place name or a province's sign (up to four Chinese characters, may be left
    out), then four to eight Latin letters and digits with at least three digits. A plate of another
    province can be stopped here too. "" (unplated) stays "".

    Raises
    ------
    Refusal
        At ``plate``: it is none.
    """
    plate = typed.compact(text)
    if plate and not PLATE.fullmatch(plate):
        raise Refusal(
            message(
                "A plate has an optional place name, then four to eight letters and digits, such as 杭州A12345. "
                "Check what you typed, or leave it empty for an unplated e-bike."
            ),
            field="plate",
            value=mask_identity(plate),
        )
    return plate


def with_place(plate: str, place: str) -> str:
    """Return a normalised plate with the district's own ``place`` name before it, where it bears none."""
    return place + plate if plate and plate.isascii() else plate


def meant_plates(text: str, place: str) -> list[str]:
    """Return the plates that somebody may look for by ``text``: with and without the district's own ``place`` name.

    A file may have brought one without it.
    """
    plate = searched_plate(text)
    return list(dict.fromkeys([with_place(plate, place), plate.removeprefix(place)])) if plate else []


def searched_plate(text: str) -> str:
    """Return the plate that somebody looks for as it is stored, or "" for what is none."""
    try:
        return normalise_plate(text)
    except Refusal:
        return ""


TAIL = 4
"""How many last characters of a number or a plate lead to it by an index; of more typed the rest is compared."""


def tail(number: str) -> str:
    """Return the last characters of a normalised number or plate, by which it is found."""
    return number[-TAIL:]


LONGEST_NAME = 60


def searched_name(text: str) -> str:
    """Return the part of a name that somebody looks for, as :func:`normalise_name` writes it, in small letters."""
    return small(typed.name(text))


def normalise_name(text: str) -> str:
    """Return a name with single blanks and the middle dot of Chinese spellings of foreign names (U+00B7).

    Raises
    ------
    Refusal
        At ``name``: it is empty or longer than 60 characters.
    """
    name = typed.name(text)
    if not name or len(name) > LONGEST_NAME:
        raise Refusal(message("Enter the name, at most 60 characters."), field="name", value=mask_name(name))
    return name


def same_name(name: str, other: str) -> bool:
    """Tell whether two normalised names are the same but for blanks, dots and the case of Latin letters."""
    return name == other or typed.compact(name) == typed.compact(other)


def mask_name(name: str) -> str:
    """Hide a name but for its first character and, from three on, its last: 张*, 张*明, 欧**明."""
    if len(name) < 3:
        return name[: len(name) - 1] + "*" * min(1, len(name))
    return name[0] + "*" * (len(name) - 2) + name[-1]


def age_on(birth_date: date, day: date) -> int:
    """Return the full years of age on ``day``; the birthday itself completes the year (29 February: 1 March)."""
    return day.year - birth_date.year - ((day.month, day.day) < (birth_date.month, birth_date.day))


def colour_code(count: int, red_from: int) -> str:
    """Return a rider's colour from the violations of the configured period: Wenling's three-colour code of 2021.

    ``green`` without any, ``red`` from ``red_from`` on (there 5), ``yellow`` between.
    """
    if count >= red_from:
        return "red"
    return "yellow" if count else "green"
