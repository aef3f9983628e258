"""Tables of violation kinds, of violations, and of what is known beside one: the phone's clock, an unnamed person."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import (
    CheckConstraint,
    ColumnElement,
    ForeignKey,
    Index,
    String,
    UniqueConstraint,
    false,
    literal_column,
)
from sqlalchemy.orm import Mapped, mapped_column, relationship

from trafficedu.accounts.models import User
from trafficedu.areas.models import Area
from trafficedu.companies.models import Company
from trafficedu.core.catalogue import Entry
from trafficedu.core.keys import encrypted
from trafficedu.core.once import MadeByForm
from trafficedu.core.orm import (
    Base,
    Happened,
    Referenced,
    UTCDateTime,
    Versioned,
    among,
    is_among,
    one_of,
    partial_index,
    reference_key,
    word,
)
from trafficedu.core.states import StateIs
from trafficedu.core.text import Message
from trafficedu.evidence.rules import MOST_PHOTOS
from trafficedu.riders.models import Rider
from trafficedu.riders.rules import CompanyKnown
from trafficedu.violations.rules.checks import penalty_in_words
from trafficedu.violations.rules.states import (
    ANSWERING,
    COMPANY_OPEN,
    VIOLATION_LIFE,
    IdentityState,
    MissingPapers,
    ObjectionState,
    Offender,
    Penalty,
    Source,
    ViolationAct,
    ViolationState,
)


class ViolationKind(Entry, Base):
    """A row of the catalogue, valid from a day to a day (both included).

    ``code`` is the one used everywhere (the national code where there is one); a change of the fines is a new
    row of the same code with a later ``valid_from``. ``position`` orders the large keys of the record page,
    and is empty for kinds in the list below them.
    """

    __tablename__ = "violation_kind"
    __table_args__ = (
        UniqueConstraint("code", "valid_from"),
        CheckConstraint("fine_min_yuan >= 0 AND fine_max_yuan >= fine_min_yuan", "fines"),
        CheckConstraint("valid_to IS NULL OR valid_to >= valid_from", "validity"),
    )

    code: Mapped[str] = mapped_column(String(20), index=True)
    name_zh: Mapped[str] = mapped_column(String(60))
    name_en: Mapped[str] = mapped_column(String(60))
    position: Mapped[int | None]
    fine_min_yuan: Mapped[int]
    fine_max_yuan: Mapped[int]
    law_zh: Mapped[str] = mapped_column(String(200))
    law_en: Mapped[str] = mapped_column(String(200))

    def law(self, locale: str) -> str:
        """Return the article it rests on in ``zh`` or ``en``."""
        return self.law_en if locale == "en" else self.law_zh


IN_TIME = ("occurred_on", "occurred_utc", "id")
"""The order of the list: by day, then by moment, so that an index of a day's records is one of the list too."""
SET_ASIDE = f"state = '{ViolationState.REJECTED}' OR state = '{ViolationState.VOIDED}'"
"""What does not count: a small part of the records. Two terms, of which SQLite recognises either."""
WANTED = f"identity = '{IdentityState.WANTED}'"
PENDING = f"state = '{ViolationState.PENDING}'"
OPEN = f"state = '{ObjectionState.OPEN}'"
"""What waits for a decision, as its indexes say it; a query says it by ``core.orm.among``."""
TELLS = f"state = '{ViolationState.CONFIRMED}' AND NOT historic"
"""What somebody is told of; a query says it by :meth:`Violation.tells`."""
COMPANY_WAITS = f"{is_among('company_known', COMPANY_OPEN)} AND {TELLS}"
NAMED_WAITS = f"company_known = '{CompanyKnown.NAMED}' AND {TELLS}"
"""Where somebody has to say which company answers, as the indexes say it."""
RECEIPT_DUE = f"receipt_due AND state = '{ViolationState.CONFIRMED}' AND rider_id IS NOT NULL"
"""What has a receipt that nobody has issued yet; a query says it by :meth:`Violation.owes_receipt`."""


