"""Sessions and hazards have indexes in the order of their lists; that of all open tasks serves the list of all alone.

Revision ID: 0025
Revises: 0024
"""

import sqlalchemy as sa
from alembic import op

revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None

OPEN_TASKS = "ix_study_task_open_urgency"
IN_TIME = ("starts_on", "starts_utc", "id")


def upgrade() -> None:
    op.create_index("ix_study_session_station_id_in_time", "study_session", ["station_id", *IN_TIME])
    op.create_index("ix_study_session_in_time", "study_session", list(IN_TIME))
    op.drop_index("ix_study_session_station_id_starts_on", "study_session")
    op.drop_index(OPEN_TASKS, "study_task")
    _index_open_tasks("state = 'open' AND id > 0")


def downgrade() -> None:
    op.drop_index(OPEN_TASKS, "study_task")
    _index_open_tasks("state = 'open'")
    op.create_index("ix_study_session_station_id_starts_on", "study_session", ["station_id", "starts_on"])
    op.drop_index("ix_study_session_in_time", "study_session")
    op.drop_index("ix_study_session_station_id_in_time", "study_session")


def _index_open_tasks(where: str) -> None:
    op.create_index(
        OPEN_TASKS, "study_task", ["urgency", "id"], sqlite_where=sa.text(where), postgresql_where=sa.text(where)
    )
