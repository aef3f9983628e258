"""Tables of riders, vehicles and engagements. Identity numbers and phones exist here as ciphertext only."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import JSON, CheckConstraint, ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from trafficedu.accounts.models import User
from trafficedu.areas.models import Area
from trafficedu.companies.models import Company
from trafficedu.core.keys import encrypted
from trafficedu.core.orm import Base, UTCDateTime, Versioned, one_of, partial_index, word
from trafficedu.core.tables import table_of
from trafficedu.core.terms import keep_terms
from trafficedu.core.validity import Validity
from trafficedu.riders import rules


class Rider(Versioned, Base):
    """A rider. ``number`` is the public one (``R...``); the internal id never leaves.

    ``id_number_cipher`` and ``phone_cipher`` are made by ``core.encryption`` (fields ``rider.id_number``,
    ``rider.phone``); ``*_hash`` find them again, ``*_tail_hash`` by their last four characters, of which a row from
    before there were any has none until the worker comes by (``services.keys``). ``birth_date`` comes from the identity
    card, or is asked.
    """

    __tablename__ = "rider"
    __table_args__ = (Index("ix_rider_home_area_id_id", "home_area_id", "id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    number: Mapped[str] = mapped_column(String(12), unique=True)
    name: Mapped[str] = mapped_column(String(60))
    id_type: Mapped[rules.IdType] = mapped_column(word(rules.IdType, 20))
    id_number_cipher: Mapped[str] = mapped_column(String(200), info=encrypted("rider.id_number"))
    id_number_hash: Mapped[str] = mapped_column(String(50), unique=True)
    id_tail_hash: Mapped[str | None] = mapped_column(String(50), index=True)
    phone_cipher: Mapped[str | None] = mapped_column(String(200), info=encrypted("rider.phone"))
    phone_hash: Mapped[str | None] = mapped_column(String(50), index=True)
    phone_tail_hash: Mapped[str | None] = mapped_column(String(50), index=True)
    birth_date: Mapped[date | None]
    home_area_id: Mapped[int | None] = mapped_column(ForeignKey("area.id"))
    created_utc: Mapped[datetime] = mapped_column(UTCDateTime)

    home_area: Mapped[Area | None] = relationship()
    engagements: Mapped[list[Engagement]] = relationship(
        back_populates="rider", order_by="Engagement.engaged_from.desc()"
    )


class RiderTerm(Base):
    """A character, or two that stand together, of a rider's name: how a part of a name is found by an index.

    Kept up by triggers, whoever writes the rider (a page, an import). ``term`` is in small letters; no reference to
    ``rider`` is declared, for which every deletion would look through the table.
    """

    __tablename__ = "rider_term"
    __table_args__ = {"sqlite_with_rowid": False}

    term: Mapped[str] = mapped_column(String(2), primary_key=True)
    rider_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)


keep_terms(table_of(Rider), table_of(RiderTerm), ["name"], rules.LONGEST_NAME)


ONE_AT_A_TIME, GOES_ON = "uq_plate_use_going_on", "used_to IS NULL AND relation <> 'borrowed'"
"""An e-bike has one owner and one regular rider at a time; past uses are compared by whoever adds them."""


class RiderLookup(Base):
    """An answer at the kerb that showed a user riders whom the user had not just been shown; it is audited too.

    ``whole``: by a whole number or plate, not by a part or a name. ``shown`` are the ids of the riders, ``found`` is
    how many there were. ``followed_utc``: when the user recorded one of them, within ``rules.OPEN_FOR``.
    """

    __tablename__ = "rider_lookup"
    __table_args__ = (
        one_of("key", rules.LookupKey),
        Index("ix_rider_lookup_user_id_in_time", "user_id", "at_utc", "id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("user_account.id"))
    at_utc: Mapped[datetime] = mapped_column(UTCDateTime)
    at_on: Mapped[date] = mapped_column(index=True)
    key: Mapped[rules.LookupKey] = mapped_column(word(rules.LookupKey, 10))
    whole: Mapped[bool]
    found: Mapped[int]
    shown: Mapped[list[int]] = mapped_column(JSON)
    followed_utc: Mapped[datetime | None] = mapped_column(UTCDateTime)


class RiderLookupDay(Base):
    """How many look-ups of a user's day there are in :class:`RiderLookup`, and how many a record followed."""

    __tablename__ = "rider_lookup_day"
    __table_args__ = (Index("ix_rider_lookup_day_on_day", "on_day"),)

    user_id: Mapped[int] = mapped_column(ForeignKey("user_account.id"), primary_key=True)
    on_day: Mapped[date] = mapped_column(primary_key=True)
    made: Mapped[int]
    followed: Mapped[int] = mapped_column(default=0)


