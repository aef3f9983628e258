"""Pushes, the channels users chose, deliveries.

Revision ID: 0007
Revises: 0006
"""

import sqlalchemy as sa
import trafficedu.core.orm
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "push",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("number", sa.String(length=12), nullable=False),
        sa.Column("key", sa.String(length=120), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("title", sa.JSON(), nullable=False),
        sa.Column("body", sa.JSON(), nullable=False),
        sa.Column("path", sa.String(length=200), nullable=False),
        sa.Column("created_utc", trafficedu.core.orm.UTCDateTime(timezone=True), nullable=False),
        sa.Column("read_utc", trafficedu.core.orm.UTCDateTime(timezone=True), nullable=True),
        sa.CheckConstraint("substr(path, 1, 1) = '/' AND substr(path, 1, 2) <> '//'", name=op.f("ck_push_path")),
        sa.ForeignKeyConstraint(["user_id"], ["user_account.id"], name=op.f("fk_push_user_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_push")),
        sa.UniqueConstraint("key", "user_id", name=op.f("uq_push_key_user_id")),
        sa.UniqueConstraint("number", name=op.f("uq_push_number")),
    )
    with op.batch_alter_table("push", schema=None) as batch_op:
        batch_op.create_index("ix_push_inbox", ["user_id", "id"], unique=False)

    op.create_table(
        "push_channel",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("number", sa.String(length=12), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("address_cipher", sa.String(length=1200), nullable=True),
        sa.Column("address_hash", sa.String(length=50), nullable=True),
        sa.Column("created_utc", trafficedu.core.orm.UTCDateTime(timezone=True), nullable=False),
        sa.Column("removed_utc", trafficedu.core.orm.UTCDateTime(timezone=True), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint("kind IN ('email', 'dingtalk', 'wecom', 'feishu')", name=op.f("ck_push_channel_kind")),
        sa.CheckConstraint(
            "(removed_utc IS NULL) = (address_cipher IS NOT NULL)", name=op.f("ck_push_channel_removed")
        ),
        sa.ForeignKeyConstraint(["user_id"], ["user_account.id"], name=op.f("fk_push_channel_user_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_push_channel")),
        sa.UniqueConstraint("number", name=op.f("uq_push_channel_number")),
        sa.UniqueConstraint("user_id", "address_hash", name=op.f("uq_push_channel_user_id_address_hash")),
    )
    op.create_table(
        "push_delivery",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("push_id", sa.Integer(), nullable=False),
        sa.Column("channel_id", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("next_utc", trafficedu.core.orm.UTCDateTime(timezone=True), nullable=False),
        sa.Column("created_utc", trafficedu.core.orm.UTCDateTime(timezone=True), nullable=False),
        sa.Column("ended_utc", trafficedu.core.orm.UTCDateTime(timezone=True), nullable=True),
        sa.Column("reason", sa.String(length=20), nullable=False),
        sa.CheckConstraint(
            "(ended_utc IS NULL) = (state IN ('waiting', 'sending'))", name=op.f("ck_push_delivery_ended")
        ),
        sa.CheckConstraint(
            "state IN ('waiting', 'sending', 'sent', 'dry', 'failed', 'unclear')", name=op.f("ck_push_delivery_state")
        ),
        sa.ForeignKeyConstraint(["channel_id"], ["push_channel.id"], name=op.f("fk_push_delivery_channel_id")),
        sa.ForeignKeyConstraint(["push_id"], ["push.id"], name=op.f("fk_push_delivery_push_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_push_delivery")),
        sa.UniqueConstraint("push_id", "channel_id", name=op.f("uq_push_delivery_push_id_channel_id")),
    )
    with op.batch_alter_table("push_delivery", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_push_delivery_channel_id"), ["channel_id"], unique=False)
        batch_op.create_index("ix_push_delivery_due", ["state", "next_utc"], unique=False)


def downgrade() -> None:
    with op.batch_alter_table("push_delivery", schema=None) as batch_op:
        batch_op.drop_index("ix_push_delivery_due")
        batch_op.drop_index(batch_op.f("ix_push_delivery_channel_id"))

    op.drop_table("push_delivery")
    op.drop_table("push_channel")
    with op.batch_alter_table("push", schema=None) as batch_op:
        batch_op.drop_index("ix_push_inbox")

    op.drop_table("push")
