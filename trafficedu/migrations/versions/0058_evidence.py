"""Photos and signatures of records; the store compared with what records name.

Revision ID: 0058
Revises: 0057
"""

from typing import Any

import sqlalchemy as sa
import trafficedu.core.orm
from alembic import op

revision = "0058"
down_revision = "0057"
branch_labels = None
depends_on = None

STANDS = "withdrawn_utc IS NULL"


def _moment(name: str, *, nullable: bool = True) -> sa.Column[Any]:
    return sa.Column(name, trafficedu.core.orm.UTCDateTime(timezone=True), nullable=nullable)


def _subject() -> list[sa.Column[Any]]:
    return [
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("subject_kind", sa.String(length=40), nullable=False),
        sa.Column("subject_id", sa.Integer(), nullable=False),
        sa.Column("once_key", sa.String(length=70), nullable=False),
        sa.Column("sent_sha256", sa.String(length=64), nullable=False),
        _moment("taken_utc"),
        _moment("received_utc", nullable=False),
        sa.Column("received_by_id", sa.Integer(), nullable=True),
        _moment("withdrawn_utc"),
    ]


def upgrade() -> None:
    op.create_table(
        "photo",
        *_subject(),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("file_key", sa.String(length=64), nullable=False),
        sa.Column("width", sa.Integer(), nullable=False),
        sa.Column("height", sa.Integer(), nullable=False),
        sa.Column("withdrawn_by_id", sa.Integer(), nullable=True),
        sa.Column("withdrawn_reason", sa.String(length=200), nullable=False),
        sa.CheckConstraint(
            "withdrawn_utc IS NOT NULL OR withdrawn_reason = ''", name=op.f("ck_photo_withdrawn")
        ),
        sa.ForeignKeyConstraint(["received_by_id"], ["user_account.id"], name=op.f("fk_photo_received_by_id")),
        sa.ForeignKeyConstraint(["withdrawn_by_id"], ["user_account.id"], name=op.f("fk_photo_withdrawn_by_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_photo")),
        sa.UniqueConstraint("subject_kind", "subject_id", "position", name=op.f("uq_photo_subject_kind_subject_id_position")),
        sa.UniqueConstraint("subject_kind", "subject_id", "once_key", name=op.f("uq_photo_subject_kind_subject_id_once_key")),
    )
    op.create_index(op.f("ix_photo_file_key"), "photo", ["file_key"])
    op.create_table(
        "signature",
        *_subject(),
        sa.Column("file_key", sa.String(length=64), nullable=True),
        sa.ForeignKeyConstraint(["received_by_id"], ["user_account.id"], name=op.f("fk_signature_received_by_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_signature")),
        sa.UniqueConstraint(
            "subject_kind", "subject_id", "once_key", name=op.f("uq_signature_subject_kind_subject_id_once_key")
        ),
    )
    op.create_index(op.f("ix_signature_file_key"), "signature", ["file_key"])
    op.create_index(
        "uq_signature_stands",
        "signature",
        ["subject_kind", "subject_id"],
        unique=True,
        sqlite_where=sa.text(STANDS),
        postgresql_where=sa.text(STANDS),
    )
    op.create_table(
        "store_check",
        sa.Column("part", sa.String(length=2), nullable=False),
        _moment("checked_utc", nullable=False),
        sa.Column("removed", sa.Integer(), nullable=False),
        sa.Column("missing", sa.Integer(), nullable=False),
        sa.Column("missing_keys", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("part", name=op.f("pk_store_check")),
    )


def downgrade() -> None:
    op.drop_table("store_check")
    op.drop_table("signature")
    op.drop_table("photo")
