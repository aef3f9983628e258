"""The table of saved views."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from trafficedu.core.keys import encrypted
from trafficedu.core.orm import Base, UTCDateTime, Versioned, partial_index

LONGEST_NAME = 40
ONE_DEFAULT = "uq_saved_view_default"


class SavedView(Versioned, Base):
    """Filter, sort and columns of a list under a name, for its owner alone.

    ``page`` is the endpoint of the list. ``query_cipher`` is what stands in its address, which may name whom somebody
    looked for. ``is_default``: the list begins with it where its address chooses nothing.
    """

    __tablename__ = "saved_view"
    __table_args__ = (
        UniqueConstraint("user_id", "page", "name"),
        partial_index(ONE_DEFAULT, "user_id", "page", unique=True, where="is_default"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    number: Mapped[str] = mapped_column(String(12), unique=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("user_account.id"))
    page: Mapped[str] = mapped_column(String(60))
    name: Mapped[str] = mapped_column(String(LONGEST_NAME))
    query_cipher: Mapped[str] = mapped_column(Text, info=encrypted("saved_view.query"))
    is_default: Mapped[bool] = mapped_column(default=False)
    created_utc: Mapped[datetime] = mapped_column(UTCDateTime)
