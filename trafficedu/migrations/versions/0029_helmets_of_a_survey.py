"""A survey of helmets keeps what its observers counted: lists and figures read surveys, not counts.

Revision ID: 0029
Revises: 0028
"""

import sqlalchemy as sa
from alembic import op

revision = "0029"
down_revision = "0028"
branch_labels = None
depends_on = None

TALLIES = [
    (group, role, head)
    for group in ("delivery", "other")
    for role in ("rider", "passenger")
    for head in ("helmeted", "bare", "unclear")
]
NAMES = [*("_".join(each) for each in TALLIES), "observers"]
COUNTS = "FROM helmet_count AS c JOIN helmet_sheet AS s ON s.id = c.sheet_id WHERE s.survey_id = helmet_survey.id"


def upgrade() -> None:
    for name in NAMES:
        op.add_column("helmet_survey", sa.Column(name, sa.Integer(), nullable=True))
    sums = [
        f"{group}_{role}_{head} = COALESCE((SELECT SUM(c.{head}) {COUNTS}"
        f" AND c.\"group\" = '{group}' AND c.role = '{role}'), 0)"
        for group, role, head in TALLIES
    ]
    observers = f"observers = (SELECT COUNT(DISTINCT s.id) {COUNTS})"
    op.execute(f"UPDATE helmet_survey SET {', '.join([*sums, observers])}")
    with op.batch_alter_table("helmet_survey", schema=None) as batch_op:
        for name in NAMES:
            batch_op.alter_column(name, existing_type=sa.Integer(), nullable=False)


def downgrade() -> None:
    with op.batch_alter_table("helmet_survey", schema=None) as batch_op:
        for name in reversed(NAMES):
            batch_op.drop_column(name)
