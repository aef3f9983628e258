"""How sources call the columns and words of their tables."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import JSON, ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from trafficedu.accounts.models import User
from trafficedu.core.orm import Base, UTCDateTime, Versioned


class ImportMapping(Versioned, Base):
    """The headings of a source and its words for ours, kept under a name for a kind of table.

    ``headings``: ``core.columns.heading_key`` of the source's -> our column, "" for one to be passed over. ``words``:
    our column -> the source's word -> ours.
    """

    __tablename__ = "import_mapping"
    __table_args__ = (UniqueConstraint("kind", "name"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(String(20))
    name: Mapped[str] = mapped_column(String(60))
    headings: Mapped[dict[str, str]] = mapped_column(JSON)
    words: Mapped[dict[str, dict[str, str]]] = mapped_column(JSON)
    changed_by_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))
    changed_utc: Mapped[datetime] = mapped_column(UTCDateTime)

    changed_by: Mapped[User | None] = relationship()