class Violation(MadeByForm, Happened, Referenced, Versioned, Base):
    """One offence of one rider (or passenger) seen at one place and time.

    ``state`` is pending (camera, unreviewed), confirmed (it counts), rejected (by the reviewer) or voided
    (found wrong; with reason). ``client_reference`` makes a repeated submit give the first record again;
    ``reference`` is the key of imports. ``company_id`` is the company that answers for it, ``company_known`` how that
    is known; ``named_company_id`` whom the source named, which stays as it was said.
    ``historic`` rows came in too old to open a task or send a notice. Who recorded it is an account
    (``officer_id``, ``recorded_by``), or for rows of a file what the file calls the officer (``officer_name``).
    ``papers`` says why the person showed none, ``identity`` whether it has yet to be found out who it was.
    ``late_reason``: why it was confirmed late. ``receipt_due``: its receipt has yet to be issued, once it counts.
    """

    __tablename__ = "violation"
    __table_args__ = (
        reference_key("violation"),
        one_of("state", ViolationState),
        one_of("company_known", CompanyKnown),
        CheckConstraint(f"(company_id IS NOT NULL) = ({is_among('company_known', ANSWERING)})", "company"),
        CheckConstraint(f"company_known <> '{CompanyKnown.NAMED}' OR named_company_id IS NOT NULL", "named_company"),
        CheckConstraint(f"(penalty = '{Penalty.FINE}') = (fine_yuan IS NOT NULL)", "fine"),
        CheckConstraint("rider_id IS NOT NULL OR plate <> '' OR papers IS NOT NULL", "someone"),
        Index("ix_violation_rider_id_occurred_on", "rider_id", "occurred_on"),
        *(Index(f"ix_violation_{first}_in_time", first, *IN_TIME) for first in ("area_id", "company_id", "officer_id")),
        Index("ix_violation_in_time", *IN_TIME),
        partial_index("ix_violation_set_aside_in_time", "state", *IN_TIME, where=SET_ASIDE),
        partial_index("ix_violation_pending_area_id_review_due_on", "area_id", "review_due_on", "id", where=PENDING),
        partial_index("ix_violation_pending_review_due_on", "review_due_on", "id", where=PENDING),
        partial_index("ix_violation_company_waits_area_id", "area_id", *IN_TIME[1:], where=COMPANY_WAITS),
        partial_index("ix_violation_company_waits", *IN_TIME[1:], where=COMPANY_WAITS),
        partial_index("ix_violation_named_waits", "named_company_id", *IN_TIME[1:], where=NAMED_WAITS),
        partial_index("ix_violation_wanted_area_id", "area_id", "occurred_on", "id", where=WANTED),
        partial_index("ix_violation_wanted", "occurred_on", "id", where=WANTED),
        partial_index("ix_violation_receipt_due", "id", where=RECEIPT_DUE),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    number: Mapped[str] = mapped_column(String(12), unique=True)
    reference: Mapped[str | None] = mapped_column(String(60))
    client_reference: Mapped[str | None] = mapped_column(String(60), unique=True)
    area_id: Mapped[int] = mapped_column(ForeignKey("area.id"))
    place: Mapped[str] = mapped_column(String(120), default="")
    latitude: Mapped[float | None]
    longitude: Mapped[float | None]
    kind_id: Mapped[int] = mapped_column(ForeignKey("violation_kind.id"))
    plate: Mapped[str] = mapped_column(String(20), default="", index=True)
    offender: Mapped[Offender] = mapped_column(word(Offender, 10), default=Offender.RIDER)
    rider_id: Mapped[int | None] = mapped_column(ForeignKey("rider.id"))
    papers: Mapped[MissingPapers | None] = mapped_column(word(MissingPapers, 12))
    identity: Mapped[IdentityState | None] = mapped_column(word(IdentityState, 10))
    company_id: Mapped[int | None] = mapped_column(ForeignKey("company.id"))
    company_known: Mapped[CompanyKnown] = mapped_column(word(CompanyKnown, 20), default=CompanyKnown.NOBODY)
    named_company_id: Mapped[int | None] = mapped_column(ForeignKey("company.id"))
    source: Mapped[Source] = mapped_column(word(Source, 10))
    penalty: Mapped[Penalty] = mapped_column(word(Penalty, 10))
    fine_yuan: Mapped[int | None]
    officer_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))
    officer_name: Mapped[str] = mapped_column("officer", String(60), default="")
    note: Mapped[str] = mapped_column(String(500), default="")
    minor: Mapped[bool] = mapped_column(default=False)
    guardian_name: Mapped[str] = mapped_column(String(60), default="")
    historic: Mapped[bool] = mapped_column(default=False)
    state: Mapped[ViolationState] = mapped_column(word(ViolationState, 10), default=ViolationState.CONFIRMED)
    recorded_utc: Mapped[datetime] = mapped_column(UTCDateTime)
    reviewed_by_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))
    reviewed_utc: Mapped[datetime | None] = mapped_column(UTCDateTime)
    review_due_on: Mapped[date | None]
    voided_by_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))
    voided_utc: Mapped[datetime | None] = mapped_column(UTCDateTime)
    state_reason: Mapped[str] = mapped_column(String(500), default="")
    late_reason: Mapped[str] = mapped_column(String(500), default="", server_default="")
    receipt_due: Mapped[bool] = mapped_column(default=False, server_default=false())

    area: Mapped[Area] = relationship()
    kind: Mapped[ViolationKind] = relationship()
    rider: Mapped[Rider | None] = relationship()
    company: Mapped[Company | None] = relationship(foreign_keys=[company_id])
    named_company: Mapped[Company | None] = relationship(foreign_keys=[named_company_id])
    recorded_by: Mapped[User | None] = relationship(foreign_keys=[officer_id])
    unnamed: Mapped[UnnamedPerson | None] = relationship()
    phone_note: Mapped[PhoneNote | None] = relationship()

    def may(self, act: ViolationAct) -> bool:
        """Tell whether ``act`` may be done to it as it stands."""
        return VIOLATION_LIFE.may(act, self.state)

    @classmethod
    def tells(cls) -> list[ColumnElement[bool]]:
        """Return the conditions that somebody is told of it: it counts and is no history."""
        return [among(cls.state, ViolationState.CONFIRMED), literal_column("NOT violation.historic")]

    @classmethod
    def owes_receipt(cls) -> list[ColumnElement[bool]]:
        """Return the conditions that its receipt has yet to be issued, in the words of their index."""
        due: ColumnElement[bool] = literal_column("violation.receipt_due")
        return [due, among(cls.state, ViolationState.CONFIRMED), cls.rider_id.is_not(None)]

    company_waits = StateIs(*COMPANY_OPEN, of="company_known")
    """Whether somebody has to say which company answers for it."""

    is_pending = StateIs(ViolationState.PENDING)
    """Whether it waits for its review."""

    @property
    def counts_from_utc(self) -> datetime:
        """When its rider could first be told of it: at once, a camera record after its review."""
        return self.reviewed_utc or self.recorded_utc

    @property
    def penalty_in_words(self) -> Message:
        """What papers call its penalty, with the sum of a fine."""
        return penalty_in_words(self.penalty, self.fine_yuan)

    @property
    def is_wanted(self) -> bool:
        """Whether somebody has yet to find out who it was."""
        return self.identity == IdentityState.WANTED

    is_voided = StateIs(ViolationState.VOIDED)
    """Whether it was found wrong and has no consequences."""
    is_rejected = StateIs(ViolationState.REJECTED)
    """Whether its review refused it."""


