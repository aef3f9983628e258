"""Seats are given in turn by due date alone: the index of who waits follows.

Revision ID: 0095
Revises: 0085
"""

from alembic import op
from sqlalchemy import text

revision = "0095"
down_revision = "0085"
branch_labels = None
depends_on = None

NAME, OPEN = "ix_study_task_open_in_turn", "state = 'open'"
AFTER, BEFORE = ["course_id", "due_on", "opened_utc", "id"], ["course_id", "absences", "due_on"]


def _index(columns: list[str]) -> None:
    op.drop_index(NAME, "study_task")
    op.create_index(NAME, "study_task", columns, sqlite_where=text(OPEN), postgresql_where=text(OPEN))


def upgrade() -> None:
    _index(AFTER)


def downgrade() -> None:
    _index(BEFORE)
