"""Background jobs.

Revision ID: 0012
Revises: 0011
"""

import sqlalchemy as sa
import trafficedu.core.orm
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

OPEN = sa.text("state IN ('waiting', 'running')")


def upgrade() -> None:
    op.create_table(
        "job",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("number", sa.String(length=12), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("title", sa.JSON(), nullable=False),
        sa.Column("asked_by_id", sa.Integer(), nullable=False),
        sa.Column("locale", sa.String(length=2), nullable=False),
        sa.Column("fingerprint", sa.String(length=64), nullable=False),
        sa.Column("parameters", sa.JSON(), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("asked_utc", trafficedu.core.orm.UTCDateTime(timezone=True), nullable=False),
        sa.Column("started_utc", trafficedu.core.orm.UTCDateTime(timezone=True), nullable=True),
        sa.Column("heartbeat_utc", trafficedu.core.orm.UTCDateTime(timezone=True), nullable=True),
        sa.Column("ended_utc", trafficedu.core.orm.UTCDateTime(timezone=True), nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("done", sa.Integer(), nullable=False),
        sa.Column("total", sa.Integer(), nullable=True),
        sa.Column("cancel_asked", sa.Boolean(), nullable=False),
        sa.Column("refusal", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("counts", sa.JSON(), nullable=False),
        sa.Column("file_name", sa.String(length=120), nullable=True),
        sa.Column("file_type", sa.String(length=80), nullable=True),
        sa.Column("file_size", sa.BigInteger(), nullable=True),
        sa.Column("file_hash", sa.String(length=64), nullable=True),
        sa.Column("keep_until_utc", trafficedu.core.orm.UTCDateTime(timezone=True), nullable=True),
        sa.Column("fetched_utc", trafficedu.core.orm.UTCDateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "state IN ('waiting', 'running', 'succeeded', 'failed', 'cancelled')", name=op.f("ck_job_state")
        ),
        sa.ForeignKeyConstraint(["asked_by_id"], ["user_account.id"], name=op.f("fk_job_asked_by_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_job")),
        sa.UniqueConstraint("number", name=op.f("uq_job_number")),
    )
    with op.batch_alter_table("job", schema=None) as batch_op:
        batch_op.create_index("ix_job_asked_by_id_id", ["asked_by_id", "id"], unique=False)
        batch_op.create_index("ix_job_ended_utc", ["ended_utc"], unique=False)
        batch_op.create_index("ix_job_open", ["id"], unique=False, sqlite_where=OPEN, postgresql_where=OPEN)
        batch_op.create_index(
            "uq_job_open_request",
            ["asked_by_id", "fingerprint"],
            unique=True,
            sqlite_where=OPEN,
            postgresql_where=OPEN,
        )


def downgrade() -> None:
    with op.batch_alter_table("job", schema=None) as batch_op:
        batch_op.drop_index("uq_job_open_request")
        batch_op.drop_index("ix_job_open")
        batch_op.drop_index("ix_job_ended_utc")
        batch_op.drop_index("ix_job_asked_by_id_id")

    op.drop_table("job")
