"""What a violation may say: its time, penalty, fine and age limits. Pure, time passed in.

Every figure comes from outside (the kind's row, the configured parameters); this page holds only the
arithmetic between them.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta

from trafficedu.core.clock import local_date
from trafficedu.core.errors import Refusal
from trafficedu.core.text import Message, message
from trafficedu.violations.rules.states import OFFENDERS, PENALTIES, SOURCES, MissingPapers, Offender, Penalty, Source

FIRST_YEAR = 2000
FULL_AGE = 18
"""From this age the whole range of a fine applies (Administrative Penalty Law, art. 30)."""


def check_time(occurred: datetime, now: datetime, latest_days_back: int | None) -> None:
    """Raise Refusal at ``occurred_at`` for a time in the future or, given a limit, too long ago to be recorded."""
    text: Message | None = None
    if occurred > now:
        text = message("This time is in the future. Check the date and time.")
    elif latest_days_back is not None and occurred < now - timedelta(days=latest_days_back):
        text = message(
            "This was more than %(days)d days ago, too long to be recorded here. Import older records from a file.",
            days=latest_days_back,
        )
    elif occurred.year < FIRST_YEAR and local_date(occurred).year < FIRST_YEAR:
        text = message("This day is too far back. Check the year.")
    if text is not None:
        raise Refusal(text, field="occurred_at")


def check_someone(source: str, plate: str) -> None:
    """Raise Refusal where nobody is named: a camera needs the plate at least, anybody else the rider."""
    if source != Source.CAMERA:
        text = message("Enter the rider: identity number and name, look the rider up, or say why there are no papers.")
        raise Refusal(text, field="id_number", value="")
    if not plate:
        raise Refusal(message("A camera record needs a plate or a rider."), field="plate", value="")


def check_described(papers: str, *known: str) -> None:
    """Raise Refusal at ``papers`` for an unknown reason, at ``appearance`` where nothing is known of the person."""
    if papers not in tuple(MissingPapers):
        raise Refusal(message("Say why there are no papers."), field="papers", value=papers)
    if not any(text.strip() for text in known):
        text = message("Enter something the person can be found by: a name, a phone, a plate or the appearance.")
        raise Refusal(text, field="appearance", value="")


def check_choices(offender: str, source: str) -> None:
    """Raise Refusal at ``offender`` or ``source`` for what is none."""
    if offender not in OFFENDERS:
        raise Refusal(message("Choose rider or passenger."), field="offender", value=offender)
    if source not in SOURCES:
        raise Refusal(message("Choose field, camera, import or api."), field="source", value=source)


def check_penalty(penalty: str, fine_yuan: int | None, fine_min_yuan: int, fine_max_yuan: int) -> None:
    """Raise Refusal at ``fine_yuan`` unless fine and penalty agree and the fine lies in the kind's range."""
    if penalty not in PENALTIES:
        raise Refusal(message("Choose warning, fine or education."), field="penalty", value=penalty)
    if penalty != Penalty.FINE:
        if fine_yuan is not None:
            raise Refusal(
                message("Only a fine has an amount. Leave it empty, or choose fine as the penalty."),
                field="fine_yuan",
                value=str(fine_yuan),
            )
        return
    if fine_yuan is None:
        raise Refusal(message("Enter the amount of the fine in yuan."), field="fine_yuan", value="")
    if not fine_min_yuan <= fine_yuan <= fine_max_yuan:
        raise Refusal(
            message(
                "The fine for this kind must be between %(low)d and %(high)d yuan.",
                low=fine_min_yuan,
                high=fine_max_yuan,
            ),
            field="fine_yuan",
            value=str(fine_yuan),
        )


def changes_end_at(recorded: datetime, minutes: int) -> datetime:
    """Return until when whoever recorded an offence may correct it or take it back without anybody else."""
    return recorded + timedelta(minutes=minutes)


def objection_ends_on(told: datetime, days: int) -> date:
    """Return the last day (Asia/Shanghai) on which a record that its rider was told of at ``told`` can be contested."""
    return local_date(told) + timedelta(days=days)


def check_may_still_object(told: datetime, earlier: int, now: datetime, days: int, most: int) -> None:
    """Raise Refusal where the ``days`` for objecting are over, or it was objected ``most`` times: then law goes on."""
    last = objection_ends_on(told, days)
    if local_date(now) > last:
        raise Refusal(
            message(
                "Objections were possible until %(day)s. You may still apply for administrative review by law.",
                day=last.isoformat(),
            )
        )
    if earlier >= most:
        raise Refusal(
            message(
                "This record was objected to %(count)d times and each time decided. "
                "You may still apply for administrative review by law.",
                count=earlier,
            )
        )


def penalty_in_words(penalty: str, fine_yuan: int | None) -> Message:
    """Name a penalty for its papers, with the sum of a fine."""
    if fine_yuan is not None:
        return message("Fine of %(yuan)d yuan", yuan=fine_yuan)
    return message("Warning") if penalty == Penalty.WARNING else message("Education instead of a penalty")


def check_age(age: int | None, penalty: str, fine_from_age: int) -> None:
    """Raise Refusal at ``penalty`` for a fine against a child (Administrative Penalty Law, art. 30)."""
    if penalty == Penalty.FINE and age is not None and age < fine_from_age:
        raise Refusal(
            message(
                "This person is under %(age)d and cannot be fined. Choose education or a warning.", age=fine_from_age
            ),
            field="penalty",
            value=penalty,
        )


def is_minor(age: int | None, offender: str, rider_from_age: int) -> bool:
    """Tell whether riding itself was an offence: a rider under the age for e-bikes (Regulations, art. 72)."""
    return offender == Offender.RIDER and age is not None and age < rider_from_age


def check_guardian(minor: bool, guardian_name: str, rider_from_age: int) -> None:
    """Raise Refusal at ``guardian_name`` where a rider under age has nobody named to answer for them."""
    if minor and not guardian_name.strip():
        raise Refusal(
            message("The rider is under %(age)d. Enter the name of a guardian.", age=rider_from_age),
            field="guardian_name",
        )


def milder_fine(age: int | None, fine_min_yuan: int, fine_max_yuan: int, fine_from_age: int) -> tuple[int, int] | None:
    """Return the milder end of a kind's fines, advised for the young who can be fined; None for others.

    The lower half of the range is this project's reading of "lighter or mitigated" (Administrative Penalty
    Law, art. 30), to be confirmed by the district's lawyers. It is advice, not a bound.
    """
    if age is None or not fine_from_age <= age < FULL_AGE:
        return None
    return fine_min_yuan, (fine_min_yuan + fine_max_yuan) // 2