class PhoneNote(Base):
    """What the phone said beside a record that waited on it for a network, or that photos follow.

    ``tapped_utc``: its clock when the record was made; ``ahead_seconds``: by how much that is ahead of the server's.
    """

    __tablename__ = "phone_note"
    __table_args__ = (CheckConstraint(f"photos_announced BETWEEN 0 AND {MOST_PHOTOS}", "photos"),)

    violation_id: Mapped[int] = mapped_column(ForeignKey("violation.id"), primary_key=True, autoincrement=False)
    tapped_utc: Mapped[datetime] = mapped_column(UTCDateTime)
    ahead_seconds: Mapped[int] = mapped_column(default=0)
    photos_announced: Mapped[int] = mapped_column(default=0)


class UnnamedPerson(Base):
    """What is known of a person who showed no papers; ``phone_cipher`` is of the field ``unnamed.phone``.

    It stays as it was said when the person is identified later. ``reason``: why that was given up.
    """

    __tablename__ = "unnamed_person"

    violation_id: Mapped[int] = mapped_column(ForeignKey("violation.id"), primary_key=True, autoincrement=False)
    name: Mapped[str] = mapped_column(String(60), default="")
    phone_cipher: Mapped[str | None] = mapped_column(String(200), info=encrypted("unnamed.phone"))
    appearance: Mapped[str] = mapped_column(String(200), default="")
    reason: Mapped[str] = mapped_column(String(500), default="")
