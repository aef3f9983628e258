"""Runs of imports, and what each did to each record.

Revision ID: 0042
Revises: 0041
"""

import sqlalchemy as sa
from alembic import op

revision = "0042"
down_revision = "0041"
branch_labels = None
depends_on = None

ACTS = "'added', 'updated', 'kept', 'differs', 'refused', 'removed', 'restored'"


def upgrade() -> None:
    op.create_table(
        "import_run",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("number", sa.String(12), nullable=False),
        sa.Column("kind", sa.String(20), nullable=False),
        sa.Column("source", sa.String(60), nullable=False),
        sa.Column("mapping", sa.String(60), nullable=False),
        sa.Column("file_name", sa.String(200), nullable=False),
        sa.Column("file_hash", sa.String(64), nullable=False),
        sa.Column("state", sa.String(10), nullable=False),
        sa.Column("by_user_id", sa.Integer(), nullable=True),
        sa.Column("started_utc", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_utc", sa.DateTime(timezone=True), nullable=True),
        sa.Column("counts", sa.JSON(), nullable=False),
        sa.Column("traced", sa.Boolean(), nullable=False),
        sa.Column("undoes_id", sa.Integer(), nullable=True),
        sa.CheckConstraint("state IN ('writing', 'done', 'stopped', 'undone')", name=op.f("ck_import_run_state")),
        sa.ForeignKeyConstraint(
            ["by_user_id"], ["user_account.id"], name=op.f("fk_import_run_by_user_id_user_account")
        ),
        sa.ForeignKeyConstraint(["undoes_id"], ["import_run.id"], name=op.f("fk_import_run_undoes_id_import_run")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_import_run")),
        sa.UniqueConstraint("number", name=op.f("uq_import_run_number")),
        sa.UniqueConstraint("undoes_id", name=op.f("uq_import_run_undoes_id")),
    )
    op.create_index("ix_import_run_kind_id", "import_run", ["kind", "id"])
    op.create_index("ix_import_run_by_user_id", "import_run", ["by_user_id"])
    op.create_index("ix_import_run_traced", "import_run", ["traced"])
    op.create_table(
        "import_change",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("run_id", sa.Integer(), nullable=False),
        sa.Column("line", sa.Integer(), nullable=False),
        sa.Column("act", sa.String(10), nullable=False),
        sa.Column("key", sa.String(80), nullable=False),
        sa.Column("table_name", sa.String(40), nullable=False),
        sa.Column("record_id", sa.Integer(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=True),
        sa.Column("told", sa.Text(), nullable=True),
        sa.CheckConstraint(f"act IN ({ACTS})", name=op.f("ck_import_change_act")),
        sa.ForeignKeyConstraint(["run_id"], ["import_run.id"], name=op.f("fk_import_change_run_id_import_run")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_import_change")),
    )
    op.create_index("ix_import_change_run_id_id", "import_change", ["run_id", "id"])


def downgrade() -> None:
    op.drop_table("import_change")
    op.drop_table("import_run")
