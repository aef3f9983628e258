"""The key of a record from a file: source, year, reference. And the corrections that people make over a source.

Revision ID: 0033
Revises: 0032
"""

import sqlalchemy as sa
from alembic import op

revision = "0033"
down_revision = "0032"
branch_labels = None
depends_on = None

DAYS = {"accident": "occurred_on", "violation": "occurred_on", "point_entry": "occurred_on", "helmet_survey": "occurred_on"}
LEDGER = {
    "sqlite": [
        "CREATE TRIGGER point_entry_no_update BEFORE UPDATE ON point_entry "
        "BEGIN SELECT RAISE(ABORT, 'the ledger of points is append-only'); END",
        "CREATE TRIGGER point_entry_no_delete BEFORE DELETE ON point_entry "
        "BEGIN SELECT RAISE(ABORT, 'the ledger of points is append-only'); END",
    ],
    "postgresql": ["ALTER TABLE point_entry ENABLE TRIGGER point_entry_append_only"],
}
"""What keeps the ledger from being changed. SQLite forgot it with the table that was made anew."""
IN_FORCE = "state IN ('held', 'differs')"
DIFFERS = "state IN ('differs')"


def _open_ledger() -> None:
    if op.get_bind().dialect.name == "postgresql":
        op.execute("ALTER TABLE point_entry DISABLE TRIGGER point_entry_append_only")


def _close_ledger() -> None:
    for statement in LEDGER[op.get_bind().dialect.name]:
        op.execute(statement)


def upgrade() -> None:
    on_sqlite = op.get_bind().dialect.name == "sqlite"
    _open_ledger()
    for table, day in DAYS.items():
        with op.batch_alter_table(table, schema=None) as batch_op:
            batch_op.add_column(sa.Column("reference_year", sa.Integer(), nullable=True))
            batch_op.add_column(sa.Column("reference_source", sa.String(60), nullable=False, server_default=""))
            batch_op.drop_constraint(op.f(f"uq_{table}_reference"), type_="unique")
        with op.batch_alter_table(table, schema=None) as batch_op:
            batch_op.alter_column("reference_source", existing_type=sa.String(60), server_default=None)
        year = f"strftime('%Y', {day})" if on_sqlite else f"extract(year FROM {day})"
        op.execute(f"UPDATE {table} SET reference_year = CAST({year} AS INTEGER) WHERE reference IS NOT NULL")
        columns = ["reference", "reference_year", "reference_source"]
        op.create_index(f"uq_{table}_reference", table, columns, unique=True)
    _close_ledger()
    op.create_table(
        "correction",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("subject_kind", sa.String(40), nullable=False),
        sa.Column("subject_id", sa.Integer(), nullable=False),
        sa.Column("field", sa.String(40), nullable=False),
        sa.Column("told", sa.Text(), nullable=False),
        sa.Column("reason", sa.String(500), nullable=False),
        sa.Column("state", sa.String(10), nullable=False),
        sa.Column("made_by_id", sa.Integer(), nullable=True),
        sa.Column("made_utc", sa.DateTime(timezone=True), nullable=False),
        sa.Column("decided_by_id", sa.Integer(), nullable=True),
        sa.Column("decided_utc", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "state IN ('held', 'differs', 'agreed', 'replaced', 'taken')", name=op.f("ck_correction_state")
        ),
        sa.ForeignKeyConstraint(["made_by_id"], ["user_account.id"], name=op.f("fk_correction_made_by_id_user_account")),
        sa.ForeignKeyConstraint(
            ["decided_by_id"], ["user_account.id"], name=op.f("fk_correction_decided_by_id_user_account")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_correction")),
    )
    op.create_index("ix_correction_subject", "correction", ["subject_kind", "subject_id", "id"])
    op.create_index(
        "uq_correction_in_force",
        "correction",
        ["subject_kind", "subject_id", "field"],
        unique=True,
        sqlite_where=sa.text(IN_FORCE),
        postgresql_where=sa.text(IN_FORCE),
    )
    op.create_index(
        "ix_correction_differs",
        "correction",
        ["subject_kind", "id"],
        sqlite_where=sa.text(DIFFERS),
        postgresql_where=sa.text(DIFFERS),
    )


def downgrade() -> None:
    op.drop_table("correction")
    _open_ledger()
    for table in DAYS:
        op.drop_index(f"uq_{table}_reference", table)
        with op.batch_alter_table(table, schema=None) as batch_op:
            batch_op.drop_column("reference_source")
            batch_op.drop_column("reference_year")
        # where numbers came again, the older program knows the latest record alone by its number
        newer = f"SELECT 1 FROM {table} AS newer WHERE newer.reference = {table}.reference AND newer.id > {table}.id"
        other = "number" if table == "helmet_survey" else "NULL"
        op.execute(f"UPDATE {table} SET reference = {other} WHERE EXISTS ({newer})")
        with op.batch_alter_table(table, schema=None) as batch_op:
            batch_op.create_unique_constraint(op.f(f"uq_{table}_reference"), ["reference"])
    _close_ledger()
