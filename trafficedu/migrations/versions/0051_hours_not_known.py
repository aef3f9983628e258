"""Of a violation or an accident the hour may be unknown, of an accident whether an e-bike was in it.

When something happened is corrected as one field.

Until now a day alone in a file was kept as its midnight, and nothing tells such records from those of midnight: they
stay as they are until a file or a person says more.

Revision ID: 0051
Revises: 0050
"""

import sqlalchemy as sa
from alembic import op

revision = "0051"
down_revision = "0050"
branch_labels = None
depends_on = None

TABLES = ("violation", "accident")
OF_BOTH = "subject_kind IN ('violation', 'accident')"


def upgrade() -> None:
    for table in TABLES:
        with op.batch_alter_table(table) as batch_op:
            batch_op.add_column(sa.Column("hour_known", sa.Boolean(), nullable=False, server_default=sa.true()))
        with op.batch_alter_table(table) as batch_op:
            batch_op.alter_column(
                "hour_known", existing_type=sa.Boolean(), existing_nullable=False, server_default=None
            )
    with op.batch_alter_table("accident_pair") as batch_op:
        batch_op.alter_column("minutes_apart", existing_type=sa.Integer(), nullable=True)
    with op.batch_alter_table("accident") as batch_op:
        batch_op.alter_column("ebike_involved", existing_type=sa.Boolean(), nullable=True)
    where = sa.text("NOT hour_known")
    columns = ["area_id", "occurred_on", "id"]
    op.create_index("ix_accident_untimed", "accident", columns, sqlite_where=where, postgresql_where=where)
    op.execute(f"DELETE FROM correction WHERE {OF_BOTH} AND field = 'occurred_on'")  # the moment says it
    op.execute(f"UPDATE correction SET field = 'occurred' WHERE {OF_BOTH} AND field = 'occurred_utc'")


def downgrade() -> None:
    op.execute(f"UPDATE correction SET field = 'occurred_utc' WHERE {OF_BOTH} AND field = 'occurred'")
    op.execute("DELETE FROM accident_pair WHERE minutes_apart IS NULL AND state = 'open'")
    op.execute("UPDATE accident_pair SET minutes_apart = 0 WHERE minutes_apart IS NULL")
    with op.batch_alter_table("accident_pair") as batch_op:
        batch_op.alter_column("minutes_apart", existing_type=sa.Integer(), nullable=False)
    op.drop_index("ix_accident_untimed", "accident")
    op.execute("UPDATE accident SET ebike_involved = (1 = 1) WHERE ebike_involved IS NULL")
    with op.batch_alter_table("accident") as batch_op:
        batch_op.alter_column("ebike_involved", existing_type=sa.Boolean(), nullable=False)
    for table in TABLES:
        with op.batch_alter_table(table) as batch_op:
            batch_op.drop_column("hour_known")