class NameConflict(Base):
    """A file names the bearer of a known document differently: nobody is renamed by the way, somebody decides.

    ``name_cipher`` is the name of the file, ``name_hash`` finds the same one again; ``kind`` the kind of file.
    """

    __tablename__ = "name_conflict"
    __table_args__ = (
        one_of("state", rules.ConflictState),
        partial_index("uq_name_conflict_open", "rider_id", "name_hash", where="state = 'open'", unique=True),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    rider_id: Mapped[int] = mapped_column(ForeignKey("rider.id"), index=True)
    name_cipher: Mapped[str] = mapped_column(String(400), info=encrypted("name_conflict.name"))
    name_hash: Mapped[str] = mapped_column(String(50))
    kind: Mapped[str] = mapped_column(String(20))
    state: Mapped[rules.ConflictState] = mapped_column(word(rules.ConflictState, 10), default=rules.ConflictState.OPEN)
    found_by_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))
    found_utc: Mapped[datetime] = mapped_column(UTCDateTime)
    decided_by_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))
    decided_utc: Mapped[datetime | None] = mapped_column(UTCDateTime)

    rider: Mapped[Rider] = relationship()


def _tail(context: Any) -> str:
    return rules.tail(context.get_current_parameters()["plate"])


class Vehicle(Base):
    """An e-bike known by its plate; :class:`PlateUse` tells who rides it. ``number`` is the public one (``B...``).

    ``tail`` is what a plate is found by where only its end was read: ``rules.tail``.
    """

    __tablename__ = "vehicle"

    id: Mapped[int] = mapped_column(primary_key=True)
    number: Mapped[str] = mapped_column(String(12), unique=True)
    plate: Mapped[str] = mapped_column(String(20), unique=True)
    tail: Mapped[str] = mapped_column(String(4), index=True, default=_tail)


class PlateUse(Versioned, Base):
    """A rider on the e-bike with a plate from a day to a day, both included.

    Without ``used_from``: since before anybody noted it; without ``used_to``: still. ``record`` is the public number of
    the record that the use came from, ``ended_by`` of the one that ended it, ``kept_to`` its last day before that: what
    a record began or ended is taken back with it. ``confirmed``: an officer saw rider and plate together, or somebody
    vouched for it, who is ``confirmed_by_id`` then; ``reason`` is what was said with the last change by hand.
    """

    __tablename__ = "plate_use"
    __table_args__ = (
        CheckConstraint("used_from IS NULL OR used_to IS NULL OR used_to >= used_from", "dates"),
        Index("ix_plate_use_rider_id_id", "rider_id", "id"),
        Index("ix_plate_use_vehicle_id_id", "vehicle_id", "id"),
        partial_index(ONE_AT_A_TIME, "vehicle_id", "relation", where=GOES_ON, unique=True),
        partial_index("ix_plate_use_record", "record", where="record IS NOT NULL"),
        partial_index("ix_plate_use_ended_by", "ended_by", where="ended_by IS NOT NULL"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    number: Mapped[str] = mapped_column(String(12), unique=True)
    vehicle_id: Mapped[int] = mapped_column(ForeignKey("vehicle.id"))
    rider_id: Mapped[int] = mapped_column(ForeignKey("rider.id"))
    relation: Mapped[rules.Relation] = mapped_column(word(rules.Relation, 10))
    used_from: Mapped[date | None]
    used_to: Mapped[date | None]
    confirmed: Mapped[bool]
    record: Mapped[str | None] = mapped_column(String(12))
    ended_by: Mapped[str | None] = mapped_column(String(12))
    kept_to: Mapped[date | None]
    confirmed_by_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))
    reason: Mapped[str] = mapped_column(String(200), default="")

    vehicle: Mapped[Vehicle] = relationship()
    rider: Mapped[Rider] = relationship()

    def ended_before(self, day: date) -> bool:
        """Tell whether its last day lies before ``day``."""
        return self.used_to is not None and self.used_to < day


class Engagement(Versioned, Base):
    """A rider working for a company from a day to a day (both included; no end means still).

    ``legal_basis`` says why the company may be told (PIPL art. 23); without one its notices are held. ``source``,
    ``recorded_utc`` and ``recorded_by_id`` tell who said so, and when.
    """

    __tablename__ = "engagement"
    __table_args__ = (
        CheckConstraint("engaged_to IS NULL OR engaged_to >= engaged_from", "dates"),
        one_of("source", rules.EngagementSource),
        Index("ix_engagement_rider_id_engaged_from_company_id", "rider_id", "engaged_from", "company_id"),
        Index("ix_engagement_company_id_engaged_to", "company_id", "engaged_to"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    rider_id: Mapped[int] = mapped_column(ForeignKey("rider.id"))
    company_id: Mapped[int] = mapped_column(ForeignKey("company.id"))
    engaged_from: Mapped[date]
    engaged_to: Mapped[date | None]
    legal_basis: Mapped[rules.LegalBasis | None] = mapped_column(word(rules.LegalBasis, 20))
    source: Mapped[rules.EngagementSource] = mapped_column(
        word(rules.EngagementSource, 10), default=rules.EngagementSource.UNKNOWN
    )
    recorded_utc: Mapped[datetime | None] = mapped_column(UTCDateTime)
    recorded_by_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))

    rider: Mapped[Rider] = relationship(back_populates="engagements")
    company: Mapped[Company] = relationship()
    recorded_by: Mapped[User | None] = relationship()

    @property
    def days(self) -> Validity:
        """The days of the engagement."""
        return Validity(self.engaged_from, self.engaged_to)
