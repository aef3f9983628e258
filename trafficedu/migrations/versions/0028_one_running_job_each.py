"""One job of a person runs at a time, and what a job was asked for is encrypted.

Parameters of jobs that were asked for before stay as they are until the jobs are no longer listed, a week later.

Revision ID: 0028
Revises: 0027
"""

import sqlalchemy as sa
from alembic import op

revision = "0028"
down_revision = "0027"
branch_labels = None
depends_on = None

RUNNING = "state IN ('running')"


def upgrade() -> None:
    op.execute(
        "UPDATE job SET state = 'waiting' WHERE state = 'running' AND asked_by_id IS NOT NULL"
        " AND id NOT IN (SELECT min(id) FROM job WHERE state = 'running' GROUP BY asked_by_id)"
    )
    with op.batch_alter_table("job", schema=None) as batch_op:
        batch_op.alter_column(
            "parameters",
            existing_type=sa.JSON(),
            type_=sa.Text(),
            existing_nullable=False,
            postgresql_using="parameters::text",
        )
        batch_op.create_index(
            "uq_job_running_asked_by_id",
            ["asked_by_id"],
            unique=True,
            sqlite_where=sa.text(RUNNING),
            postgresql_where=sa.text(RUNNING),
        )


def downgrade() -> None:
    op.execute("DELETE FROM job WHERE parameters NOT LIKE '{%'")
    with op.batch_alter_table("job", schema=None) as batch_op:
        batch_op.drop_index("uq_job_running_asked_by_id")
        batch_op.alter_column(
            "parameters",
            existing_type=sa.Text(),
            type_=sa.JSON(),
            existing_nullable=False,
            postgresql_using="parameters::json",
        )
