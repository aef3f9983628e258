"""Who is at the door: taps that count once, the rider's own phone, who compared the document.

Revision ID: 0085
Revises: 0084
"""

import sqlalchemy as sa
from alembic import op

import trafficedu.core.orm

revision = "0085"
down_revision = "0084"
branch_labels = None
depends_on = None

OUTCOMES = (
    "done late seated here confirm session station day none full barred early too_late paper several unknown".split()
)
DEVICE = "device IS NOT NULL"


def upgrade() -> None:
    with op.batch_alter_table("attendance") as batch:
        batch.add_column(sa.Column("received_utc", trafficedu.core.orm.UTCDateTime(timezone=True), nullable=True))
        batch.add_column(sa.Column("identified_utc", trafficedu.core.orm.UTCDateTime(timezone=True), nullable=True))
        batch.add_column(sa.Column("identified_by_id", sa.Integer(), nullable=True))
        batch.add_column(sa.Column("device", sa.String(60), nullable=True))
        batch.add_column(sa.Column("phone_key", sa.String(32), nullable=True))
        batch.create_unique_constraint(op.f("uq_attendance_phone_key"), ["phone_key"])
        batch.create_foreign_key(
            op.f("fk_attendance_identified_by_id"), "user_account", ["identified_by_id"], ["id"]
        )
    where = sa.text(DEVICE)
    op.create_index("ix_attendance_device", "attendance", ["device"], sqlite_where=where, postgresql_where=where)
    words = ", ".join(f"'{each}'" for each in OUTCOMES)
    op.create_table(
        "door_tap",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("nonce", sa.String(36), nullable=False),
        sa.Column("booking_id", sa.Integer(), nullable=False),
        sa.Column("outcome", sa.String(10), nullable=False),
        sa.Column("tapped_utc", trafficedu.core.orm.UTCDateTime(timezone=True), nullable=False),
        sa.Column("received_utc", trafficedu.core.orm.UTCDateTime(timezone=True), nullable=False),
        sa.Column("by_id", sa.Integer(), nullable=True),
        sa.CheckConstraint(f"outcome IN ({words})", name=op.f("ck_door_tap_outcome")),
        sa.ForeignKeyConstraint(["booking_id"], ["booking.id"], name=op.f("fk_door_tap_booking_id")),
        sa.ForeignKeyConstraint(["by_id"], ["user_account.id"], name=op.f("fk_door_tap_by_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_door_tap")),
        sa.UniqueConstraint("nonce", name=op.f("uq_door_tap_nonce")),
    )
    op.create_index("ix_door_tap_booking_id", "door_tap", ["booking_id"])


def downgrade() -> None:
    op.drop_table("door_tap")
    op.drop_index("ix_attendance_device", "attendance")
    with op.batch_alter_table("attendance") as batch:
        batch.drop_constraint(op.f("fk_attendance_identified_by_id"), type_="foreignkey")
        batch.drop_constraint(op.f("uq_attendance_phone_key"), type_="unique")
        for column in ("phone_key", "device", "identified_by_id", "identified_utc", "received_utc"):
            batch.drop_column(column)
