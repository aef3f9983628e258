"""A notice stores where it stands by time left: what is open first, each list a part of an index.

Revision ID: 0022
Revises: 0021
"""

import sqlalchemy as sa
from alembic import op

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None

OPEN = "state = 'sent' AND answered_utc IS NULL"
PLACES = ("area_id", "company_id", "violation_area_id")
OF_OPEN = (*((place, "due_utc") for place in PLACES), ("due_utc",))
ALL = sa.text("id > 0")
CHECK = (
    "(state = 'sent' AND answered_utc IS NULL) = (urgency < 100000000000)"
    " AND (state = 'held') = (urgency BETWEEN 100000000000 AND 199999999999)"
)


def upgrade() -> None:
    lite = op.get_bind().dialect.name == "sqlite"
    seconds = "CAST(strftime('%s', due_utc) AS INTEGER)" if lite else "CAST(floor(extract(epoch FROM due_utc)) AS BIGINT)"
    op.add_column("notice", sa.Column("urgency", sa.BigInteger(), nullable=True))
    op.execute(
        f"UPDATE notice SET urgency = CASE WHEN {OPEN} THEN {seconds}"
        " WHEN state = 'held' THEN 200000000000 - violation_id ELSE 300000000000 - violation_id END"
    )
    for columns in OF_OPEN:
        op.drop_index(f"ix_notice_open_{'_'.join(columns)}", "notice")
    with op.batch_alter_table("notice", schema=None) as batch_op:
        batch_op.alter_column("urgency", existing_type=sa.BigInteger(), nullable=False)
        batch_op.create_check_constraint(op.f("ck_notice_urgency"), CHECK)
    for place in PLACES:
        op.create_index(f"ix_notice_{place}_urgency", "notice", [place, "urgency", "id"])
    op.create_index("ix_notice_urgency", "notice", ["urgency", "id"], sqlite_where=ALL, postgresql_where=ALL)


def downgrade() -> None:
    for name in (*(f"ix_notice_{place}_urgency" for place in PLACES), "ix_notice_urgency"):
        op.drop_index(name, "notice")
    with op.batch_alter_table("notice", schema=None) as batch_op:
        batch_op.drop_constraint(op.f("ck_notice_urgency"), type_="check")
        batch_op.drop_column("urgency")
    waits = sa.text(OPEN)
    for columns in OF_OPEN:
        name = f"ix_notice_open_{'_'.join(columns)}"
        op.create_index(name, "notice", columns, sqlite_where=waits, postgresql_where=waits)
