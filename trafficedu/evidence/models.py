"""Tables of photos and signatures of records, and of how the store was last compared with them."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, CheckConstraint, ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from trafficedu.accounts.models import User
from trafficedu.core.keys import EVIDENCE
from trafficedu.core.orm import Base, UTCDateTime, partial_index
from trafficedu.evidence.rules import LONGEST_KEY, LONGEST_REASON

STANDS = "withdrawn_utc IS NULL"


class Photo(Base):
    """A photo of a record; ``file_key`` finds it in the store of evidence and is the SHA-256 of what lies there.

    The record is named by its table and id, as in the audit trail. ``position`` counts from 1 in a record and is how
    pages name it; ``once_key`` is what the phone named it by, ``sent_sha256`` is of the bytes that were sent.
    ``taken_utc`` is what the phone's clock said, ``received_utc`` is the server's. One that was taken back is shown to
    nobody but who may void the record; its file stays.
    """

    __tablename__ = "photo"
    __table_args__ = (
        CheckConstraint("withdrawn_utc IS NOT NULL OR withdrawn_reason = ''", "withdrawn"),
        UniqueConstraint("subject_kind", "subject_id", "position"),
        UniqueConstraint("subject_kind", "subject_id", "once_key"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    subject_kind: Mapped[str] = mapped_column(String(40))
    subject_id: Mapped[int]
    position: Mapped[int]
    once_key: Mapped[str] = mapped_column(String(LONGEST_KEY))
    sent_sha256: Mapped[str] = mapped_column(String(64))
    file_key: Mapped[str] = mapped_column(String(64), index=True, info={EVIDENCE: True})
    width: Mapped[int]
    height: Mapped[int]
    taken_utc: Mapped[datetime | None] = mapped_column(UTCDateTime)
    received_utc: Mapped[datetime] = mapped_column(UTCDateTime)
    received_by_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))
    withdrawn_utc: Mapped[datetime | None] = mapped_column(UTCDateTime)
    withdrawn_by_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))
    withdrawn_reason: Mapped[str] = mapped_column(String(LONGEST_REASON), default="")

    withdrawn_by: Mapped[User | None] = relationship(foreign_keys=[withdrawn_by_id])

    @property
    def stands(self) -> bool:
        """Whether it was not taken back."""
        return self.withdrawn_utc is None


class Signature(Base):
    """That the person of a record signed on the screen, or refused to; ``file_key`` is None where it was refused.

    Of a record one stands; one that was replaced stays, with when. The moments are named as in :class:`Photo`.
    """

    __tablename__ = "signature"
    __table_args__ = (
        UniqueConstraint("subject_kind", "subject_id", "once_key"),
        partial_index("uq_signature_stands", "subject_kind", "subject_id", unique=True, where=STANDS),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    subject_kind: Mapped[str] = mapped_column(String(40))
    subject_id: Mapped[int]
    once_key: Mapped[str] = mapped_column(String(LONGEST_KEY))
    sent_sha256: Mapped[str] = mapped_column(String(64))
    file_key: Mapped[str | None] = mapped_column(String(64), index=True, info={EVIDENCE: True})
    taken_utc: Mapped[datetime | None] = mapped_column(UTCDateTime)
    received_utc: Mapped[datetime] = mapped_column(UTCDateTime)
    received_by_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))
    withdrawn_utc: Mapped[datetime | None] = mapped_column(UTCDateTime)

    received_by: Mapped[User | None] = relationship()

    @property
    def refused(self) -> bool:
        """Whether the person refused to sign."""
        return self.file_key is None

    @property
    def at_utc(self) -> datetime:
        """When: as the phone said, else when it came."""
        return self.taken_utc or self.received_utc


class StoreCheck(Base):
    """When a part of the store, the keys that begin with ``part``, was last compared with what records name.

    ``missing`` counts the keys that records name and the store has not, ``missing_keys`` are the first of them;
    ``removed`` counts the files that no record named.
    """

    __tablename__ = "store_check"

    part: Mapped[str] = mapped_column(String(2), primary_key=True)
    checked_utc: Mapped[datetime] = mapped_column(UTCDateTime)
    removed: Mapped[int]
    missing: Mapped[int]
    missing_keys: Mapped[list[Any]] = mapped_column(JSON)
