"""Officers ask for corrections once the minutes of correcting a record alone are over.

Revision ID: 0067
Revises: 0066
"""

import sqlalchemy as sa
from alembic import op

revision = "0067"
down_revision = "0066"
branch_labels = None
depends_on = None

TABLE = "correction_request"
OPEN = sa.text("state = 'open'")
REFERS = {
    "violation_id": "violation",
    "area_id": "area",
    "asked_by_id": "user_account",
    "decided_by_id": "user_account",
}
INDEXES = {
    f"uq_{TABLE}_open": ["violation_id"],
    f"ix_{TABLE}_open_area_id": ["area_id", "asked_utc", "id"],
    f"ix_{TABLE}_open_in_time": ["asked_utc", "id"],
}


def upgrade() -> None:
    op.create_table(
        TABLE,
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("violation_id", sa.Integer(), nullable=False),
        sa.Column("area_id", sa.Integer(), nullable=False),
        sa.Column("asked_by_id", sa.Integer(), nullable=False),
        sa.Column("asked_utc", sa.DateTime(timezone=True), nullable=False),
        sa.Column("reason", sa.String(length=500), nullable=False),
        sa.Column("fields", sa.String(length=100), nullable=False),
        sa.Column("kind_code", sa.String(length=20), nullable=False),
        sa.Column("village_code", sa.String(length=20), nullable=False),
        sa.Column("place", sa.String(length=120), nullable=False),
        sa.Column("penalty", sa.String(length=10), nullable=False),
        sa.Column("fine_yuan", sa.Integer(), nullable=True),
        sa.Column("note", sa.String(length=500), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("decided_by_id", sa.Integer(), nullable=True),
        sa.Column("decided_utc", sa.DateTime(timezone=True), nullable=True),
        sa.Column("decision", sa.String(length=500), nullable=False),
        sa.Column("occurred_utc", sa.DateTime(timezone=True), nullable=False),
        sa.Column("occurred_on", sa.Date(), nullable=False),
        sa.Column("hour_known", sa.Boolean(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        *(
            sa.ForeignKeyConstraint([column], [f"{table}.id"], name=op.f(f"fk_{TABLE}_{column}"))
            for column, table in REFERS.items()
        ),
        sa.CheckConstraint("state IN ('open', 'granted', 'refused', 'dropped')", name=op.f(f"ck_{TABLE}_state")),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{TABLE}")),
    )
    op.create_index(op.f(f"ix_{TABLE}_violation_id"), TABLE, ["violation_id"])
    for name, columns in INDEXES.items():
        unique = name.startswith("uq_")
        op.create_index(name, TABLE, columns, unique=unique, sqlite_where=OPEN, postgresql_where=OPEN)


def downgrade() -> None:
    op.drop_table(TABLE)
